import { Readable } from 'node:stream';
import type { AwsCredentials } from '../core/credentials';
import { REFUSAL_PREFIX } from '../token/envelope';
import { HttpFailure } from './http-failure';
import { signedHeaders } from './sigv4';
import {
  FunctionFailure,
  startedAnswer,
  type FunctionAnswer,
  type FunctionCall,
  type OpenedAnswer,
  type Transport,
} from './transport';

/** Where a function stands behind API Gateway, and how the gateway knows who calls. */
export interface HttpsTarget {
  readonly url: string;
  /** `bearer`: by the hand-over token; `sigv4`: by an IAM role. */
  readonly auth: 'bearer' | 'sigv4';
}

/**
 * A function behind API Gateway. It is sent what Invoke would send, the envelope; in the headers stand correlation, trace
 * and, for a JWT authorizer, the hand-over token once more.
 *
 * @param ownCredentials what the SDK's own chain finds, for calls that come with none
 */
export function httpsTransport(target: HttpsTarget, ownCredentials: () => Promise<AwsCredentials>): Transport {
  const post = async (call: FunctionCall): Promise<Response> => {
    const response = await send(target, call, ownCredentials);
    if (response.ok) return response;
    throw await failureOf(response);
  };
  return {
    async call(call): Promise<FunctionAnswer> {
      const response = await post(call);
      const payload = await response.text();
      // Without a selection pattern a REST API's AWS integration answers 200 for a function that failed.
      return isFailure(payload) ? { payload, functionError: 'Unhandled' } : { payload };
    },
    async open(call): Promise<OpenedAnswer> {
      const response = await post(call);
      return startedAnswer(response.headers.get('content-type') ?? undefined, response.body ?? nothing());
    },
  };
}

async function send(
  { url, auth }: HttpsTarget,
  { target, payload, handOver, headers, credentials, signal }: FunctionCall,
  ownCredentials: () => Promise<AwsCredentials>,
): Promise<Response> {
  const request = { url: new URL(url), headers: { ...headers, 'content-type': 'application/json' }, body: payload };
  const region = target.split(':')[3] ?? '';
  const sent =
    auth === 'bearer'
      ? { ...request.headers, authorization: `Bearer ${handOver}` }
      : await signedHeaders(request, region, credentials ?? (await ownCredentials()));
  // A redirect would carry token and payload to whoever the answer names.
  return fetch(request.url, { method: 'POST', headers: sent, body: payload, redirect: 'manual', signal });
}

async function failureOf(response: Response): Promise<Error> {
  const { status, headers } = response;
  // Read to its end: an answer that is left half read holds its connection.
  const text = await response.text();
  if (isFailure(text)) return new FunctionFailure('Unhandled', text);
  const refusal = refusalIn(headers.get('content-type'), text);
  if (refusal !== undefined) return new FunctionFailure('Unhandled', refusal);
  return new HttpFailure(status, headers.get('x-amzn-errortype'), headers.get('retry-after'));
}

const PROBLEM_TYPE = 'urn:iis-baton:error:';

/** The refusal of the function's own guard, which it answers as problem JSON behind a gateway, as Invoke would give it. */
function refusalIn(contentType: string | null, text: string): string | undefined {
  if (contentType?.startsWith('application/problem+json') !== true) return undefined;
  try {
    const { type, title } = JSON.parse(text) as Record<string, unknown>;
    if (typeof type !== 'string' || !type.startsWith(PROBLEM_TYPE)) return undefined;
    return JSON.stringify({ errorType: `${REFUSAL_PREFIX}${type.slice(PROBLEM_TYPE.length)}`, errorMessage: title });
  } catch {
    return undefined;
  }
}

const FAILURE_MEMBERS = ['errorType', 'errorMessage', 'trace', 'stackTrace', 'requestId', 'cause'];

/** Whether this is the error of a function as Lambda's runtimes write it, and nothing else. */
function isFailure(text: string): boolean {
  if (!text.startsWith('{') || !text.includes('"errorMessage"')) return false;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    if (typeof value.errorMessage !== 'string') return false;
    const hasKind = typeof value.errorType === 'string' || Object.keys(value).length === 1;
    return hasKind && Object.keys(value).every((name) => FAILURE_MEMBERS.includes(name));
  } catch {
    return false;
  }
}

/** An answer without a body. */
const nothing = (): AsyncIterable<Uint8Array> => Readable.from([]);
