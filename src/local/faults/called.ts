import type { IncomingMessage } from 'node:http';
import { oneHeader } from '../aws-caller';
import { isRecord } from '../is-record';
import type { FaultService } from './fault';

/** A request, as far as faults look at it. */
export interface Called {
  readonly operation: string;
  /** When it was signed, in milliseconds since the epoch; undefined where it is not signed. */
  readonly signedAt: number | undefined;
  /** Times of the token that it shows in its body: a web identity token, or a client assertion. */
  readonly token: { readonly notBefore: number | undefined; readonly expiresAt: number | undefined } | undefined;
}

function formOf(service: FaultService, body: Buffer): URLSearchParams {
  return new URLSearchParams(service === 'sts' || service === 'entra' ? body.toString('utf8') : '');
}

function operationOf(service: FaultService, incoming: IncomingMessage, form: URLSearchParams): string {
  switch (service) {
    case 'lambda':
      return incoming.url?.includes('/response-streaming-invocations') === true ? 'InvokeWithResponseStream' : 'Invoke';
    case 'states':
      return (oneHeader(incoming.headers, 'x-amz-target') ?? '').replace(/^AWSStepFunctions\./, '');
    case 'sqs':
      return (oneHeader(incoming.headers, 'x-amz-target') ?? '').replace(/^AmazonSQS\./, '');
    case 'sts':
      return form.get('Action') ?? '';
    case 'entra':
      return form.get('grant_type') ?? '';
    case 'keys':
      return 'GET';
  }
}

/** `20261120T153258Z`, as SigV4 writes it. */
function signedAt(incoming: IncomingMessage): number | undefined {
  const pattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  const [, ...parts] = pattern.exec(oneHeader(incoming.headers, 'x-amz-date') ?? '') ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  return year === undefined ? undefined : Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second);
}

/** Reads the times of a token without verifying it: that is the service's business. */
function tokenTimes(form: URLSearchParams): Called['token'] {
  const token = form.get('WebIdentityToken') ?? form.get('client_assertion');
  const payload = token?.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const { nbf, exp } = isRecord(claims) ? claims : {};
    const time = (value: unknown): number | undefined => (typeof value === 'number' ? value * 1000 : undefined);
    return { notBefore: time(nbf), expiresAt: time(exp) };
  } catch {
    return undefined;
  }
}

/** What a request asks, and the times that it shows. */
export function readCalled(service: FaultService, incoming: IncomingMessage, body: Buffer): Called {
  const form = formOf(service, body);
  return { operation: operationOf(service, incoming, form), signedAt: signedAt(incoming), token: tokenTimes(form) };
}
