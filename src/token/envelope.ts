import { BatonError } from '../core/errors';

/**
 * What a function is sent: the caller's hand-over, the correlation, and the payload. It is in the payload and not in
 * Lambda's client context, because that does not reach functions that are invoked asynchronously.
 */
export interface WorkEnvelope {
  /** The envelope's version. */
  readonly baton: 1;
  readonly handOver: string;
  readonly correlationId: string;
  /** `traceparent` (W3C Trace Context), where the request belongs to a trace. */
  readonly traceparent?: string;
  /** Where the work was left behind: under the same key it may come more than once. The hand-over vouches for it. */
  readonly idempotencyKey?: string;
  readonly payload: unknown;
}

/**
 * What an error's type begins with when a function refuses a hand-over, before the error's code: Lambda carries an
 * error's name and message and nothing else, and the app must tell a refusal from a failure.
 */
export const REFUSAL_PREFIX = 'baton.';

const invalid = (message: string): BatonError => new BatonError('event_invalid', message);

/**
 * Reads an envelope out of a Lambda event.
 * @throws BatonError `event_invalid`
 */
export function readEnvelope(event: unknown): WorkEnvelope {
  if (typeof event !== 'object' || event === null || !('baton' in event)) {
    throw invalid('The event is no Baton envelope. Call the function with createOffload() of iis-baton/offload.');
  }
  const { baton, handOver, correlationId, traceparent, idempotencyKey, payload } = event as Partial<
    Record<keyof WorkEnvelope, unknown>
  >;
  if (baton !== 1) throw invalid('The envelope is of a version that this function does not know.');
  if (typeof handOver !== 'string' || typeof correlationId !== 'string') {
    throw invalid('The envelope lacks the hand-over token or the correlation ID.');
  }
  return {
    baton,
    handOver,
    correlationId,
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof idempotencyKey === 'string' && { idempotencyKey }),
    payload: payload ?? null,
  };
}
