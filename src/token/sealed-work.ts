import { tokenInvalid } from '../core/errors';
import { definedMembers } from '../core/objects';
import type { TransactionClaims } from '../core/transaction';
import type { Algorithm } from '../jws/algorithms';
import { parseCompact } from '../jws/compact';
import type { KeyFinder } from '../jws/keys';
import { signJws, type Signer } from '../jws/sign';
import { verifyJws } from '../jws/verify';
import { requireObject, requireText, type LeftWork } from './left-work';
import { numericDate } from './registered-claims';
import { pickTransactionClaims, readTransactionClaims } from './transaction-claims';

/** `typ` of a seal. No function takes it for a hand-over, and no front door for a Transaction Token. */
const SEALED_WORK_TYPE = 'baton-outbox+jwt';

/** Room for the claims of the largest Transaction Token, and what the seal adds to them. */
const MAX_SEAL_BYTES = 16_384;

/** A piece of work that waits: what was asked, by whom, for when. All of it is under the seal. */
export interface SealedWork extends LeftWork {
  /** The function's name in the policy. Its ARN is the policy's business, at the time when the work is delivered. */
  readonly function: string;
  /** Work with the same ordering key is delivered in the order in which it was left. */
  readonly orderingKey?: string;
  /** Not to be delivered before, in seconds since the epoch. */
  readonly notBefore?: number;
  /** Not to begin later, in seconds since the epoch. */
  readonly deadline: number;
  readonly transaction: TransactionClaims;
  /** Which edge vouched for the caller. */
  readonly edge: { readonly profile: string; readonly issuer: string };
}

/** Who seals and opens: the app, for itself. */
export interface SealTerms {
  readonly issuer: string;
}

/**
 * Seals work for the time in which it waits: whoever can write to the place where it waits can neither change what is
 * asked nor who asks it.
 */
export function sealWork(work: SealedWork, { issuer }: SealTerms, signer: Signer): Promise<string> {
  const { id, idempotencyKey, payloadSha256, orderingKey, notBefore, deadline, leftAt, edge } = work;
  const claims = {
    iss: issuer,
    // For the one who sealed it, and nobody else.
    aud: issuer,
    iat: leftAt,
    exp: deadline,
    jti: id,
    work: { function: work.function, key: idempotencyKey, sha256: payloadSha256, order: orderingKey, from: notBefore },
    edge,
    ...pickTransactionClaims(work.transaction),
  };
  return signJws(SEALED_WORK_TYPE, claims, signer);
}

/**
 * Verifies a seal and reads what is under it. Times are not judged: a deadline that has passed is no broken seal.
 * @throws BatonError `token_invalid` (see its `reason`), `keys_unavailable`
 */
export async function openSealedWork(
  seal: string,
  expected: SealTerms & { readonly algorithms: readonly Algorithm[]; readonly keys: KeyFinder },
): Promise<SealedWork> {
  const { issuer, algorithms, keys } = expected;
  const types = [SEALED_WORK_TYPE];
  const claims = await verifyJws(parseCompact(seal, MAX_SEAL_BYTES), { algorithms, keys, types });
  if (claims.iss !== issuer) throw tokenInvalid('issuer', 'The work was sealed by somebody else.');
  if (claims.aud !== issuer) throw tokenInvalid('audience', 'The seal is for somebody else.');
  const work = requireObject(claims.work, 'work');
  const edge = requireObject(claims.edge, 'edge');
  return definedMembers<SealedWork>({
    id: requireText(claims, 'jti'),
    function: requireText(work, 'function'),
    idempotencyKey: requireText(work, 'key'),
    payloadSha256: requireText(work, 'sha256'),
    orderingKey: work.order === undefined ? undefined : requireText(work, 'order'),
    notBefore: work.from === undefined ? undefined : numericDate(work, 'from'),
    deadline: numericDate(claims, 'exp'),
    leftAt: numericDate(claims, 'iat'),
    transaction: readTransactionClaims(claims),
    edge: Object.freeze({ profile: requireText(edge, 'profile'), issuer: requireText(edge, 'issuer') }),
  });
}
