import { systemClock, type Clock } from '../core/clock';
import type { Algorithm } from '../jws/algorithms';
import type { Jwk, KeySource, VerificationKey } from '../jws/keys';
import { keysUnavailable } from './back-off';
import { indexKeys, type KeyIndex } from './fixed';
import { Renewal } from './renewal';
import { RenewalLog, type LoggerOf } from './renewal-log';

/** How a key set that can change is kept. */
export interface RenewedKeyOptions {
  readonly algorithms: readonly Algorithm[];
  /**
   * Gets the key set. What it found out on the way, such as an address, may be wrong once a fetch has failed.
   * @returns undefined where nothing has changed since it was last asked
   */
  readonly load: (lastFailed: boolean) => Promise<readonly Jwk[] | undefined>;
  readonly clock?: Clock;
  /** Keys are fetched anew after this long. Default 10 minutes. */
  readonly maxAgeMs?: number;
  /** Keys serve this long after they were last fetched. Default 24 hours. */
  readonly staleLimitMs?: number;
  /** Keys that are known from the start. */
  readonly initial?: readonly Jwk[];
  /** Where the keys are, for the log. */
  readonly source: string;
  /** Told when the keys are not renewed any more, and when they are again. */
  readonly logger?: LoggerOf;
}

const MAX_AGE_MS = 10 * 60_000;
/** A key server that is down does not take the app down. */
const STALE_LIMIT_MS = 24 * 60 * 60_000;
/** An unknown kid causes at most one fetch in this long. Short, so that a real rotation is seen even during a flood. */
const UNKNOWN_KID_WINDOW_MS = 1500;

/**
 * A key set that can change, wherever it comes from: fetched when first needed, once for any number of waiting callers;
 * renewed when old or when a token names an unknown key; replaced whole, so that a withdrawn key stops working.
 */
export class RenewedKeySource implements KeySource {
  readonly #options: RenewedKeyOptions;
  readonly #renewal: Renewal;
  readonly #maxAgeMs: number;
  readonly #staleLimitMs: number;
  #keys: KeyIndex | undefined;
  #version = 0;

  constructor(options: RenewedKeyOptions) {
    this.#options = options;
    const log = new RenewalLog(options.source, options.logger);
    this.#renewal = new Renewal(() => this.#fetch(), options.clock ?? systemClock, log);
    this.#maxAgeMs = options.maxAgeMs ?? MAX_AGE_MS;
    this.#staleLimitMs = options.staleLimitMs ?? STALE_LIMIT_MS;
    if (options.initial === undefined) return;
    this.#keys = indexKeys(options.initial, options.algorithms);
    this.#renewal.renewed();
  }

  /** @throws BatonError `keys_unavailable` */
  async find(kid: string, algorithm: Algorithm): Promise<VerificationKey | undefined> {
    const { ageMs } = this.#renewal;
    if (ageMs > this.#staleLimitMs) await this.#renewOrThrow();
    else if (ageMs > this.#maxAgeMs) void this.#renewal.run();
    let found = await this.#keys?.find(kid, algorithm);
    if (found === undefined && this.#mayAskAgain()) {
      await this.#renewal.run();
      found = await this.#keys?.find(kid, algorithm);
    }
    // The unknown key may be a new one: "your token is invalid" is no answer while the server cannot be asked.
    if (found === undefined && this.#renewal.failures > 0) throw keysUnavailable(this.#renewal.failure);
    return found;
  }

  version(): number {
    const { ageMs } = this.#renewal;
    // The first fetch waits for a token that has come as far as to its key.
    if (ageMs > this.#maxAgeMs && this.#keys !== undefined) void this.#renewal.run();
    return ageMs > this.#staleLimitMs ? -1 : this.#version;
  }

  #mayAskAgain(): boolean {
    return this.#renewal.isFlying || this.#renewal.sinceTryMs >= UNKNOWN_KID_WINDOW_MS;
  }

  async #renewOrThrow(): Promise<void> {
    await this.#renewal.run();
    if (this.#renewal.ageMs > this.#staleLimitMs) throw keysUnavailable(this.#renewal.failure);
  }

  async #fetch(): Promise<void> {
    const keys = await this.#options.load(this.#renewal.failures > 0);
    if (keys !== undefined) this.#replace(indexKeys(keys, this.#options.algorithms));
  }

  #replace(index: KeyIndex): void {
    if (this.#keys !== undefined && !index.keeps(this.#keys)) this.#version++;
    this.#keys = index;
  }
}
