import { steadyClock, systemClock, type Clock } from '../core/clock';
import { secureUrl } from '../core/options';
import type { Algorithm } from '../jws/algorithms';
import type { KeySource, VerificationKey } from '../jws/keys';
import { jwkOfPem } from '../jws/pem';
import { backOffMs, keysUnavailable } from './back-off';
import { FetchBudget } from './fetch-budget';
import { fetchFailed, fetchText, type Fetch } from './fetch-text';
import { indexKeys, type KeyIndex } from './fixed';
import { RenewalLog, type LoggerOf } from './renewal-log';

/** How keys are fetched one by one. */
export interface PemByKidOptions {
  /** Where they are: the key's ID is appended as the last step of the path. https, or http to loopback. */
  readonly url: string;
  readonly algorithms: readonly Algorithm[];
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** Told when keys cannot be fetched any more, and when they can again. */
  readonly logger?: LoggerOf;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A key is fetched anew after this long. */
const MAX_AGE_MS = 60 * 60_000;
/** While the server is down a key serves this long after it was last fetched. */
const STALE_LIMIT_MS = 24 * 60 * 60_000;
/** Short: a key may be published a moment after its first token. */
const ABSENT_MS = 30_000;
const MAX_ABSENT = 10_000;
/** The load balancers of a whole region share one key server: somebody else's real keys can be named, too. */
const MAX_KEYS = 100;
const BUDGET = { burst: 10, refillMs: 500, memoryMs: 10_000, maxWaiting: 10_000 };
/** Unauthorized, by a proxy too; timed out; too many. */
const SAYS_NOTHING_OF_THE_KEY = [401, 407, 408, 429];
/** An EC key's PEM has some 200 bytes, one of RSA with 4096 bits 800. */
const LIMITS = {
  accept: 'application/x-pem-file, text/plain, */*',
  maxBytes: 16 * 1024,
  // S3 answers 403 for what is not there. What a made-up ID can cause must not count as an outage, or it could be made one.
  absent: (status: number): boolean => status >= 400 && status < 500 && !SAYS_NOTHING_OF_THE_KEY.includes(status),
};

interface HeldKey {
  readonly index: KeyIndex;
  readonly fetchedAt: number;
}

/**
 * Public keys that a server gives one by one, as PEM below the key's ID (AWS ALB, AWS Verified Access). Everybody can make
 * IDs up, and each would be a fetch; so what may be fetched is bounded, and what is asked for repeatedly comes first.
 *
 * Whatever can be checked before the key (the signer above all) must be checked before `find` is called.
 */
class PemByKidSource implements KeySource {
  readonly #base: string;
  readonly #algorithms: readonly Algorithm[];
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  readonly #log: RenewalLog;
  readonly #budget = new FetchBudget(BUDGET);
  /** Least recently used first. */
  readonly #held = new Map<string, HeldKey>();
  /** When it was told that there is no such key, by ID. */
  readonly #absent = new Map<string, number>();
  readonly #flights = new Map<string, Promise<void>>();
  #version = 0;
  /** Before this nothing that is held can be too old. */
  #renewAt = Infinity;
  #triedAt = -Infinity;
  #failures = 0;
  #failure: unknown;

  constructor({ url, algorithms, fetch: fetchOf, clock, logger }: PemByKidOptions) {
    this.#base = secureUrl('keys.pemUrl', url).href.replace(/\/$/, '');
    this.#algorithms = algorithms;
    this.#fetch = fetchOf ?? ((target, init) => fetch(target, init));
    this.#clock = steadyClock(clock ?? systemClock);
    const { origin, pathname } = new URL(this.#base);
    this.#log = new RenewalLog(`${origin}${pathname}`, logger);
  }

  /** @throws BatonError `keys_unavailable` */
  async find(kid: string, algorithm: Algorithm): Promise<VerificationKey | undefined> {
    if (!UUID.test(kid)) return undefined;
    this.#renewOld();
    if (!this.#held.has(kid)) {
      if (this.#isAbsent(kid)) return undefined;
      await this.#fetchWanted(kid);
    }
    const held = this.#held.get(kid);
    if (held === undefined) {
      if (this.#isAbsent(kid)) return undefined;
      throw keysUnavailable(this.#failure ?? 'more unknown keys are asked for than are fetched', this.#retrySeconds());
    }
    this.#held.delete(kid);
    this.#held.set(kid, held);
    return held.index.find(kid, algorithm);
  }

  version(): number {
    this.#renewOld();
    return this.#version;
  }

  #retrySeconds(): number {
    return this.#failures > 0 ? 5 : 1;
  }

  #isAbsent(kid: string): boolean {
    const toldAt = this.#absent.get(kid);
    return toldAt !== undefined && this.#clock() - toldAt < ABSENT_MS;
  }

  #mayTry(): boolean {
    return this.#clock() - this.#triedAt >= backOffMs(this.#failures);
  }

  /** Fetches what is wanted most; waits only where that is `kid`. */
  async #fetchWanted(kid: string): Promise<void> {
    const flying = this.#flights.get(kid);
    if (flying !== undefined) return flying;
    const now = this.#clock();
    this.#budget.want(kid, now);
    while (this.#mayTry()) {
      const next = this.#budget.take(now, kid);
      if (next === undefined) return;
      const flight = this.#fetchOnce(next);
      if (next === kid) return flight;
    }
  }

