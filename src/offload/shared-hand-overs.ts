import type { TransactionClaims } from '../core/transaction';
import type { Signer } from '../jws/sign';
import type { Policy } from '../policy/policy';
import { HAND_OVER_MARGIN_SECONDS } from './caller';

/**
 * How long calls take a token that was minted for an earlier one. It is never made to last longer for that: what shrinks
 * is what it has beyond a call's own time, and half of that is left.
 */
export const SHARED_FOR_SECONDS = HAND_OVER_MARGIN_SECONDS / 2;

/** Tokens of one generation, and there are two. */
const MAX_TOKENS = 500;

/** What two calls must have in common to be handed over with the same token. */
export interface HandOverSharing {
  readonly policy: Policy;
  /** The function's name in the policy. */
  readonly name: string;
  /** The very object: the verified caller of one token, which no other caller has, and none with another actor. */
  readonly transaction: TransactionClaims;
  /** One that stays with its key. */
  readonly signer: Signer;
}

interface SharedToken {
  readonly signer: Signer;
  /** Seconds since the epoch. */
  readonly mintedAt: number;
  readonly token: Promise<string>;
}

type Generation = Map<TransactionClaims, Map<string, SharedToken>>;

/**
 * Hand-over tokens that calls share: the same caller calling the same function again within seconds costs no signature.
 * Whether the call is allowed is decided for each call, and not here.
 *
 * Bounded by two generations, as tokens are good for seconds only: nothing has to be looked for to be dropped.
 */
export class SharedHandOvers {
  #policy: Policy | undefined;
  #young: Generation = new Map();
  #old: Generation = new Map();
  #youngTokens = 0;
  #youngSince = 0;

  /**
   * The token for this call: that of an earlier one, or a new one.
   *
   * @param now seconds since the epoch
   * @param mint makes a token that begins now
   */
  take(sharing: HandOverSharing, now: number, mint: () => Promise<string>): Promise<string> {
    const { policy, name, transaction, signer } = sharing;
    if (policy !== this.#policy) this.#beginAnew(policy);
    const known = this.#young.get(transaction)?.get(name) ?? this.#old.get(transaction)?.get(name);
    if (known?.signer === signer && isFresh(known.mintedAt, now)) return known.token;
    return this.#keep(transaction, name, { signer, mintedAt: now, token: mint() });
  }

  #keep(transaction: TransactionClaims, name: string, made: SharedToken): Promise<string> {
    if (this.#youngTokens >= MAX_TOKENS || !isFresh(this.#youngSince, made.mintedAt)) this.#turn(made.mintedAt);
    const tokens = this.#young.get(transaction) ?? new Map<string, SharedToken>();
    this.#young.set(transaction, tokens.set(name, made));
    this.#youngTokens += 1;
    // Who waits for it hears of the failure; who comes later tries again.
    made.token.catch(() => {
      if (tokens.get(name) === made) tokens.delete(name);
    });
    return made.token;
  }

  #turn(now: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngTokens = 0;
    this.#youngSince = now;
  }

  /** What is handed over, by whom and for how long is the policy's word. */
  #beginAnew(policy: Policy): void {
    this.#policy = policy;
    this.#young = new Map();
    this.#old = new Map();
    this.#youngTokens = 0;
  }
}

/** Not of the future either: where the clock was set back, the token would begin later than the call. */
function isFresh(since: number, now: number): boolean {
  return now >= since && now < since + SHARED_FOR_SECONDS;
}
