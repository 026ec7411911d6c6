import type { IncomingHttpHeaders } from 'node:http';

/** Who calls a service of AWS, as far as it is looked at here. */
export interface AwsCaller {
  /** ID of the access key by which the request is signed. */
  readonly accessKeyId: string;
  /** There with temporary credentials. */
  readonly sessionToken: string | undefined;
}

/** A header of which there is one; undefined where it is not there. */
export function oneHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Who signed a request; undefined where nobody did. Signatures themselves are not checked. */
export function callerOf(headers: IncomingHttpHeaders): AwsCaller | undefined {
  const accessKeyId = /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)/.exec(headers.authorization ?? '')?.[1];
  if (accessKeyId === undefined) return undefined;
  return { accessKeyId, sessionToken: oneHeader(headers, 'x-amz-security-token') };
}
