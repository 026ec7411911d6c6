import { steadyClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { GrantedToken } from './exchange';

/** A token for a resource. It is a secret: send it to that resource, and nowhere else. */
export interface EntraToken {
  readonly token: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Gets a token; rejects with what callers are told. */
export type LoadToken = () => Promise<GrantedToken>;

interface Entry {
  readonly token: EntraToken;
  /** All by the steady clock. A token that is about to end is worth nothing: the call that takes it lasts, too. */
  readonly usableUntil: number;
  refreshAt: number;
}

interface Hold {
  readonly error: BatonError;
  readonly until: number;
}

const MARGIN_MS = 60_000;
const REFRESH_BEFORE_MS = 300_000;
const REFRESH_AGAIN_MS = 30_000;
/** A refusal is remembered this long: a wrong set-up must not become a flood, on which Entra blocks the application. */
const HOLD_MS = 5000;
const MAX_HOLD_MS = 300_000;
/** Some 20 MB of tokens at most. */
const DEFAULT_MAX_ENTRIES = 5000;

/** The error once more, with what is left of the wait. */
function held({ error, until }: Hold, now: number): BatonError {
  const { code, message, reason } = error;
  const retryAfterSeconds = Math.max(1, Math.ceil((until - now) / 1000));
  return new BatonError(code, message, { cause: error, retryAfterSeconds, ...(reason !== undefined && { reason }) });
}

/**
 * Remembers tokens by name, asks once for however many wait, and renews a token before it ends while the old one still
 * serves. Times are counted by a clock that does not go back: a machine's clock that is set back makes no token older than
 * it is.
 */
export class TokenCache {
  readonly #clock: Clock;
  readonly #steady: Clock;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry>();
  readonly #inFlight = new Map<string, Promise<EntraToken>>();
  readonly #holds = new Map<string, Hold>();
  /** Throttling counts for the application, whatever it asks for. */
  #throttled: Hold | undefined;

  constructor(clock: Clock, maxEntries: number = DEFAULT_MAX_ENTRIES) {
    this.#clock = clock;
    this.#steady = steadyClock(clock);
    this.#maxEntries = maxEntries;
  }

  /** The token of that name; `load` is called where there is none that serves, or in the background where it ends soon. */
  async get(name: string, load: LoadToken): Promise<EntraToken> {
    const now = this.#steady();
    const entry = this.#entries.get(name);
    if (entry !== undefined && now < entry.usableUntil) {
      if (now >= entry.refreshAt) this.#refresh(name, entry, load, now);
      return entry.token;
    }
    return this.#inFlight.get(name) ?? this.#start(name, load, now);
  }

  #refresh(name: string, entry: Entry, load: LoadToken, now: number): void {
    if (this.#inFlight.has(name)) return;
    entry.refreshAt = now + REFRESH_AGAIN_MS;
    // Whoever loads tells of a failure; the old token serves until its end, and then the failure is the caller's.
    this.#start(name, load, now).catch(() => undefined);
  }

  async #start(name: string, load: LoadToken, now: number): Promise<EntraToken> {
    const hold = this.#holdOf(name, now);
    if (hold !== undefined) throw held(hold, now);
    const pending = this.#load(name, load, now).finally(() => this.#inFlight.delete(name));
    this.#inFlight.set(name, pending);
    return pending;
  }

  #holdOf(name: string, now: number): Hold | undefined {
    return [this.#throttled, this.#holds.get(name)].find((hold) => hold !== undefined && now < hold.until);
  }

  async #load(name: string, load: LoadToken, askedAt: number): Promise<EntraToken> {
    const startedAt = this.#clock();
    try {
      const granted = await load();
      this.#holds.delete(name);
      return this.#keep(name, granted, askedAt, startedAt);
    } catch (error) {
      if (error instanceof BatonError) this.#hold(name, error);
      throw error;
    }
  }

  #keep(name: string, granted: GrantedToken, askedAt: number, startedAt: number): EntraToken {
    const { token, lifetimeSeconds, refreshInSeconds = Infinity } = granted;
    const lifetime = lifetimeSeconds * 1000;
    const ownPace = Math.max(lifetime - REFRESH_BEFORE_MS, lifetime / 2);
    const kept: EntraToken = Object.freeze({ token, expiresAt: Math.floor(startedAt / 1000) + lifetimeSeconds });
    this.#entries.delete(name);
    this.#entries.set(name, {
      token: kept,
      usableUntil: askedAt + Math.max(lifetime - MARGIN_MS, lifetime / 2),
      refreshAt: askedAt + Math.min(refreshInSeconds * 1000, ownPace),
    });
    this.#makeRoom(askedAt);
    return kept;
  }

  #hold(name: string, error: BatonError): void {
    const now = this.#steady();
    if (error.code === 'entra_unavailable') {
      const wait = Math.min((error.retryAfterSeconds ?? 0) * 1000, MAX_HOLD_MS);
      if (wait > 0) this.#throttled = { error, until: now + wait };
      return;
    }
    for (const [other, { until }] of this.#holds) if (until <= now) this.#holds.delete(other);
    this.#holds.set(name, { error, until: now + HOLD_MS });
  }

  /** What has ended goes first, then what was got first. */
  #makeRoom(now: number): void {
    if (this.#entries.size <= this.#maxEntries) return;
    for (const [name, { usableUntil }] of this.#entries) if (usableUntil <= now) this.#entries.delete(name);
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries) return;
      this.#entries.delete(name);
    }
  }
}
