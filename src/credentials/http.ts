import { setTimeout as delay } from 'node:timers/promises';
import { asBatonError, BatonError } from '../core/errors';

/** What reaches the services that give tokens and credentials; tests hand in their own. */
export interface Wire {
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
  /** Waits between two attempts. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** From 0 to 1: how much of the wait is spent, so that many who wait do not come back at once. */
  readonly random: () => number;
}

/** The machine's own. */
export const machineWire: Wire = {
  fetch: (url, init) => fetch(url, init),
  wait: (milliseconds) => delay(milliseconds),
  random: Math.random,
};

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Each attempt has this long. They are small requests, answered in tenths of a second. */
const TIMEOUT_MS = 5000;
const MAX_BYTES = 64 * 1024;

/**
 * Sends one request and reads its answer: with a limit on time and size, and without following redirects, which would take
 * a token to another place.
 *
 * @throws whatever was in the way of an answer
 */
export async function exchange(wire: Wire, url: URL, init: RequestInit): Promise<Answer> {
  const response = await wire.fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  return { status: response.status, headers: response.headers, text: await limitedText(response, MAX_BYTES) };
}

/**
 * An answer's text, as far as it is no larger than that.
 * @throws Error for a larger one, and whatever ends it early
 */
export async function limitedText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    if (received > maxBytes) throw new Error(`The answer is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const ATTEMPTS = 3;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;

/**
 * Does it up to three times, while it fails with `credentials_unavailable`; in between it waits a random part of 200 ms, then
 * of 400, or as long as the error says, where that is no more than five seconds.
 */
export async function attempts<T>(wire: Wire, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      const error = asBatonError(thrown);
      const asked = (error.retryAfterSeconds ?? 0) * 1000;
      if (error.code !== 'credentials_unavailable' || attempt === ATTEMPTS || asked > LONGEST_WAIT_MS) throw thrown;
      await wire.wait(asked > 0 ? asked : wire.random() * FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
  }
}

/** `Retry-After` in whole seconds, where the answer has one. */
export function retryAfter({ headers }: Answer): { retryAfterSeconds?: number } {
  const seconds = Number(headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: Math.ceil(seconds) } : {};
}

/** The error of a service that could not be asked, or failed itself. */
export function unavailable(reason: string, message: string, cause?: unknown, answer?: Answer): BatonError {
  return new BatonError('credentials_unavailable', message, { reason, cause, ...(answer && retryAfter(answer)) });
}

/** The members of a JSON object; none where the text is no such thing. */
export function jsonMembers(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // What is no JSON has no members. The parser's message would quote the text, which may hold a token.
  }
  return {};
}
