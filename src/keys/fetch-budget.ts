/** How much may be fetched: `burst` at once, and one more each `refillMs`. */
export interface BudgetLimits {
  readonly burst: number;
  readonly refillMs: number;
  /** A wish is forgotten when it was not repeated for this long. */
  readonly memoryMs: number;
  readonly maxWaiting: number;
}

interface Wish {
  times: number;
  lastAt: number;
}

/**
 * Decides whose key is fetched next while more are asked for than may be fetched: a token bucket, and those who wait for
 * it. One turn goes to the name that was asked for most often: made-up names are asked for once each, a real new key by
 * all who hold its tokens. The next turn goes to whoever asks: somebody who repeats made-up names more often than the
 * users theirs can delay a new key, by his share of the requests, and not keep it out.
 */
export class FetchBudget {
  readonly #limits: BudgetLimits;
  readonly #waiting = new Map<string, Wish>();
  #tokens: number;
  #filledAt = -Infinity;
  #byDemand = false;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
    this.#tokens = limits.burst;
  }

  /** Writes down that `name` is wanted; asking again moves it forward. */
  want(name: string, now: number): void {
    const wish = this.#waiting.get(name) ?? { times: 0, lastAt: now };
    // At the end of the map: what nobody asks for any more is what is dropped.
    this.#waiting.delete(name);
    this.#waiting.set(name, { times: wish.times + 1, lastAt: now });
    if (this.#waiting.size <= this.#limits.maxWaiting) return;
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** The name that may be fetched now, taken off the list, while `asking` is asked for; undefined where none may. */
  take(now: number, asking: string): string | undefined {
    this.#refill(now);
    if (this.#tokens < 1) return undefined;
    const mine = this.#waiting.has(asking) ? asking : undefined;
    this.#byDemand = !this.#byDemand;
    const name = this.#byDemand ? this.#mostWanted(now) : mine;
    if (name === undefined) return undefined;
    this.#waiting.delete(name);
    this.#tokens--;
    return name;
  }

  #refill(now: number): void {
    const { burst, refillMs } = this.#limits;
    const earned = Math.floor((now - this.#filledAt) / refillMs);
    if (earned <= 0) return;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#filledAt = this.#tokens === burst ? now : this.#filledAt + earned * refillMs;
  }

  /** Of several that were asked for as often the latest: whoever asks now can be answered now. */
  #mostWanted(now: number): string | undefined {
    let best: string | undefined;
    let bestTimes = 0;
    for (const [name, { times, lastAt }] of this.#waiting) {
      if (now - lastAt > this.#limits.memoryMs) this.#waiting.delete(name);
      else if (times >= bestTimes) [best, bestTimes] = [name, times];
    }
    return best;
  }
}