  #fetchOnce(kid: string): Promise<void> {
    let flight = this.#flights.get(kid);
    if (flight === undefined) {
      flight = this.#fetchKey(kid).finally(() => this.#flights.delete(kid));
      this.#flights.set(kid, flight);
    }
    return flight;
  }

  /** Never rejects. */
  async #fetchKey(kid: string): Promise<void> {
    const startedAt = this.#clock();
    const failuresBefore = this.#failures;
    const url = new URL(`${this.#base}/${kid}`);
    this.#triedAt = startedAt;
    try {
      const pem = await fetchText(url, this.#fetch, LIMITS);
      this.#failures = 0;
      this.#failure = undefined;
      if (pem === undefined) {
        this.#setAbsent(kid);
        this.#log.worked();
        return;
      }
      const jwk = jwkOfPem(pem, kid);
      if (jwk === undefined) throw fetchFailed(url, 'the answer is no public key in PEM');
      this.#hold(kid, indexKeys([jwk], this.#algorithms));
      this.#log.worked();
    } catch (error) {
      // Several that fly at once fail together: that is one failure.
      this.#failures = failuresBefore + 1;
      this.#failure = error;
      this.#log.failed(error);
    }
  }

  #hold(kid: string, index: KeyIndex): void {
    const before = this.#held.get(kid);
    if (before !== undefined && !index.keeps(before.index)) this.#version++;
    this.#absent.delete(kid);
    this.#held.delete(kid);
    this.#held.set(kid, { index, fetchedAt: this.#clock() });
    const [leastUsed] = this.#held.keys();
    if (this.#held.size > MAX_KEYS && leastUsed !== undefined) this.#drop(leastUsed);
    this.#renewAt = Math.min(this.#renewAt, this.#clock() + MAX_AGE_MS);
  }

  #setAbsent(kid: string): void {
    this.#drop(kid);
    this.#absent.delete(kid);
    this.#absent.set(kid, this.#clock());
    const [oldest] = this.#absent.keys();
    if (this.#absent.size > MAX_ABSENT && oldest !== undefined) this.#absent.delete(oldest);
  }

  /** What is not held is not watched: verdicts that it admitted must not stand. */
  #drop(kid: string): void {
    if (this.#held.delete(kid)) this.#version++;
  }

  /** Old keys are fetched anew, outside the budget: there are as many as were found, however many are asked for. */
  #renewOld(): void {
    const now = this.#clock();
    if (now < this.#renewAt) return;
    let renewAt = Infinity;
    for (const [kid, { fetchedAt }] of [...this.#held]) {
      const age = now - fetchedAt;
      if (age > STALE_LIMIT_MS) this.#drop(kid);
      else if (age < MAX_AGE_MS) renewAt = Math.min(renewAt, fetchedAt + MAX_AGE_MS);
      else if (this.#mayTry()) void this.#fetchOnce(kid);
    }
    const due = [...this.#held.values()].some(({ fetchedAt }) => now - fetchedAt >= MAX_AGE_MS);
    this.#renewAt = due ? Math.min(renewAt, now + Math.max(backOffMs(this.#failures + 1), 1)) : renewAt;
  }
}

/**
 * A source of public keys that are fetched one by one, as PEM, from `url`/`kid`.
 *
 * The key's ID must be a UUID in lower case before any address is made of it. Unknown IDs cause at most ten fetches at
 * once and two a second from then on; the ID that was asked for most often is fetched first. Found keys are fetched anew
 * each hour and serve up to a day while the server is down.
 *
 * Source: Elastic Load Balancing user guide, "Authenticate users using an Application Load Balancer", section
 * "User claims encoding and signature verification".
 *
 * @throws BatonError `option_invalid` where the URL is not https
 */
export function pemByKidSource(options: PemByKidOptions): KeySource {
  return new PemByKidSource(options);
}
