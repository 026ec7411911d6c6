/** How much a {@link VerdictCache} may hold. */
export interface VerdictCacheLimits {
  readonly maxEntries: number;
  /** Counted by the tokens' length, to which their verdicts are proportional. */
  readonly maxBytes: number;
}

interface Entry<T> {
  readonly token: string;
  readonly verdict: T;
  /** Milliseconds since the epoch; from then on the verdict is not given any more. */
  readonly until: number;
  /** Which state of the keys admitted it. */
  readonly keyVersion: number;
}

/** The end of a signature is as good as random, and short to hash: a whole token as a Map key costs nine times as much. */
const TAIL_LENGTH = 32;

/**
 * Remembers verdicts on tokens that were verified, so that the gateway's cached token costs one signature and not one a
 * request.
 *
 * Looked up by the token's tail and compared whole: two tokens can never share a verdict. Bounded by two generations:
 * when the young one is full the old one is dropped, and what was used since has moved into the young one by itself.
 */
export class VerdictCache<T> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #young = new Map<string, Entry<T>>();
  #old = new Map<string, Entry<T>>();
  #youngBytes = 0;

  constructor({ maxEntries, maxBytes }: VerdictCacheLimits) {
    // Two generations are held at a time.
    this.#maxEntries = Math.max(1, Math.floor(maxEntries / 2));
    this.#maxBytes = Math.floor(maxBytes / 2);
  }

  /** The verdict on this very token, while it lasts and the keys are those that admitted it. */
  get(token: string, nowMs: number, keyVersion: number): T | undefined {
    const tail = token.slice(-TAIL_LENGTH);
    let entry = this.#young.get(tail);
    if (entry === undefined) {
      entry = this.#old.get(tail);
      if (entry === undefined) return undefined;
      this.#old.delete(tail);
      if (entry.token === token) this.#keep(tail, entry);
    }
    if (entry.token !== token || entry.keyVersion !== keyVersion) return undefined;
    return nowMs < entry.until ? entry.verdict : undefined;
  }

  /** Remembers a verdict until `untilMs`, milliseconds since the epoch. */
  set(token: string, verdict: T, untilMs: number, keyVersion: number): void {
    this.#keep(token.slice(-TAIL_LENGTH), { token, verdict, until: untilMs, keyVersion });
  }

  /** How many verdicts are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #keep(tail: string, entry: Entry<T>): void {
    if (this.#young.size >= this.#maxEntries || this.#youngBytes + entry.token.length > this.#maxBytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    const replaced = this.#young.get(tail);
    this.#youngBytes += entry.token.length - (replaced?.token.length ?? 0);
    this.#young.set(tail, entry);
  }
}
