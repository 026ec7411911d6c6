import type { Caller } from '../context/caller';
import { decisionFields } from '../core/audited';
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
  const decision = (record.policy ?? policy).decidePermission(user, permission);
  record.audit.record({
    event: 'hand_over',
    function: name,
    required: permission,
    ...decisionFields(decision, user),
  });
  if (decision.allowed) return;
  const { reason } = decision;
  const message = `The policy refuses the call of "${name}": ${reason}. ${refusalAdvice(policy, reason, permission, user)}`;
  throw new BatonError('permission_denied', message, { reason });
}
