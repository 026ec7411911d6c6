import { challengeFor } from '../core/challenge';
import type { BatonError } from '../core/errors';
import { problemDocument } from '../core/problem';
import { CORRELATION_HEADER } from '../correlation/correlation-id';
import { REFUSAL_PREFIX } from '../token/envelope';
import { bag } from './piece';

/** What a proxy integration takes from a function, in both payload formats. */
export interface GatewayAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function jsonAnswer(statusCode: number, value: unknown, correlationId: string, contentType: string): GatewayAnswer {
  const headers = {
    'Content-Type': `${contentType}; charset=utf-8`,
    'Cache-Control': 'no-store',
    [CORRELATION_HEADER]: correlationId,
  };
  return { statusCode, headers, body: JSON.stringify(value ?? null) };
}

/** A handler's own answer with the correlation ID on it; what is no answer for the gateway becomes JSON. */
export function clientAnswer(answer: unknown, correlationId: string): object {
  const { statusCode, headers } = bag(answer);
  if (typeof statusCode !== 'number') return jsonAnswer(200, answer, correlationId, 'application/json');
  return { ...bag(answer), headers: { ...bag(headers), [CORRELATION_HEADER]: correlationId } };
}

/** A refusal for a client: problem JSON (RFC 9457). */
export function clientRefusal(error: BatonError, correlationId: string, realm: string): GatewayAnswer {
  const challenge = challengeFor(error, realm);
  const problem = problemDocument(error, correlationId, challenge);
  const answer = jsonAnswer(error.status, problem, correlationId, 'application/problem+json');
  const more = {
    ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
    ...(error.status === 503 && { 'Retry-After': String(error.retryAfterSeconds ?? 5) }),
  };
  return { ...answer, headers: { ...answer.headers, ...more } };
}

/** The answer for the app, as Invoke would bring it. */
export function appAnswer(answer: unknown, correlationId: string): GatewayAnswer {
  return jsonAnswer(200, answer, correlationId, 'application/json');
}

/** A refusal for the app, in the words of Lambda's runtime: the app reads both ways of calling alike. */
export function appRefusal(error: BatonError, correlationId: string): GatewayAnswer {
  const refusal = { errorType: `${REFUSAL_PREFIX}${error.code}`, errorMessage: error.publicMessage };
  return jsonAnswer(error.status, refusal, correlationId, 'application/json');
}

/** A failure of the handler for the app, in the words of Lambda's runtime; through Invoke it would read the same. */
export function appFailure(thrown: unknown, correlationId: string): GatewayAnswer {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const failure = { errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] };
  return jsonAnswer(500, failure, correlationId, 'application/json');
}
