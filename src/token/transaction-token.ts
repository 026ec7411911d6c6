import { tokenInvalid } from '../core/errors';
import type { TransactionClaims } from '../core/transaction';
import { parseCompact } from '../jws/compact';
import type { Signer } from '../jws/sign';
import { signJws } from '../jws/sign';
import { verifyJws, type JwsExpectations } from '../jws/verify';
import { checkRegisteredClaims, type ClaimExpectations } from './registered-claims';
import { pickTransactionClaims, readTransactionClaims } from './transaction-claims';

/** The header that carries it, and must carry exactly one (draft-ietf-oauth-transaction-tokens-10). */
export const TRANSACTION_TOKEN_HEADER = 'Txn-Token';

/** `typ` of a Transaction Token (draft-ietf-oauth-transaction-tokens-10). */
export const TRANSACTION_TOKEN_TYPE = 'txntoken+jwt';

/** What a verified token says. */
export interface VerifiedTransaction {
  readonly transaction: TransactionClaims;
  /** The requesting workload (`req_wl`): who asked for the token. */
  readonly requestingWorkload: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Seconds since the epoch; the identity provider's own end (`rctx.idp_exp`) where that comes first. */
  readonly expiresAt: number;
}

/** Who a new Transaction Token is from, for, and for how long. */
export interface TransactionTokenTerms {
  readonly issuer: string;
  readonly audience: string;
  readonly requestingWorkload: string;
  readonly lifetimeSeconds: number;
}

/** What a verifier of Transaction Tokens insists on. */
export interface TransactionTokenExpectations extends ClaimExpectations, Pick<JwsExpectations, 'algorithms' | 'keys'> {
  readonly maxTokenBytes?: number;
}

/**
 * Mints a Transaction Token.
 * @param now seconds since the epoch
 */
export function mintTransactionToken(
  transaction: TransactionClaims,
  terms: TransactionTokenTerms,
  signer: Signer,
  now: number,
): Promise<string> {
  const claims = {
    iss: terms.issuer,
    aud: terms.audience,
    iat: now,
    exp: now + terms.lifetimeSeconds,
    req_wl: terms.requestingWorkload,
    ...pickTransactionClaims(transaction),
  };
  return signJws(TRANSACTION_TOKEN_TYPE, claims, signer);
}

/**
 * Reads a verified token's claims: registered ones first, then those that travel on. A caller whose own sign-in has
 * ended (`rctx.idp_exp`) is refused even while the token lives, because the gateway caches tokens.
 *
 * @param signedInAt when the sign-in has to be good, in seconds since the epoch: now, but for work that was left behind
 */
export function readVerified(
  claims: Readonly<Record<string, unknown>>,
  expected: ClaimExpectations,
  now: number,
  signedInAt?: number,
): VerifiedTransaction {
  const { issuedAt, expiresAt } = checkRegisteredClaims(claims, expected, now);
  const transaction = readTransactionClaims(claims);
  const { req_wl: requestingWorkload } = claims;
  if (typeof requestingWorkload !== 'string' || requestingWorkload === '') {
    throw tokenInvalid('claims', "The token's req_wl is missing or is not a string.");
  }
  const providerEnd = transaction.rctx.idp_exp ?? Infinity;
  if ((signedInAt ?? now) >= providerEnd + expected.clockToleranceSeconds) {
    throw tokenInvalid('expired', "The caller's sign-in at the identity provider has ended.");
  }
  const end = signedInAt === undefined ? Math.min(expiresAt, providerEnd) : expiresAt;
  return { transaction, requestingWorkload, issuedAt, expiresAt: end };
}

/**
 * Verifies a Transaction Token.
 *
 * @param now seconds since the epoch
 * @throws BatonError `token_invalid` (see its `reason`), `keys_unavailable`
 */
export async function verifyTransactionToken(
  token: string,
  expected: TransactionTokenExpectations,
  now: number,
): Promise<VerifiedTransaction> {
  const { algorithms, keys } = expected;
  const jws = parseCompact(token, expected.maxTokenBytes);
  const claims = await verifyJws(jws, { algorithms, keys, types: [TRANSACTION_TOKEN_TYPE] });
  return readVerified(claims, expected, now);
}
