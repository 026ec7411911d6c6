import type { Caller } from '../context/caller';
import { BatonError } from '../core/errors';
import type { FunctionDocument } from '../policy/document';
import type { Policy } from '../policy/policy';
import { refusalAdvice } from '../policy/refusal-advice';

export { checkStillValid, HAND_OVER_MARGIN_SECONDS, requireCaller, type Caller } from '../context/caller';

/**
 * Decides on the permission, and leaves the decision in the audit trail.
 * @throws BatonError `permission_denied`
 */
export function authorizeCall(policy: Policy, name: string, { permission }: FunctionDocument, caller: Caller): void {
  const { record, user } = caller;
  const { allowed, reason, rule } = (record.policy ?? policy).decidePermission(user, permission);
  record.audit.record({
    event: 'hand_over',
    outcome: allowed ? 'allowed' : 'denied',
    function: name,
    required: permission,
    reason,
    ...(rule !== undefined && { rule }),
    subject: user.subject,
    transactionId: user.transactionId,
    ...(user.actor && { actor: user.actor.subject }),
  });
  if (allowed) return;
  const message = `The policy refuses the call of "${name}": ${reason}. ${refusalAdvice(policy, reason, permission, user)}`;
  throw new BatonError('permission_denied', message, { reason });
}
