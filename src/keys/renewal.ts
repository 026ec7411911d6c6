import { steadyClock, type Clock } from '../core/clock';
import { backOffMs } from './back-off';
import type { RenewalLog } from './renewal-log';

/**
 * What is got anew from time to time: one flight at a time, for however many wait; after a failure none until the back-off
 * has passed. What is held meanwhile, and for how long it serves, is the owner's.
 */
export class Renewal {
  /** Tells the log of the first failure, and of the end of failing. */
  readonly log: RenewalLog;
  /** For what has passed: it never runs backwards. */
  readonly clock: Clock;
  readonly #renew: () => Promise<void>;
  #renewedAt = -Infinity;
  #triedAt = -Infinity;
  #failures = 0;
  #failure: unknown;
  #flight: Promise<void> | undefined;

  /**
   * @param renew gets it and keeps it; what it throws counts as a failure
   * @param log where it comes from
   */
  constructor(renew: () => Promise<void>, clock: Clock, log: RenewalLog) {
    this.#renew = renew;
    this.clock = steadyClock(clock);
    this.log = log;
  }

  /** How long ago it was got, in milliseconds. */
  get ageMs(): number {
    return this.clock() - this.#renewedAt;
  }

  /** How long ago it was last tried, in milliseconds. */
  get sinceTryMs(): number {
    return this.clock() - this.#triedAt;
  }

  get isFlying(): boolean {
    return this.#flight !== undefined;
  }

  /** How often it failed since it last worked. */
  get failures(): number {
    return this.#failures;
  }

  /** What it last failed with. */
  get failure(): unknown {
    return this.#failure;
  }

  /** It is there from the start, or came another way. */
  renewed(): void {
    this.#renewedAt = this.clock();
  }

  /** Gets it anew, or waits for who does. Never rejects. */
  run(): Promise<void> {
    if (this.#flight === undefined && this.sinceTryMs < backOffMs(this.#failures)) return Promise.resolve();
    this.#flight ??= this.#try().finally(() => (this.#flight = undefined));
    return this.#flight;
  }

  async #try(): Promise<void> {
    this.#triedAt = this.clock();
    try {
      await this.#renew();
      this.renewed();
      this.#failures = 0;
      this.log.worked();
    } catch (error) {
      this.#failures++;
      this.#failure = error;
      this.log.failed(error);
    }
  }
}
