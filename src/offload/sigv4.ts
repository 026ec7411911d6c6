import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from '../core/credentials';
import { optionalPeer } from '../core/peers';

type SignatureSdk = typeof import('@smithy/signature-v4');

/** What a hash and a keyed hash of Node have in common. */
interface Digest {
  update(data: string | Uint8Array): unknown;
  digest(): Buffer;
}

/** SHA-256 by Node's own crypto, in the form that the signer asks for. */
class Sha256 {
  readonly #secret: string | Uint8Array | undefined;
  #state: Digest;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : toBytes(secret);
    this.#state = this.#begin();
  }

  #begin(): Digest {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#state.update(toBytes(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#state.digest());
  }

  reset(): void {
    this.#state = this.#begin();
  }
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}

/** A request that is to be signed. */
export interface SignableRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The request's headers with AWS Signature Version 4 for API Gateway (`execute-api`). Needs `@smithy/signature-v4`, which
 * comes with every client of the SDK.
 *
 * @throws BatonError `peer_missing`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export async function signedHeaders(
  { url, headers, body }: SignableRequest,
  region: string,
  credentials: AwsCredentials,
): Promise<Record<string, string>> {
  const sdk = optionalPeer(
    '@smithy/signature-v4',
    'Calling functions through API Gateway as an IAM role',
    () => require('@smithy/signature-v4') as SignatureSdk,
  );
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new sdk.SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    region,
    service: 'execute-api',
    sha256: Sha256,
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path: url.pathname,
    query,
    headers: { ...headers, host: url.host },
    body,
  });
  // fetch() writes the host itself, from the same URL.
  const { host: _host, ...rest } = signed.headers;
  return rest;
}
