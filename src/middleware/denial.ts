import type { Decision } from '../core/access';
import { BatonError } from '../core/errors';

/** The error that answers a refused decision; the finer reason goes to the log only. */
export function denial(decision: Decision): BatonError {
  const { reason, required, requiredLogin } = decision;
  if (reason === 'identity_missing') {
    return new BatonError(
      'identity_missing',
      'The request carries no identity, and its route is not public. Send it through the gateway.',
    );
  }
  if (reason === 'route_not_listed') {
    const message = 'No entry of /routes fits the request. Add one, or set "unlistedRoutes": "authenticated".';
    return new BatonError('route_not_listed', message, { reason });
  }
  if (reason === 'authentication_insufficient') {
    return new BatonError(
      'authentication_insufficient',
      'The sign-in is too old or too weak for the request: the user has to sign in again.',
      {
        reason,
        ...(requiredLogin && { requiredLogin }),
      },
    );
  }
  const what = required === undefined ? '' : ` (${required})`;
  return new BatonError('permission_denied', `The policy refuses the request: ${reason}${what}.`, {
    reason,
    ...(reason === 'scope_missing' && required !== undefined && { missingScopes: [required] }),
  });
}
