import { tokenInvalid } from '../../core/errors';
import type { KeySource } from '../../jws/keys';
import type { HandOverDocument } from '../../policy/document';
import { payloadDigest } from '../../token/left-work';
import { openSealedWork, type SealedWork } from '../../token/sealed-work';
import type { WaitingWork } from './work';

/**
 * Opens a piece of work's seal and holds what is on disk beside it against what is under it.
 *
 * @returns what was sealed: from here on the only truth
 * @throws BatonError `token_invalid` (`binding`: what stands beside the seal was changed), `keys_unavailable`
 */
export async function reopen(
  work: WaitingWork,
  { issuer, algorithms }: HandOverDocument,
  keys: KeySource,
): Promise<SealedWork> {
  const sealed = await openSealedWork(work.seal, { issuer, algorithms, keys });
  const beside: Readonly<Record<string, readonly [unknown, unknown]>> = {
    id: [work.id, sealed.id],
    function: [work.function, sealed.function],
    'idempotency key': [work.idempotencyKey, sealed.idempotencyKey],
    payload: [payloadDigest(work.payload), sealed.payloadSha256],
    'ordering key': [work.orderingKey, sealed.orderingKey ?? null],
    notBefore: [work.notBefore, (sealed.notBefore ?? 0) * 1000],
    deadline: [work.deadline, sealed.deadline * 1000],
  };
  const changed = Object.entries(beside).filter(([, [found, expected]]) => found !== expected);
  if (changed.length > 0) {
    const what = changed.map(([name]) => name).join(', ');
    throw tokenInvalid('binding', `The work ${work.id} was changed while it waited: ${what}.`);
  }
  return sealed;
}
