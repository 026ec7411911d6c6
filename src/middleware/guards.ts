import type { AccessPolicy, Decision } from '../core/access';
import { runInContext } from '../context/storage';
import { BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import { accessEvent } from './authorize';
import { denial } from './denial';
import type { HttpRequest, Middleware } from './http';
import { refuse } from './problem';
import { requireRecord } from './record';

type Ask = (policy: AccessPolicy, user: Identity) => Decision;

const anonymous: Decision = { allowed: false, public: false, reason: 'identity_missing' };

/** Decides by all of `asks`: the first refusal counts. Only refusals are audited: the route's own decision is already. */
function check(req: HttpRequest, owner: string, asks: readonly Ask[]): void {
  const { policy, context, audit } = requireRecord(req, owner);
  if (policy === undefined) throw new BatonError('option_invalid', `${owner} needs baton(), or identity(), before it.`);
  const { user } = context;
  const decisions = user === undefined ? [anonymous] : asks.map((ask) => ask(policy, user));
  const refused = decisions.find(({ allowed }) => !allowed);
  if (refused === undefined) return;
  const request = { method: req.method ?? '', path: (req.originalUrl ?? req.url ?? '').split('?', 1)[0] ?? '' };
  audit.record(accessEvent(refused, request, user));
  throw denial(refused);
}

function guard(owner: string, names: readonly unknown[], asks: readonly Ask[]): Middleware {
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
    throw new BatonError('option_invalid', `${owner} needs one name or more, each a string of its own.`);
  }
  return function guardMiddleware(req, res, next) {
    try {
      // In the request's own context, whatever the middleware before did to it.
      runInContext(requireRecord(req, owner), () => check(req, owner, asks));
    } catch (thrown) {
      refuse(req, res, thrown);
      return;
    }
    runInContext(requireRecord(req, owner), next);
  };
}

/**
 * Lets only callers through that have all of these permissions, after the actor's limits.
 *
 * @throws BatonError `option_invalid` where a name is missing or no string. Answers: `permission_denied` 403,
 *   `identity_missing` 401.
 *
 * @example
 * ```ts
 * app.post('/invoices/:id/approve', requirePermission('invoice:approve'), approve);
 * ```
 */
export function requirePermission(...permissions: readonly string[]): Middleware {
  const asks = permissions.map(
    (name): Ask =>
      (policy, user) =>
        policy.decidePermission(user, name),
  );
  return guard('requirePermission()', permissions, asks);
}

/**
 * Lets only callers through that have one of these roles, themselves or by inheritance. Prefer permissions: they say
 * what is done, roles only who usually does it.
 *
 * @throws BatonError `option_invalid` where a name is missing or no string. Answers: `permission_denied` 403,
 *   `identity_missing` 401.
 *
 * @example
 * ```ts
 * app.use('/reports', requireRole('approver', 'auditor'));
 * ```
 */
export function requireRole(...roles: readonly string[]): Middleware {
  const any: Ask = (policy, user) => {
    const decisions = roles.map((name) => policy.decideRole(user, name));
    return decisions.find(({ allowed }) => allowed) ?? decisions[0] ?? anonymous;
  };
  return guard('requireRole()', roles, [any]);
}

/**
 * Lets only callers through whose token has all of these scopes (RFC 6749, section 3.3).
 *
 * @throws BatonError `option_invalid` where a name is missing or no string. Answers: `permission_denied` 403 with an
 *   `insufficient_scope` challenge, `identity_missing` 401.
 *
 * @example
 * ```ts
 * app.get('/export', requireScope('invoices.export'), exportAll);
 * ```
 */
export function requireScope(...scopes: readonly string[]): Middleware {
  const asks = scopes.map(
    (name): Ask =>
      (policy, user) =>
        policy.decideScope(user, name),
  );
  return guard('requireScope()', scopes, asks);
}
