import { BatonError } from '../core/errors';
import { refusedForClock } from '../credentials/corrected-clock';
import { failedByEndedSession } from '../credentials/ended-sessions';

/** What is tried again, and how. */
export interface RetryTerms {
  /** How often at most, beside the first time. */
  readonly maxRetries: number;
  /** Whether the function may run twice for one call. */
  readonly idempotent: boolean;
  /** A number from 0 to below 1; spreads those who were throttled together. */
  readonly random: () => number;
  /** What is left of the call's time, in milliseconds. */
  readonly remainingMs: () => number;
  readonly signal: AbortSignal;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

interface NodeError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** System calls before the first byte of a request. */
const BEFORE_SENDING = ['connect', 'getaddrinfo'];

/**
 * Whether the connection was never there, so that no byte of the request was sent. A connection that broke later proves
 * nothing: the function may have begun.
 */
function neverConnected(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  const { name, message, code, syscall, cause, errors } = thrown as NodeError;
  if (typeof syscall === 'string') return BEFORE_SENDING.includes(syscall);
  // One failure for each address of a name.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(neverConnected);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return true;
  // The SDK's limit on connecting has no code of its own.
  if (name === 'TimeoutError' && String(message).includes('did not establish a connection')) return true;
  // fetch() hides what happened one level down.
  return name === 'TypeError' && neverConnected(cause);
}

/** Reason of a 429 that the function itself may have answered, behind a gateway. */
export const THROTTLED_BY_WHOM = 'throttled_by_whom';

/** Whether it is certain that the function did not run. */
export function neverRan({ code, reason, cause }: BatonError): boolean {
  if (code === 'function_throttled') return reason !== THROTTLED_BY_WHOM;
  // The next attempt has another session: credentials that AWS refused as ended are given to nobody any more.
  if (code === 'function_access_denied') return failedByEndedSession(cause);
  return code === 'function_unavailable' && (neverConnected(cause) || refusedForClock(cause));
}

/** Reasons of `function_unavailable` where another attempt changes nothing. */
const FINAL_REASONS: readonly (string | undefined)[] = ['aborted', 'circuit_open'];

function mayRepeat(thrown: unknown, idempotent: boolean): thrown is BatonError {
  if (!(thrown instanceof BatonError) || FINAL_REASONS.includes(thrown.reason)) return false;
  if (neverRan(thrown)) return true;
  return idempotent && (thrown.code === 'function_unavailable' || thrown.code === 'function_throttled');
}

/**
 * How long to wait before attempt number `attempt` (from 1): up to twice as long each time, anywhere below that ("full
 * jitter"), and never less than the service asked for.
 *
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function delayBeforeRetryMs(attempt: number, random: () => number, retryAfterSeconds = 0): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return Math.max(random() * ceiling, retryAfterSeconds * 1000);
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/**
 * Makes an attempt, and another one only where the function certainly did not run, or may run twice. No wait is begun
 * that the call's time does not cover.
 */
export async function retried<T>(attempt: () => Promise<T>, terms: RetryTerms): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (thrown) {
      if (count > terms.maxRetries || !mayRepeat(thrown, terms.idempotent)) throw thrown;
      const delayMs = delayBeforeRetryMs(count, terms.random, thrown.retryAfterSeconds);
      if (delayMs >= terms.remainingMs()) throw thrown;
      await pause(delayMs, terms.signal);
    }
  }
}
