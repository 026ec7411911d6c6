import type { Clock } from '../../core/clock';
import type { ErrorCode } from '../../core/error-codes';

/** What says that a function, or all of AWS, cannot be reached, and not that one piece of work is at fault. */
const OUTAGE: readonly ErrorCode[] = ['function_unavailable', 'function_timeout', 'function_throttled'];
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Which functions are left alone for a while: while AWS is away, a thousand pieces of work must not each find it out again.
 */
export class Outages {
  readonly #clock: Clock;
  readonly #byFunction = new Map<string, { failures: number; pausedAt: number; pauseMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered(name: string): void {
    this.#byFunction.delete(name);
  }

  failed(name: string, code: ErrorCode): void {
    if (!OUTAGE.includes(code)) return;
    // All that were under way fail together, and are one failure.
    if (this.closed().includes(name)) return;
    const failures = (this.#byFunction.get(name)?.failures ?? 0) + 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
    this.#byFunction.set(name, { failures, pausedAt: this.#clock(), pauseMs });
  }

  /** The functions that are left alone now. */
  closed(): readonly string[] {
    const now = this.#clock();
    return [...this.#byFunction]
      .filter(([, { pausedAt, pauseMs }]) => now >= pausedAt && now < pausedAt + pauseMs)
      .map(([name]) => name);
  }
}
