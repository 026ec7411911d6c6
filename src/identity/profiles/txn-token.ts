import type { TxnTokenEdge } from '../../policy/edge-document';
import { keySourceAt } from '../../keys/source';
import { TRANSACTION_TOKEN_HEADER, verifyTransactionToken } from '../../token/transaction-token';
import type { AssertionVerifier, EdgeOptions } from '../assertion';
import { identityFrom } from '../from-transaction';

const DEFAULT_CLOCK_TOLERANCE_SECONDS = 30;
/** Longer than the gateway's default cache (300 s) with its tolerance, short enough to bound what a stolen token is worth. */
const DEFAULT_MAX_LIFETIME_SECONDS = 900;
/**
 * Where tokens are for one request only the authorizer mints them for 60 s. One that lives longer was minted for a
 * gateway's cache: better refused at the first request than taken for a replay at the second.
 */
const MAX_UNCACHED_LIFETIME_SECONDS = 60;

/** Longest accepted lifetime of a Transaction Token, in seconds. */
export function maxLifetimeOf({ maxLifetimeSeconds, replay, bind }: TxnTokenEdge): number {
  const once = replay !== undefined || bind !== undefined;
  return maxLifetimeSeconds ?? (once ? MAX_UNCACHED_LIFETIME_SECONDS : DEFAULT_MAX_LIFETIME_SECONDS);
}

/** The profile `txn-token`: Baton's own authorizer signs a Transaction Token, in which roles are policy roles already. */
export function txnTokenVerifier(document: TxnTokenEdge, options: EdgeOptions): AssertionVerifier {
  const { issuer, algorithms, profile } = document;
  const keys = keySourceAt(document.keys, { ...options, algorithms });
  const expected = {
    issuer,
    audiences: [document.audience],
    algorithms,
    keys,
    clockToleranceSeconds: document.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxLifetimeSeconds: maxLifetimeOf(document),
  };
  return {
    header: TRANSACTION_TOKEN_HEADER,
    clockToleranceSeconds: expected.clockToleranceSeconds,
    keyVersion: () => keys.version(),
    async verify(assertion, now) {
      const verified = await verifyTransactionToken(assertion, expected, now);
      return { identity: identityFrom(verified, { profile, issuer }), transaction: verified.transaction };
    },
  };
}
