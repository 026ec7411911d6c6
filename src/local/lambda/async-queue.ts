import { setTimeout as delay } from 'node:timers/promises';

/** How long is waited before each retry, in milliseconds. Lambda waits one and two minutes; nobody does at a desk. */
const RETRY_DELAYS_MS = [200, 400] as const;

/** Runs asynchronous invocations: tries one up to three times, and lets go of all when it is stopped. */
export class AsyncQueue {
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();

  /**
   * @param attempt gives whether it succeeded; what it throws counts as a failure
   * @param onGivenUp told when the last attempt failed too
   */
  add(attempt: () => Promise<boolean>, onGivenUp: () => void): void {
    const running = this.#run(attempt, onGivenUp).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(attempt: () => Promise<boolean>, onGivenUp: () => void): Promise<void> {
    for (const delayMs of [0, ...RETRY_DELAYS_MS]) {
      try {
        await delay(delayMs, undefined, { signal: this.#abort.signal });
      } catch {
        return;
      }
      if (await attempt().catch(() => false)) return;
    }
    if (!this.#abort.signal.aborted) onGivenUp();
  }

  /** Starts no further attempt and waits for those that run. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#running);
  }
}
