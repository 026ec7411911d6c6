import { steadyClock, type Clock } from '../core/clock';
import { asBatonError, BatonError } from '../core/errors';
import type { TokenSource } from '../core/token-source';
import { backOffMs } from '../keys/back-off';

/** A token is fetched anew this long before it ends. */
const RENEW_BEFORE_MS = 2 * 60_000;

interface Held {
  readonly token: string;
  readonly until: number;
}

/** The tokens of a source, kept until shortly before they end, and fetched once for any number who wait. */
export class HeldTokens {
  readonly #source: TokenSource;
  readonly #clock: Clock;
  readonly #steady: Clock;
  readonly #held = new Map<string, Held>();
  readonly #flights = new Map<string, Promise<string>>();
  readonly #failures = new Map<string, { readonly error: unknown; readonly count: number; readonly at: number }>();

  constructor(source: TokenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#steady = steadyClock(clock);
  }

  /** @throws BatonError what the source throws; `credentials_unavailable`, reason `token_source`, for what is none of Baton's */
  async token(audience: string): Promise<string> {
    const held = this.#held.get(audience);
    if (held !== undefined && this.#steady() < held.until) return held.token;
    let flight = this.#flights.get(audience);
    if (flight === undefined) {
      const failure = this.#failures.get(audience);
      // A thousand users who wait for one token must not ask for it a thousand times.
      if (failure !== undefined && this.#steady() - failure.at < backOffMs(failure.count)) throw failure.error;
      flight = this.#counted(audience).finally(() => this.#flights.delete(audience));
      this.#flights.set(audience, flight);
    }
    return flight;
  }

  /** Forgets a token that was refused, unless another has taken its place. */
  drop(audience: string, token: string): void {
    if (this.#held.get(audience)?.token === token) this.#held.delete(audience);
  }

  /** Counts failures in a row, which lengthen the pause before the next attempt. */
  async #counted(audience: string): Promise<string> {
    try {
      const token = await this.#fetch(audience);
      this.#failures.delete(audience);
      return token;
    } catch (error) {
      const count = (this.#failures.get(audience)?.count ?? 0) + 1;
      this.#failures.set(audience, { error, count, at: this.#steady() });
      throw error;
    }
  }

  async #fetch(audience: string): Promise<string> {
    try {
      const asked = this.#steady();
      const { token, expiresAt } = await this.#source.token(audience);
      if (typeof token !== 'string' || token === '' || !Number.isFinite(expiresAt)) {
        throw new Error('A token source gives { token, expiresAt }, the time in seconds since the epoch.');
      }
      const lifetimeMs = expiresAt * 1000 - this.#clock();
      this.#held.set(audience, { token, until: asked + lifetimeMs - Math.min(RENEW_BEFORE_MS, lifetimeMs / 2) });
      return token;
    } catch (thrown) {
      if (thrown instanceof BatonError) throw thrown;
      throw new BatonError(
        'credentials_unavailable',
        'The token for AWS could not be had from its source; see the cause.',
        {
          cause: asBatonError(thrown).cause,
          reason: 'token_source',
        },
      );
    }
  }
}
