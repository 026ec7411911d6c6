import { BatonError, tokenInvalid } from '../core/errors';
import type { Identity } from '../core/identity';
import { definedMembers } from '../core/objects';
import { identityFrom } from '../identity/from-transaction';
import type { ApprovalDocument } from '../policy/document';
import { isOwnRequest } from '../policy/own-request';
import type { Policy } from '../policy/policy';
import { commentDigest, verifyApprovalToken, type ApprovalExpectations } from '../token/approval-token';
import type { VerifiedHandOver } from '../token/hand-over-token';
import { bag, textOf, type ShownApproval } from './piece';

/** Who approved what a task is about to do. */
export interface TaskApproval {
  /** The state in which it was approved. */
  readonly state: string;
  readonly subject: string;
  readonly decidedAt: Date;
  readonly comment?: string;
}

/** The approval that a step asks for, as the policy has it. */
export interface AskedApproval {
  readonly state: string;
  readonly approval: ApprovalDocument;
}

/** The same, given and verified. */
export interface GivenApproval extends AskedApproval {
  readonly approver: Identity;
  readonly told: TaskApproval;
}

/**
 * Reads an approval out of a task's event: the output of the state in which it was given.
 * @returns undefined where the event shows none
 * @throws BatonError `event_invalid`
 */
export function shownApproval(value: unknown): ShownApproval | undefined {
  if (value === undefined) return undefined;
  const { handOver, comment } = bag(value);
  const token = textOf(handOver);
  if (token !== undefined) return { token, comment: textOf(comment) };
  throw new BatonError(
    'event_invalid',
    'The member "approval" of the task\'s event is no output of a state that was approved. See docs/approvals.md.',
  );
}

/**
 * Verifies the approval that a task shows. It is good for the one execution whose hand-over the task shows too, with the one
 * input, and for the one state; what the event says of it besides counts only as far as the proof vouches for it.
 *
 * @param start the verified hand-over of who started the execution
 * @param now seconds since the epoch
 * @throws BatonError `token_invalid`, `keys_unavailable`
 */
export async function verifyApproval(
  { token, comment }: ShownApproval,
  asked: AskedApproval,
  start: VerifiedHandOver,
  expected: ApprovalExpectations,
  now: number,
): Promise<GivenApproval> {
  const verified = await verifyApprovalToken(token, expected, now);
  const { approved, audience, issuedAt } = verified;
  const binding = (what: string): BatonError => tokenInvalid('binding', `The approval is for another ${what}.`);
  if (audience !== start.audience) throw tokenInvalid('audience', 'The approval is for another workflow.');
  if (approved.execution !== start.work?.id) throw binding('execution');
  if (approved.inputSha256 !== start.work.payloadSha256) throw binding('input');
  if (approved.state !== asked.state) throw binding('state');
  if (comment !== undefined && commentDigest(comment) !== approved.commentSha256) throw binding('comment');
  return {
    ...asked,
    approver: identityFrom(verified, { profile: 'hand-over', issuer: expected.issuer }),
    told: definedMembers<TaskApproval>({
      state: asked.state,
      subject: verified.transaction.sub,
      decidedAt: new Date(issuedAt * 1000),
      comment,
    }),
  };
}

/** Whether the approver may approve this caller's request, by the function's own policy: it is the last to know. */
export function decideApproval(
  policy: Policy,
  caller: Identity,
  { approver, approval: { permission, ownRequests } }: GivenApproval,
): { readonly allowed: boolean; readonly reason: string } {
  if (ownRequests !== true && isOwnRequest(policy, caller, approver)) return { allowed: false, reason: 'own_request' };
  return policy.decidePermission(approver, permission);
}
