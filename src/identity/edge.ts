import { nowSeconds, systemClock, type Clock } from '../core/clock';
import type { Identity } from '../core/identity';
import type { TransactionClaims } from '../core/transaction';
import type { Fetch } from '../keys/fetch-json';
import { keySourceAt } from '../keys/source';
import type { EdgeDocument } from '../policy/document';
import { TRANSACTION_TOKEN_HEADER, verifyTransactionToken } from '../token/transaction-token';
import { identityFrom } from './from-transaction';
import { AssertionHeader } from './hygiene';

/** A caller, verified, with the claims that a hand-over takes on. */
export interface VerifiedCaller {
  readonly identity: Identity;
  readonly transaction: TransactionClaims;
}

/** Turns a request's headers into a verified caller, by what the policy says of its edge. */
export interface Edge {
  /** The header that carries the assertion. */
  readonly header: string;
  /**
   * @returns undefined where the request carries no assertion; a bad one is never "none"
   * @throws BatonError `identity_header_invalid`, `token_invalid`, `keys_unavailable`
   */
  verify(rawHeaders: readonly string[]): Promise<VerifiedCaller | undefined>;
}

/** What an edge is made with besides the policy. */
export interface EdgeOptions {
  readonly clock?: Clock;
  readonly fetch?: Fetch;
}

const DEFAULT_CLOCK_TOLERANCE_SECONDS = 30;
/** Longer than the gateway's default cache (300 s) with its tolerance, short enough to bound what a stolen token is worth. */
export const DEFAULT_MAX_LIFETIME_SECONDS = 900;

/** The edge `txn-token`: Baton's own authorizer signs a Transaction Token. */
export function createEdge(document: EdgeDocument, options: EdgeOptions = {}): Edge {
  const clock = options.clock ?? systemClock;
  const header = new AssertionHeader(TRANSACTION_TOKEN_HEADER);
  const { issuer, algorithms, profile } = document;
  const expected = {
    issuer,
    audiences: [document.audience],
    algorithms,
    keys: keySourceAt(document.keys, { ...options, algorithms }),
    clockToleranceSeconds: document.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxLifetimeSeconds: document.maxLifetimeSeconds ?? DEFAULT_MAX_LIFETIME_SECONDS,
  };
  return {
    header: TRANSACTION_TOKEN_HEADER,
    async verify(rawHeaders) {
      const token = header.take(rawHeaders);
      if (token === undefined) return undefined;
      const verified = await verifyTransactionToken(token, expected, nowSeconds(clock));
      return { identity: identityFrom(verified, { profile, issuer }), transaction: verified.transaction };
    },
  };
}
