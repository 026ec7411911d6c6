import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { Algorithm } from '../jws/algorithms';
import type { Jwk, KeySource, VerificationKey } from '../jws/keys';
import { fetchJson, type Fetch } from './fetch-json';
import { indexKeys, type KeyIndex } from './fixed';

/** How a remote key set is kept. */
export interface RemoteKeyOptions {
  readonly algorithms: readonly Algorithm[];
  /**
   * Finds the key set's URL; asked before each fetch. Discovery remembers what it found until a fetch has failed: the
   * key set may have moved.
   */
  readonly locate: (lastFailed: boolean) => Promise<URL>;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
}

/** Keys are fetched anew after this long. */
const MAX_AGE_MS = 10 * 60_000;
/** A key server that is down does not take the app down: keys serve this long after they were last fetched. */
const STALE_LIMIT_MS = 24 * 60 * 60_000;
/** An unknown kid causes at most one fetch in this long. Short, so that a real rotation is seen even during a flood. */
const UNKNOWN_KID_WINDOW_MS = 1500;
const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 60_000;
const MAX_KEYS = 100;

/**
 * A JWK Set by URL: fetched when first needed, once for any number of waiting callers; renewed when old or when a token
 * names an unknown key; replaced whole, so that a withdrawn key stops working.
 */
export class RemoteKeySource implements KeySource {
  readonly #options: Required<RemoteKeyOptions>;
  #keys: KeyIndex | undefined;
  #version = 0;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #failures = 0;
  #failure: unknown;
  #flight: Promise<void> | undefined;

  constructor(options: RemoteKeyOptions) {
    this.#options = {
      ...options,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      clock: options.clock ?? systemClock,
    };
  }

  /** @throws BatonError `keys_unavailable` */
  async find(kid: string, algorithm: Algorithm): Promise<VerificationKey | undefined> {
    const age = this.#options.clock() - this.#fetchedAt;
    if (age > STALE_LIMIT_MS) await this.#renewOrThrow();
    else if (age > MAX_AGE_MS) void this.#renew();
    let found = await this.#keys?.find(kid, algorithm);
    if (found === undefined && this.#mayAskAgain()) {
      await this.#renew();
      found = await this.#keys?.find(kid, algorithm);
    }
    // The unknown key may be a new one: "your token is invalid" is no answer while the server cannot be asked.
    if (found === undefined && this.#failures > 0) throw this.#unavailable();
    return found;
  }

  version(): number {
    const age = this.#options.clock() - this.#fetchedAt;
    // The first fetch waits for a token that has come as far as to its key.
    if (age > MAX_AGE_MS && this.#keys !== undefined) void this.#renew();
    return age > STALE_LIMIT_MS ? -1 : this.#version;
  }

  #mayAskAgain(): boolean {
    return this.#flight !== undefined || this.#options.clock() - this.#triedAt >= UNKNOWN_KID_WINDOW_MS;
  }

  async #renewOrThrow(): Promise<void> {
    await this.#renew();
    if (this.#options.clock() - this.#fetchedAt > STALE_LIMIT_MS) throw this.#unavailable();
  }

  /** Whatever went wrong with the fetch: at this time of day it is no fault of the set-up any more. */
  #unavailable(): BatonError {
    const failure = this.#failure;
    if (failure instanceof BatonError && failure.code === 'keys_unavailable') return failure;
    return new BatonError('keys_unavailable', 'The key set could not be fetched.', {
      cause: failure,
      retryAfterSeconds: 5,
    });
  }

  /** One fetch at a time; after a failure none until the back-off has passed. Never rejects. */
  #renew(): Promise<void> {
    const wait = this.#failures === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (this.#failures - 1), LAST_BACKOFF_MS);
    if (this.#flight === undefined && this.#options.clock() - this.#triedAt < wait) return Promise.resolve();
    this.#flight ??= this.#fetch().finally(() => (this.#flight = undefined));
    return this.#flight;
  }

  async #fetch(): Promise<void> {
    this.#triedAt = this.#options.clock();
    try {
      const url = await this.#options.locate(this.#failures > 0);
      const { keys } = await fetchJson(url, this.#options.fetch);
      if (!Array.isArray(keys) || keys.length > MAX_KEYS) {
        throw new BatonError(
          'keys_unavailable',
          `${url.origin}${url.pathname} is no JWK Set of at most ${MAX_KEYS} keys.`,
          { retryAfterSeconds: 5 },
        );
      }
      const index = indexKeys(keys as readonly Jwk[], this.#options.algorithms);
      if (this.#keys !== undefined && !index.keeps(this.#keys)) this.#version++;
      this.#keys = index;
      this.#fetchedAt = this.#options.clock();
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#failure = error;
    }
  }
}
