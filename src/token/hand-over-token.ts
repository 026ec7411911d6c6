import { randomUUID } from 'node:crypto';
import { tokenInvalid } from '../core/errors';
import type { TransactionClaims } from '../core/transaction';
import { parseCompact } from '../jws/compact';
import type { Signer } from '../jws/sign';
import { signJws } from '../jws/sign';
import { verifyJws, type JwsExpectations } from '../jws/verify';
import { readWorkClaim, workClaim, type LeftWork } from './left-work';
import type { ClaimExpectations } from './registered-claims';
import { pickTransactionClaims } from './transaction-claims';
import { readVerified, type VerifiedTransaction } from './transaction-token';

/** `typ` of a hand-over token: a Transaction Token is not one, and the other way round. */
const HAND_OVER_TOKEN_TYPE = 'baton-handover+jwt';

/** More than a Transaction Token may have (8192): the same claims, an ARN as audience and an ID of its own. */
const MAX_HAND_OVER_BYTES = 16_384;

/** Who a hand-over is from, for which one piece of work, and until when. */
export interface HandOverTerms {
  readonly issuer: string;
  /** The one function or workflow that may take it. */
  readonly audience: string;
  /** The app that hands over (`req_wl`). */
  readonly requestingWorkload: string;
  /** The work's deadline, in seconds since the epoch. */
  readonly expiresAt: number;
  /** What it is for, where it was left behind: its hand-over may outlive the caller's own sign-in, and is bound to it. */
  readonly work?: LeftWork;
}

/** What the taker of a hand-over insists on. */
export type HandOverExpectations = ClaimExpectations &
  Pick<JwsExpectations, 'algorithms' | 'keys'> & {
    /** Longest accepted time from `iat` to `exp` for work that was left behind, in seconds. Default: as for calls. */
    readonly maxLeftWorkSeconds?: number;
  };

/** A verified hand-over: the transaction, and the hand-over's own ID. */
export interface VerifiedHandOver extends VerifiedTransaction {
  /** `jti`: this one hand-over. */
  readonly handOverId: string;
  /** The one function or workflow that it is for. */
  readonly audience: string;
  /** Which work it is for, where it was left behind. */
  readonly work?: LeftWork;
}

/**
 * Mints a hand-over token: `sub scope act tctx rctx txn` go over unchanged.
 * @param now seconds since the epoch
 */
export function mintHandOverToken(
  transaction: TransactionClaims,
  terms: HandOverTerms,
  signer: Signer,
  now: number,
): Promise<string> {
  const claims = {
    iss: terms.issuer,
    aud: terms.audience,
    iat: now,
    exp: terms.expiresAt,
    jti: randomUUID(),
    req_wl: terms.requestingWorkload,
    ...(terms.work && { work: workClaim(terms.work) }),
    ...pickTransactionClaims(transaction),
  };
  return signJws(HAND_OVER_TOKEN_TYPE, claims, signer);
}

/**
 * Verifies a hand-over token.
 *
 * @param now seconds since the epoch
 * @throws BatonError `token_invalid` (see its `reason`), `keys_unavailable`
 */
export async function verifyHandOverToken(
  token: string,
  expected: HandOverExpectations,
  now: number,
): Promise<VerifiedHandOver> {
  const { algorithms, keys } = expected;
  const claims = await verifyJws(parseCompact(token, MAX_HAND_OVER_BYTES), {
    algorithms,
    keys,
    types: [HAND_OVER_TOKEN_TYPE],
  });
  const work = readWorkClaim(claims);
  const maxLifetimeSeconds = (work && expected.maxLeftWorkSeconds) ?? expected.maxLifetimeSeconds;
  // Work may be done when its caller has gone home: the sign-in had to be good when the work was left.
  const verified = readVerified(claims, { ...expected, maxLifetimeSeconds }, now, work?.leftAt);
  // One piece of work: a token that also names others could be carried on to them.
  if (typeof claims.aud !== 'string') throw tokenInvalid('audience', 'The hand-over is not for one function alone.');
  if (typeof claims.jti !== 'string' || claims.jti === '') throw tokenInvalid('claims', "The token's jti is missing.");
  return { ...verified, audience: claims.aud, handOverId: claims.jti, ...(work && { work }) };
}
