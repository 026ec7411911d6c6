import type { Clock } from '../core/clock';
import type { Identity } from '../core/identity';
import type { TransactionClaims } from '../core/transaction';
import type { KeySource } from '../jws/keys';
import type { Fetch } from '../keys/fetch-json';

/** A caller, verified, with the claims that a hand-over takes on. */
export interface VerifiedCaller {
  readonly identity: Identity;
  readonly transaction: TransactionClaims;
}

/** What an edge is made with besides the policy. */
export interface EdgeOptions {
  readonly clock?: Clock;
  readonly fetch?: Fetch;
  /** Key sources that were made for an earlier policy, see `keySourceAt()`. */
  readonly known?: Map<string, KeySource>;
}

/**
 * Verifies the assertions of one kind of edge: what differs between a gateway, a load balancer and a proxy. Finding the
 * one assertion among the headers and remembering verdicts is the same for all, and not its business.
 */
export interface AssertionVerifier {
  /** The header that carries the assertion. */
  readonly header: string;
  /** An assertion is accepted this long after its end. */
  readonly clockToleranceSeconds: number;
  /** The state of the keys, see `KeySource.version()`. */
  keyVersion(): number;
  /**
   * @param now seconds since the epoch
   * @throws BatonError `token_invalid`, `keys_unavailable`
   */
  verify(assertion: string, now: number): Promise<VerifiedCaller>;
}
