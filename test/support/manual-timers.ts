import type { Timers } from '../../src/core/timers';
import { waitFor } from './wait';

interface Pending {
  readonly atMs: number;
  readonly delayMs: number;
  readonly callback: () => void;
}

/** Time that passes when a test says so. */
export class ManualTimers implements Timers {
  #nowMs: number;
  readonly #pending = new Set<Pending>();

  constructor(start = '2026-11-20T08:00:00.000Z') {
    this.#nowMs = Date.parse(start);
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const one = { atMs: this.#nowMs + delayMs, delayMs, callback };
    this.#pending.add(one);
    return () => this.#pending.delete(one);
  }

  /** The lengths of all timers that run, in milliseconds, the shortest first. */
  get lengths(): readonly number[] {
    return [...this.#pending].map(({ delayMs }) => delayMs).sort((a, b) => a - b);
  }

  /** Lets time pass; everything that is due by then is called, in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#pending].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** Waits until somebody waits for so long, then lets that time pass. */
  async pass(delayMs: number): Promise<void> {
    await waitFor(`a timer of ${delayMs} ms`, () => this.lengths.includes(delayMs));
    this.advance(delayMs);
  }
}
