import { randomUUID } from 'node:crypto';
import { EntraError, errorBody } from '../entra/entra-error';
import { ON_BEHALF_OF } from '../entra/issuing';
import { errorXml } from '../sts/xml';
import type { Called } from './called';
import type { Fault, FaultService } from './fault';

/** What a service answers when it refuses or fails. */
export interface FaultAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error before it is written the way that one service writes it. */
interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number;
  /** Entra's number. */
  readonly aadsts?: number;
}

type Writer = (failure: Failure) => {
  readonly type: string;
  readonly headers?: Record<string, string>;
  readonly body: string;
};

const WRITERS: Readonly<Record<FaultService, Writer>> = {
  lambda: ({ status, code, message, details }) => ({
    type: 'application/json',
    headers: { 'x-amzn-ErrorType': code },
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', message, ...details }),
  }),
  states: ({ code, message }) => ({
    type: 'application/x-amz-json-1.0',
    headers: { 'x-amzn-ErrorType': code },
    body: JSON.stringify({ __type: code, message }),
  }),
  sqs: ({ status, code, message }) => ({
    type: 'application/x-amz-json-1.0',
    headers: { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }),
  }),
  sts: ({ status, code, message }) => ({ type: 'text/xml', body: errorXml(status, code, message, randomUUID()) }),
  entra: ({ code, message, aadsts = 0 }) => ({
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(errorBody(new EntraError(code, aadsts, message), randomUUID())),
  }),
  keys: ({ message }) => ({ type: 'text/plain', body: message }),
};

function write(service: FaultService, failure: Failure): FaultAnswer {
  const { type, headers = {}, body } = WRITERS[service](failure);
  const { status, retryAfterSeconds } = failure;
  const retry = retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) };
  return { status, headers: { 'Content-Type': type, 'x-amzn-RequestId': randomUUID(), ...retry, ...headers }, body };
}

/** How each service throttles. */
const THROTTLED: Readonly<Record<FaultService, Failure>> = {
  lambda: {
    status: 429,
    code: 'TooManyRequestsException',
    message: 'Rate Exceeded.',
    details: { Reason: 'CallerRateLimitExceeded' },
    retryAfterSeconds: 1,
  },
  states: { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' },
  sqs: { status: 403, code: 'RequestThrottled', message: 'The request was denied due to request throttling.' },
  sts: { status: 400, code: 'Throttling', message: 'Rate exceeded' },
  entra: {
    status: 429,
    code: 'temporarily_unavailable',
    aadsts: 90055,
    message: 'TenantThrottlingError - There are too many incoming requests.',
    retryAfterSeconds: 1,
  },
  keys: { status: 429, code: 'throttled', message: 'Too many requests.', retryAfterSeconds: 1 },
};

/** What each service calls a failure of its own: 500, and the other statuses, which mean "not now". */
const FAILED: Readonly<Record<FaultService, readonly [internal: string, unavailable: string]>> = {
  lambda: ['ServiceException', 'ServiceException'],
  states: ['InternalFailure', 'ServiceUnavailable'],
  sqs: ['InternalFailure', 'ServiceUnavailable'],
  sts: ['InternalFailure', 'ServiceUnavailable'],
  entra: ['server_error', 'temporarily_unavailable'],
  keys: ['error', 'error'],
};

const EXPIRED_MESSAGE = 'The security token included in the request is expired';

/** How each service says that what it was shown has expired. */
function expired(service: FaultService, { operation }: Called): Failure {
  const unsigned = operation === 'AssumeRoleWithWebIdentity';
  switch (service) {
    case 'lambda':
    case 'sqs':
      return { status: 403, code: 'ExpiredTokenException', message: EXPIRED_MESSAGE };
    case 'states':
      return { status: 400, code: 'ExpiredTokenException', message: EXPIRED_MESSAGE };
    case 'sts':
      return unsigned
        ? { status: 400, code: 'ExpiredTokenException', message: 'Token expired: the current date/time is after it.' }
        : { status: 403, code: 'ExpiredToken', message: EXPIRED_MESSAGE };
    case 'entra':
      return operation === ON_BEHALF_OF
        ? {
            status: 400,
            code: 'invalid_grant',
            aadsts: 500133,
            message: 'Assertion is not within its valid time range.',
          }
        : clientAssertionOutOfTime;
    case 'keys':
      throw new Error('Keys are fetched without a token.');
  }
}

const clientAssertionOutOfTime: Failure = {
  status: 401,
  code: 'invalid_client',
  aadsts: 700024,
  message: 'Client assertion is not within its valid time range.',
};

/** The answer of a service that throttles, fails, or says that a token has expired. */
export function faultAnswer(
  service: FaultService,
  { kind, status = 500 }: Fault & { readonly kind: 'throttle' | 'error' | 'expired-token' },
  called: Called,
): FaultAnswer {
  if (kind === 'throttle') return write(service, THROTTLED[service]);
  if (kind === 'expired-token') return write(service, expired(service, called));
  const [internal, unavailable] = FAILED[service];
  const code = status === 500 ? internal : unavailable;
  return write(service, { status, code, message: 'The service failed.', aadsts: status === 500 ? 90033 : 90006 });
}

/** AWS refuses what was signed more than five minutes before or after its own time. */
const SIGNATURE_TOLERANCE_MS = 5 * 60_000;

const basicTime = (timeMs: number): string => new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, '');

/**
 * What a service refuses because its clock differs from the caller's: a signature that is too old or from the future, a
 * token that is over or has not begun.
 *
 * @param now by the service's clock, in milliseconds since the epoch
 * @returns undefined where the difference does not matter to this request
 */
export function skewRefusal(service: FaultService, called: Called, now: number): FaultAnswer | undefined {
  const { signedAt, token } = called;
  if (signedAt !== undefined && Math.abs(now - signedAt) > SIGNATURE_TOLERANCE_MS) {
    const isOld = signedAt < now;
    const limit = basicTime(now + (isOld ? -SIGNATURE_TOLERANCE_MS : SIGNATURE_TOLERANCE_MS));
    const [what, relation, sign] = isOld ? ['expired', 'earlier', '-'] : ['not yet current', 'later', '+'];
    const message = `Signature ${what}: ${basicTime(signedAt)} is now ${relation} than ${limit} (${basicTime(now)} ${sign} 5 min.)`;
    const code = service === 'sts' ? 'SignatureDoesNotMatch' : 'InvalidSignatureException';
    return write(service, { status: 403, code, message });
  }
  if (token === undefined) return undefined;
  const isOver = now >= (token.expiresAt ?? Infinity);
  if (!isOver && now >= (token.notBefore ?? -Infinity)) return undefined;
  if (service === 'entra') return write(service, clientAssertionOutOfTime);
  if (isOver) return write(service, expired(service, called));
  return write(service, { status: 400, code: 'InvalidIdentityToken', message: 'Token is not yet valid.' });
}
