/** Time: what it is, and being woken later. Tests hand in one that they move by hand. */
export interface Timers {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls back once after so many milliseconds.
   * @returns forgets it
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** The longest time that Node's own timer can wait, in milliseconds; it takes more for 1. A state may wait for a year. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's own time. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const nowMs = Math.min(leftMs, LONGEST_MS);
      timer = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : callback()), nowMs);
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Waits, unless the signal ends it before: then it rejects with the signal's reason. */
export function pause(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const cancel = timers.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(signal.reason as Error);
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
