import type { Decision } from './access';
import type { Identity } from './identity';
import type { AuditEvent } from './logger';

type CallerFields = Pick<AuditEvent, 'subject' | 'transactionId' | 'actor'>;

/** Who it was, as each audit line names them; nothing where it was nobody. */
export function callerFields(user: Identity | undefined): CallerFields {
  if (user === undefined) return {};
  const { subject, transactionId, actor } = user;
  return { subject, transactionId, ...(actor && { actor: actor.subject }) };
}

/** What was decided on a permission, why, and for whom, as each audit line says it. */
export function decisionFields(
  { allowed, reason, rule }: Decision,
  user: Identity,
): CallerFields & Pick<AuditEvent, 'outcome'> & Pick<Decision, 'reason' | 'rule'> {
  return {
    outcome: allowed ? 'allowed' : 'denied',
    reason,
    ...(rule !== undefined && { rule }),
    ...callerFields(user),
  };
}
