import type { Decision } from '../core/access';
import { BatonError } from '../core/errors';

/** The error that answers a refused decision; the finer reason goes to the log only. */
export function denial(decision: Decision): BatonError {
  const { reason, required, requiredLogin } = decision;
  if (reason === 'identity_missing') {
    return new BatonError('identity_missing', 'The request carries no identity and its route is not public.');
  }
  if (reason === 'route_not_listed') {
    return new BatonError('route_not_listed', 'No route entry of the policy matches the request.', { reason });
  }
  if (reason === 'authentication_insufficient') {
    return new BatonError('authentication_insufficient', 'The sign-in is too old or too weak for the request.', {
      reason,
      ...(requiredLogin && { requiredLogin }),
    });
  }
  const what = required === undefined ? '' : ` (${required})`;
  return new BatonError('permission_denied', `The policy refuses the request: ${reason}${what}.`, {
    reason,
    ...(reason === 'scope_missing' && required !== undefined && { missingScopes: [required] }),
  });
}
