import { steadyClock, type Clock } from '../core/clock';
import type { AwsCredentials } from '../core/credentials';
import { backOffMs } from '../keys/back-off';
import { haveEnded } from './ended-sessions';
import type { Session } from './sts';

/** Credentials are renewed this long before they end, beside the calls that they still serve. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** In the last minute nobody is given them any more: a call must have time to arrive. */
const LAST_MS = 60_000;

interface Entry {
  held?: AwsCredentials;
  renewAt: number;
  endsAt: number;
  flight?: Promise<AwsCredentials>;
  failures: number;
  /** How often in a row, and when last, a session was replaced because a service refused it. */
  replacements: number;
  replacedAt: number;
  failedAt: number;
  failure: unknown;
}

/**
 * Sessions by what they are for. One is fetched when it is first needed, once for any number who wait; renewed when it nears
 * its end, beside the calls; and given to nobody but for the very key that it was fetched for.
 *
 * After a failure the next attempt waits, half a second and then longer: STS limits an account's requests.
 */
export class SessionCache {
  readonly #entries = new Map<string, Entry>();
  readonly #now: Clock;
  readonly #maxSessions: number;

  /** @param maxSessions so many are kept at most; the one that was not used for longest goes first */
  constructor(clock: Clock, maxSessions: number) {
    this.#now = steadyClock(clock);
    this.#maxSessions = maxSessions;
  }

  /** @throws what `load` rejects with */
  async get(key: string, load: () => Promise<Session>): Promise<AwsCredentials> {
    const entry = this.#entryOf(key);
    const now = this.#now();
    if (entry.held !== undefined && haveEnded(entry.held) && this.#mayReplace(entry, now))
      return this.#renew(entry, load);
    if (entry.held !== undefined && now < entry.endsAt) {
      if (now >= entry.renewAt && this.#mayTry(entry, now)) void this.#renew(entry, load).catch(() => undefined);
      return entry.held;
    }
    if (!this.#mayTry(entry, now)) throw entry.failure;
    return this.#renew(entry, load);
  }

  #mayTry({ flight, failures, failedAt }: Entry, now: number): boolean {
    return flight !== undefined || now - failedAt >= backOffMs(failures);
  }

  /**
   * The first session that a service refuses as ended is replaced at once. Where the next ones are refused, too, sessions are
   * not what is wrong, and STS must not be asked for one with each call.
   */
  #mayReplace(entry: Entry, now: number): boolean {
    if (entry.flight !== undefined) return true;
    const since = now - entry.replacedAt;
    if (since < backOffMs(entry.replacements)) return false;
    entry.replacements = since > LAST_MS ? 1 : entry.replacements + 1;
    entry.replacedAt = now;
    return true;
  }

  #renew(entry: Entry, load: () => Promise<Session>): Promise<AwsCredentials> {
    entry.flight ??= this.#load(entry, load).finally(() => delete entry.flight);
    return entry.flight;
  }

  async #load(entry: Entry, load: () => Promise<Session>): Promise<AwsCredentials> {
    // Counted from before the request: what it took is gone from the lifetime.
    const asked = this.#now();
    try {
      const { credentials, lifetimeMs } = await load();
      entry.held = credentials;
      entry.renewAt = asked + lifetimeMs - Math.min(RENEW_BEFORE_MS, lifetimeMs / 3);
      entry.endsAt = asked + lifetimeMs - Math.min(LAST_MS, lifetimeMs / 6);
      entry.failures = 0;
      return credentials;
    } catch (error) {
      entry.failures++;
      entry.failedAt = this.#now();
      entry.failure = error;
      throw error;
    }
  }

  /** Found or made; either way the one that was used last. */
  #entryOf(key: string): Entry {
    const entry = this.#entries.get(key) ?? {
      renewAt: 0,
      endsAt: 0,
      failures: 0,
      replacements: 0,
      replacedAt: -Infinity,
      failedAt: -Infinity,
      failure: undefined,
    };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#maxSessions) this.#dropOldest();
    return entry;
  }

  #dropOldest(): void {
    for (const [key, { flight }] of this.#entries) {
      // Who waits for one must not be doubled by who asks next.
      if (flight !== undefined) continue;
      this.#entries.delete(key);
      return;
    }
  }
}
