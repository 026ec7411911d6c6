import { createHash, randomUUID } from 'node:crypto';
import { tokenInvalid } from '../core/errors';
import { definedMembers } from '../core/objects';
import type { TransactionClaims } from '../core/transaction';
import { parseCompact } from '../jws/compact';
import { signJws, type Signer } from '../jws/sign';
import { verifyJws, type JwsExpectations } from '../jws/verify';
import { requireObject, requireText } from './left-work';
import { numericDate, type ClaimExpectations } from './registered-claims';
import { pickTransactionClaims } from './transaction-claims';
import { readVerified, type VerifiedTransaction } from './transaction-token';

/**
 * `typ` of an approval. It stands in the data of a workflow, where hand-overs of callers stand too: neither is ever taken
 * for the other.
 */
const APPROVAL_TOKEN_TYPE = 'baton-approval+jwt';

/** As large as a hand-over may be: the same claims. */
const MAX_APPROVAL_BYTES = 16_384;

/** What was approved: one state of one execution with one input, with these words. */
export interface ApprovedWork {
  /** The execution's name. */
  readonly execution: string;
  /** Digest of the execution's input without its caller. */
  readonly inputSha256: string;
  readonly state: string;
  /** Digest of the approver's comment, where there is one. */
  readonly commentSha256?: string;
}

/** Who an approval is from, and for which workflow. */
export interface ApprovalTerms {
  readonly issuer: string;
  /** ARN of the state machine. */
  readonly audience: string;
  /** The app in which it was approved (`req_wl`). */
  readonly requestingWorkload: string;
  /** When the workflow's steps end to take it, in seconds since the epoch. */
  readonly expiresAt: number;
  readonly approved: ApprovedWork;
}

/** What the taker of an approval insists on. */
export type ApprovalExpectations = ClaimExpectations & Pick<JwsExpectations, 'algorithms' | 'keys'>;

/** A verified approval: its approver's transaction, and what was approved. */
export interface VerifiedApproval extends VerifiedTransaction {
  readonly audience: string;
  readonly approved: ApprovedWork;
}

/** What binds a comment to its approval. */
export function commentDigest(comment: string): string {
  return createHash('sha256').update(comment).digest('base64url');
}

/**
 * Mints the proof that its caller approved: `sub scope act tctx rctx txn` are the approver's.
 * @param now when it was decided, in seconds since the epoch
 */
export function mintApprovalToken(
  transaction: TransactionClaims,
  { issuer, audience, requestingWorkload, expiresAt, approved }: ApprovalTerms,
  signer: Signer,
  now: number,
): Promise<string> {
  const { execution, inputSha256, state, commentSha256 } = approved;
  const claims = {
    iss: issuer,
    aud: audience,
    iat: now,
    exp: expiresAt,
    jti: randomUUID(),
    req_wl: requestingWorkload,
    approval: definedMembers<object>({ execution, sha256: inputSha256, state, comment_sha256: commentSha256 }),
    ...pickTransactionClaims(transaction),
  };
  return signJws(APPROVAL_TOKEN_TYPE, claims, signer);
}

/**
 * Verifies an approval. The approver's own sign-in had to be good when it was given.
 *
 * @param now seconds since the epoch
 * @throws BatonError `token_invalid` (see its `reason`), `keys_unavailable`
 */
export async function verifyApprovalToken(
  token: string,
  expected: ApprovalExpectations,
  now: number,
): Promise<VerifiedApproval> {
  const { algorithms, keys } = expected;
  const jws = parseCompact(token, MAX_APPROVAL_BYTES);
  const claims = await verifyJws(jws, { algorithms, keys, types: [APPROVAL_TOKEN_TYPE] });
  const verified = readVerified(claims, expected, now, numericDate(claims, 'iat'));
  // One workflow: an approval that also names others could be carried on to them.
  if (typeof claims.aud !== 'string') throw tokenInvalid('audience', 'The approval is not for one workflow alone.');
  const approval = requireObject(claims.approval, 'approval');
  const approved = definedMembers<ApprovedWork>({
    execution: requireText(approval, 'execution'),
    inputSha256: requireText(approval, 'sha256'),
    state: requireText(approval, 'state'),
    commentSha256: approval.comment_sha256 === undefined ? undefined : requireText(approval, 'comment_sha256'),
  });
  return { ...verified, audience: claims.aud, approved };
}
