import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import { checkOptionNames, wholeNumber } from '../../core/options';
import type { ReplayStore } from '../../core/replay';

/** Options of {@link memoryReplayStore}. */
export interface MemoryReplayOptions {
  /**
   * How many tokens are remembered at most, each until it has expired: 1 to 10,000,000, default 200,000, which takes some
   * 25 MB. With tokens of 60 s and 30 s of tolerance that is enough for 1,600 requests a second.
   */
  readonly maxEntries?: number;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

const DEFAULT_MAX_ENTRIES = 200_000;
/** A full store is searched for expired entries at most this often: the search looks at all of them. */
const SWEEP_EVERY_MS = 1000;

/** Milliseconds until which an ID is remembered: a second at least, whatever the caller's clock says. */
export const rememberedUntil = (untilSeconds: number, nowMs: number): number =>
  Math.max(untilSeconds * 1000, nowMs + 1000);

/** The stores of this file, to be told from those that all processes share. */
const inMemory = new WeakSet<ReplayStore>();

/** Whether the store remembers what this process let in, and nothing of what others did. */
export const coversOneProcess = (store: ReplayStore): boolean => inMemory.has(store);

class UsedIds {
  readonly #maxEntries: number;
  readonly #untilById = new Map<string, number>();
  #sweptAt = -Infinity;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  add(id: string, untilMs: number, nowMs: number): boolean {
    const known = this.#untilById.get(id);
    if (known !== undefined && nowMs < known) return false;
    this.#dropOldest(nowMs);
    if (this.#untilById.size >= this.#maxEntries) this.#sweep(nowMs);
    if (this.#untilById.size >= this.#maxEntries) {
      // To forget a token that is still valid would let it in again.
      throw new BatonError(
        'replay_store_unavailable',
        `The memory of used tokens is full: ${this.#maxEntries} are still valid. Raise "maxEntries".`,
        { reason: 'full' },
      );
    }
    this.#untilById.delete(id);
    this.#untilById.set(id, untilMs);
    return true;
  }

  /** Tokens expire in about the order in which they came, so two looks a request keep up with one that is added. */
  #dropOldest(nowMs: number): void {
    let looks = 2;
    for (const [id, until] of this.#untilById) {
      if (looks-- === 0 || nowMs < until) return;
      this.#untilById.delete(id);
    }
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = nowMs;
    for (const [id, until] of this.#untilById) if (nowMs >= until) this.#untilById.delete(id);
  }
}

/**
 * Remembers used tokens in this process. Enough for one process, and for no more: two processes of one app (iisnode's
 * `nodeProcessCountPerApplication`, two servers, the overlap of an app-pool recycle) each let a token in once. For those
 * see `redisReplayStore()`.
 *
 * @throws BatonError `option_invalid`, `option_unknown`
 *
 * @example
 * ```ts
 * app.use(baton({ replayStore: memoryReplayStore({ maxEntries: 500_000 }) }));
 * ```
 */
export function memoryReplayStore(options: MemoryReplayOptions = {}): ReplayStore {
  checkOptionNames('memoryReplayStore()', options, { maxEntries: true, clock: true });
  const bounds = { fallback: DEFAULT_MAX_ENTRIES, min: 1, max: 10_000_000 };
  const used = new UsedIds(wholeNumber('memoryReplayStore()', 'maxEntries', options.maxEntries, bounds));
  const clock = options.clock ?? systemClock;
  const store: ReplayStore = {
    async firstUse(id, untilSeconds) {
      const now = clock();
      return used.add(id, rememberedUntil(untilSeconds, now), now);
    },
  };
  inMemory.add(store);
  return store;
}
