import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { endedBy } from '../core/ended-by';
import { BatonError } from '../core/errors';
import type { WorkEnvelope } from '../token/envelope';
import { callError, functionError, type CalledFunction } from './errors';
import type { FunctionLimits } from './limits';
import { retried } from './retry';
import { FunctionFailure, type FunctionAnswer, type OpenedAnswer } from './transport';

/** Lambda's limit for calls that wait (Lambda quotas). */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** How one call is made. */
export interface CallTerms extends CalledFunction {
  /** For all of the call: waiting for room, every attempt, and the answer to its last byte. */
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly idempotent: boolean;
  readonly limits: FunctionLimits;
  readonly random: () => number;
  /** The caller's own signal. */
  readonly given: AbortSignal | undefined;
}

/** A function's answer in pieces. */
export interface FunctionStream {
  /** What the function says that it is, if it says so. */
  readonly contentType: string | undefined;
  /** Ends with an error where the function fails on the way, or the call's time is over. Destroy it to give the call up. */
  readonly body: Readable;
}

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

function decode(name: string, { payload, functionError: kind }: FunctionAnswer): unknown {
  if (kind !== undefined) throw functionError(name, kind, payload);
  if (payload === '') return null;
  try {
    return JSON.parse(payload) as unknown;
  } catch (cause) {
    throw new BatonError('function_failed', `The answer of "${name}" is not JSON.`, { cause });
  }
}

/** The time of one call, from before it waits for room to its end. */
class CallTime {
  readonly #terms: CallTerms;
  // One controller and one timer, which ends with the call: AbortSignal.timeout() and any() cost three times as much, and
  // leave a timer behind for the rest of the time.
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #endsAt: number;
  readonly #takeGiven = (): void => this.#controller.abort(this.#terms.given?.reason);
  #isOver = false;
  /** Whether an attempt was made: then the function may have begun. */
  #begun = false;

  constructor(terms: CallTerms) {
    this.#terms = terms;
    this.#endsAt = performance.now() + terms.timeoutMs;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort(new DOMException('The time of the call is over.', 'TimeoutError'));
    }, terms.timeoutMs);
    // A call alone does not keep the process.
    this.#timer.unref();
    if (terms.given?.aborted) this.#takeGiven();
    else terms.given?.addEventListener('abort', this.#takeGiven, { once: true });
  }

  /** Ends the call: its time is over, its caller gave up, or so did whoever reads its answer. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Nothing more is to come of the call, whichever way it ended. */
  close(): void {
    clearTimeout(this.#timer);
    this.#terms.given?.removeEventListener('abort', this.#takeGiven);
  }

  giveUp(): void {
    this.#controller.abort();
  }

  /** What ended it, in the table's terms. */
  failure(thrown: unknown): BatonError {
    if (thrown instanceof BatonError) return thrown;
    const { name, timeoutMs, given } = this.#terms;
    if (given?.aborted) {
      const message = `The wait for "${name}" was ended by its caller. If it has begun it may still be running.`;
      return new BatonError('function_unavailable', message, { cause: thrown, reason: 'aborted' });
    }
    if (this.#isOver) {
      const message = this.#begun
        ? `"${name}" did not answer within ${timeoutMs} ms. It may still be running; it was not called again.`
        : `"${name}" was not called within ${timeoutMs} ms: earlier calls of it had not ended. See /functions/${name}/maxConcurrent.`;
      return new BatonError('function_timeout', message, { cause: thrown });
    }
    if (thrown instanceof FunctionFailure) return functionError(name, thrown.kind, thrown.payload);
    return callError(this.#terms, thrown);
  }

  /** Makes the attempts that the terms allow. */
  attempts<T>(attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { limits, maxRetries, idempotent, random } = this.#terms;
    const begin = (): Promise<T> => {
      this.#begun = true;
      return attempt(this.signal);
    };
    const once = (): Promise<T> =>
      endedBy(this.signal, begin).catch((thrown: unknown) => {
        throw this.failure(thrown);
      });
    const remainingMs = (): number => this.#endsAt - performance.now();
    const terms = { maxRetries, idempotent, random, remainingMs, signal: this.signal };
    return retried(() => limits.whenClosed(this.signal, once), terms);
  }
}

/**
 * Calls a function and waits for its answer. Ends after the function's time, or when the caller's own signal says so;
 * what is sent twice is said by {@link retried}.
 *
 * @throws BatonError `function_*`, `permission_denied`, `payload_too_large`, `payload_invalid`
 */
export async function callFunction(
  terms: CallTerms,
  attempt: (signal: AbortSignal) => Promise<FunctionAnswer>,
): Promise<unknown> {
  const time = new CallTime(terms);
  const call = async (signal: AbortSignal): Promise<unknown> => decode(terms.name, await attempt(signal));
  try {
    return await terms.limits.whenFree(time.signal, () => time.attempts(call));
  } catch (thrown) {
    throw time.failure(thrown);
  } finally {
    time.close();
  }
}

/**
 * The same for an answer in pieces: settles with the first one. The call has its place among the function's calls, and
 * its time, until the last one is read.
 *
 * @throws BatonError as {@link callFunction}
 */
export function openFunction(
  terms: CallTerms,
  open: (signal: AbortSignal) => Promise<OpenedAnswer>,
): Promise<FunctionStream> {
  const time = new CallTime(terms);
  return new Promise((resolve, reject) => {
    const held = async (): Promise<void> => {
      const { contentType, pieces } = await time.attempts(open);
      const body = Readable.from(translated(pieces, time), { objectMode: false });
      const end = (): void => void body.destroy(time.failure(time.signal.reason));
      time.signal.addEventListener('abort', end, { once: true });
      // A reader that leaves ends the call: the connection would stay behind, half read.
      body.once('close', () => {
        time.signal.removeEventListener('abort', end);
        time.giveUp();
      });
      resolve({ contentType, body });
      // Whoever reads it hears of its error; here only the place is held.
      await finished(body).catch(() => undefined);
    };
    terms.limits
      .whenFree(time.signal, held)
      .catch((thrown: unknown) => reject(time.failure(thrown)))
      .finally(() => time.close());
  });
}

async function* translated(pieces: AsyncIterable<Uint8Array>, time: CallTime): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (thrown) {
    throw time.failure(thrown);
  }
}
