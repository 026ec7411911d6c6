import type { Clock } from '../../core/clock';

/** From this many entries on, those that ended are thrown out before one is added. */
const SWEEP_FROM = 1_000;

/** Keeps values for a fixed time, by key. A time of 0 keeps nothing. */
export class ResultCache<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly expiresAt: number }>();
  readonly #ttlMs: number;
  readonly #clock: Clock;

  constructor(ttlSeconds: number, clock: Clock) {
    this.#ttlMs = ttlSeconds * 1000;
    this.#clock = clock;
  }

  /** The value, if it was put there less than the time ago. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.expiresAt > this.#clock() ? entry.value : undefined;
  }

  /** Puts a value there, from now on for the time. */
  set(key: string, value: T): void {
    if (this.#ttlMs === 0) return;
    const now = this.#clock();
    if (this.#entries.size >= SWEEP_FROM) {
      for (const [old, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(old);
    }
    this.#entries.set(key, { value, expiresAt: now + this.#ttlMs });
  }
}
