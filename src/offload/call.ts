import { BatonError } from '../core/errors';
import type { WorkEnvelope } from '../token/envelope';
import { callError, functionError } from './errors';
import type { CallFunction } from './lambda-client';

/** Lambda's limit for calls that wait (Lambda quotas). */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/**
 * The bytes that are sent.
 * @throws BatonError `payload_invalid`, `payload_too_large`
 */
export function encode(name: string, envelope: WorkEnvelope): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(envelope);
  } catch (cause) {
    throw new BatonError('payload_invalid', `The payload for "${name}" cannot be written as JSON.`, { cause });
  }
  const bytes = Buffer.from(text);
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new BatonError(
      'payload_too_large',
      `The payload for "${name}" has ${bytes.length} bytes with its envelope; Lambda takes ${MAX_PAYLOAD_BYTES}.`,
    );
  }
  return bytes;
}

function decode(name: string, payload: string): unknown {
  if (payload === '') return null;
  try {
    return JSON.parse(payload) as unknown;
  } catch (cause) {
    throw new BatonError('function_failed', `The answer of "${name}" is not JSON.`, { cause });
  }
}

/** The SDK looks at the signal only when it has credentials, and off AWS it can look for those for minutes. */
function endedBy<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work().then(resolve, reject);
  });
}

/**
 * Calls once; ends the wait after the function's time, or when the caller's own signal says so.
 * @throws BatonError `function_*`, `permission_denied`, `payload_too_large`
 */
export async function callOnce(
  call: CallFunction,
  name: string,
  request: { target: string; payload: Uint8Array; traceHeader?: string },
  timeoutMs: number,
  given: AbortSignal | undefined,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = given ? AbortSignal.any([given, timeout]) : timeout;
  try {
    const answer = await endedBy(signal, () => call({ ...request, signal }));
    if (answer.functionError !== undefined) throw functionError(name, answer.functionError, answer.payload);
    return decode(name, answer.payload);
  } catch (cause) {
    if (cause instanceof BatonError) throw cause;
    if (given?.aborted) {
      const message = `The wait for "${name}" was ended by its caller. If it has begun it may still be running.`;
      throw new BatonError('function_unavailable', message, { cause, reason: 'aborted' });
    }
    if (timeout.aborted) {
      const message = `"${name}" did not answer within ${timeoutMs} ms. It may still be running; it was not called again.`;
      throw new BatonError('function_timeout', message, { cause });
    }
    throw callError(name, cause);
  }
}
