import { setTimeout as timer } from 'node:timers/promises';
import { steadyClock, systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';

/** How much may be asked of an API that counts the whole account's requests. */
export interface RequestBudgetOptions {
  readonly requestsPerSecond: number;
  /** So many at once, after a rest. Default: what a second gives. */
  readonly burst?: number;
  /** Whoever would wait longer is refused at once. Default: nobody is. */
  readonly longestWaitMs?: number;
  readonly clock?: Clock;
  /** Waits; for tests. */
  readonly pause?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

const SLOWEST_PART = 1 / 16;
const RECOVERY_MS = 30_000;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 20_000;

const machinePause = (ms: number, signal?: AbortSignal): Promise<unknown> =>
  timer(ms, undefined, signal === undefined ? {} : { signal });

/**
 * A token bucket. Each throttled request halves its rate, down to a sixteenth; in the half minute after the last one the
 * rate comes back. Whoever shares a bucket is served in turn.
 */
export class RequestBudget {
  readonly #rate: number;
  readonly #burst: number;
  readonly #longestWaitMs: number;
  readonly #clock: Clock;
  readonly #pause: NonNullable<RequestBudgetOptions['pause']>;
  #tokens: number;
  #filledAtMs: number;
  #part = 1;
  #throttledAtMs = -Infinity;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #requests = 0;
  #throttles = 0;

  constructor(options: RequestBudgetOptions) {
    const { requestsPerSecond, burst, longestWaitMs = Infinity, clock = systemClock, pause = machinePause } = options;
    this.#longestWaitMs = longestWaitMs;
    this.#rate = requestsPerSecond;
    this.#burst = Math.max(1, burst ?? requestsPerSecond);
    this.#clock = steadyClock(clock);
    this.#pause = pause;
    this.#tokens = this.#burst;
    this.#filledAtMs = this.#clock();
  }

  /** Requests that were let through. */
  get requests(): number {
    return this.#requests;
  }

  /** How often AWS refused one because there were too many. */
  get throttles(): number {
    return this.#throttles;
  }

  /** Requests a second that are let through now. */
  get requestsPerSecond(): number {
    if (this.#part === 1) return this.#rate;
    const sinceMs = this.#clock() - this.#throttledAtMs;
    return this.#rate * Math.min(1, this.#part + (1 - this.#part) * (sinceMs / RECOVERY_MS));
  }

  /** Waits until one more request is due. @throws BatonError `workflow_throttled` (`busy`); the signal's reason */
  take(signal?: AbortSignal): Promise<void> {
    if ((this.#waiting / this.requestsPerSecond) * 1000 > this.#longestWaitMs) {
      const message = `More looks at histories wait than AWS's quota lets through in ${this.#longestWaitMs / 1000} s. Ask less often, or follow the run.`;
      return Promise.reject(new BatonError('workflow_throttled', message, { reason: 'busy' }));
    }
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#take(signal));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** AWS said that there were too many. */
  throttled(): void {
    const now = this.#clock();
    this.#part = Math.max(SLOWEST_PART, this.requestsPerSecond / this.#rate / 2);
    this.#throttledAtMs = now;
    this.#throttles += 1;
    this.#tokens = Math.min(this.#tokens, 0);
  }

  /** Waits; whoever backs off waits as the bucket does. */
  async pause(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#pause(ms, signal);
  }

  async #take(signal?: AbortSignal): Promise<void> {
    try {
      signal?.throwIfAborted();
      for (;;) {
        this.#fill();
        // What is left of a token by rounding is none to wait for.
        if (this.#tokens > 0.999) break;
        await this.#pause(Math.max(1, Math.ceil(((1 - this.#tokens) / this.requestsPerSecond) * 1000)), signal);
      }
      this.#tokens -= 1;
      this.#requests += 1;
    } finally {
      this.#waiting -= 1;
    }
  }

  #fill(): void {
    const now = this.#clock();
    const gained = ((now - this.#filledAtMs) / 1000) * this.requestsPerSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = now;
  }
}

/**
 * Makes one request within the budget; one that AWS throttles is made again, each time after a longer wait.
 * @throws what the last request threw; the signal's reason
 */
export async function withinBudget<T>(
  request: () => Promise<T>,
  { budget, patienceMs, signal }: { budget: RequestBudget; patienceMs: number; signal: AbortSignal | undefined },
): Promise<T> {
  let waitedMs = 0;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(LONGEST_DELAY_MS, delayMs * 2)) {
    await budget.take(signal);
    try {
      return await request();
    } catch (thrown) {
      if (!isThrottled(thrown)) throw thrown;
      budget.throttled();
      if (waitedMs >= patienceMs) throw thrown;
      // By chance, or all that were refused at once come again at once.
      const pauseMs = delayMs * (0.5 + Math.random() / 2);
      await budget.pause(pauseMs, signal);
      waitedMs += pauseMs;
    }
  }
}

function isThrottled(thrown: unknown): boolean {
  const { name, $metadata } = thrown as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  return name === 'ThrottlingException' || name === 'TooManyRequestsException' || $metadata?.httpStatusCode === 429;
}
