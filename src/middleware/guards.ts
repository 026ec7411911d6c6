import type { AccessPolicy, Decision, LoginRequirement } from '../core/access';
import { runInContext } from '../context/storage';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import { checkOptionNames, wholeNumber } from '../core/options';
import { PERMISSION_ASKED } from '../policy/permissions';
import { accessEvent } from './authorize';
import { denial } from './denial';
import type { HttpRequest, Middleware } from './http';
import { loggedPath } from './logged-path';
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
  const request = { method: req.method ?? '', path: loggedPath(req) };
  audit.record(accessEvent(refused, request, user));
  throw denial(refused);
}

function guard(owner: string, asks: readonly Ask[]): Middleware {
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

type AskOne = (policy: AccessPolicy, user: Identity, name: string) => Decision;

const permission: AskOne = (policy, user, name) => policy.decidePermission(user, name);
const role: AskOne = (policy, user, name) => policy.decideRole(user, name);
const scope: AskOne = (policy, user, name) => policy.decideScope(user, name);

function checkNames(owner: string, names: readonly unknown[]): void {
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
    throw new BatonError('option_invalid', `${owner} needs one name or more, each a string of its own.`);
  }
}

/** A wildcard is for grants: asked for, it would pass with any grant that is spelt like it. */
function checkPermissions(owner: string, names: readonly string[]): void {
  checkNames(owner, names);
  const wrong = names.find((name) => !PERMISSION_ASKED.test(name));
  if (wrong === undefined) return;
  throw new BatonError(
    'option_invalid',
    `${owner}: "${wrong}" is no permission such as "invoice:read"; no wildcards here.`,
  );
}

const every = (names: readonly string[], ask: AskOne): Ask[] =>
  names.map(
    (name): Ask =>
      (policy, user) =>
        ask(policy, user, name),
  );

/** The first that holds, else the first refusal. */
const some = (names: readonly string[], ask: AskOne): Ask[] => [
  (policy, user) => {
    const decisions = names.map((name) => ask(policy, user, name));
    return decisions.find(({ allowed }) => allowed) ?? decisions[0] ?? anonymous;
  },
];

/**
 * Lets only callers through that have all of these permissions, after the actor's limits.
 *
 * @throws BatonError `option_invalid` where a name is missing, no string, or no plain permission: wildcards are for
 *   grants. Answers: `permission_denied` 403, `identity_missing` 401.
 *
 * @example
 * ```ts
 * app.post('/invoices/:id/approve', requirePermission('invoice:approve'), approve);
 * ```
 */
export function requirePermission(...permissions: readonly string[]): Middleware {
  checkPermissions('requirePermission()', permissions);
  return guard('requirePermission()', every(permissions, permission));
}

/**
 * Lets only callers through that have one of these permissions, after the actor's limits. A permission that is denied
 * does not stand in the way of another one that is granted.
 *
 * @throws BatonError as {@link requirePermission}
 *
 * @example
 * ```ts
 * app.get('/invoices/:id', requireAnyPermission('invoice:read', 'invoice:audit'), show);
 * ```
 */
export function requireAnyPermission(...permissions: readonly string[]): Middleware {
  checkPermissions('requireAnyPermission()', permissions);
  return guard('requireAnyPermission()', some(permissions, permission));
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
  checkNames('requireRole()', roles);
  return guard('requireRole()', some(roles, role));
}

/**
 * Lets only callers through that have all of these roles, themselves or by inheritance.
 *
 * @throws BatonError as {@link requireRole}
 *
 * @example
 * ```ts
 * app.use('/closing', requireAllRoles('accountant', 'approver'));
 * ```
 */
export function requireAllRoles(...roles: readonly string[]): Middleware {
  checkNames('requireAllRoles()', roles);
  return guard('requireAllRoles()', every(roles, role));
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
  checkNames('requireScope()', scopes);
  return guard('requireScope()', every(scopes, scope));
}

/**
 * Lets only callers through whose token has one of these scopes. The challenge names the first: a client that asks for
 * that one gets further.
 *
 * @throws BatonError as {@link requireScope}
 *
 * @example
 * ```ts
 * app.get('/export', requireAnyScope('invoices.export', 'invoices.admin'), exportAll);
 * ```
 */
export function requireAnyScope(...scopes: readonly string[]): Middleware {
  checkNames('requireAnyScope()', scopes);
  return guard('requireAnyScope()', some(scopes, scope));
}

/** Options of {@link requireRecentLogin}; at least one of the first two. */
export interface RecentLoginOptions extends LoginRequirement {
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

const ACR_VALUE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

function readLogin({ maxAgeSeconds, acr }: RecentLoginOptions): LoginRequirement {
  const owner = 'requireRecentLogin()';
  const contexts: readonly unknown[] = acr === undefined ? [] : typeof acr === 'string' ? [acr] : acr;
  const sound = Array.isArray(contexts) && contexts.every((item) => typeof item === 'string' && ACR_VALUE.test(item));
  if (!sound || (acr !== undefined && contexts.length === 0)) {
    throw new BatonError('option_invalid', `${owner}: option "acr" must be an acr value or a list of them.`);
  }
  if (maxAgeSeconds === undefined && acr === undefined) {
    throw new BatonError('option_invalid', `${owner} needs "maxAgeSeconds", "acr" or both.`);
  }
  if (maxAgeSeconds !== undefined) {
    wholeNumber(owner, 'maxAgeSeconds', maxAgeSeconds, { fallback: 1, min: 1, max: 31_536_000 });
  }
  return { ...(maxAgeSeconds !== undefined && { maxAgeSeconds }), ...(acr !== undefined && { acr }) };
}

/**
 * Lets only callers through who signed in lately (`maxAgeSeconds`, by the token's `auth_time`), in one of these ways
 * (`acr`), or both. Others are sent to sign in again: 401 with an `insufficient_user_authentication` challenge
 * (RFC 9470), which stands in the body too. A token without `auth_time` or `acr` is not enough.
 *
 * @throws BatonError `option_invalid`, `option_unknown`. Answers: `authentication_insufficient` and `identity_missing`
 *   401, `permission_denied` 403 for an actor that the policy does not know.
 *
 * @example
 * ```ts
 * app.post('/payments', requireRecentLogin({ maxAgeSeconds: 300, acr: 'urn:example:mfa' }), pay);
 * ```
 */
export function requireRecentLogin(options: RecentLoginOptions): Middleware {
  checkOptionNames('requireRecentLogin()', options, { maxAgeSeconds: true, acr: true, clock: true });
  const requirement = Object.freeze(readLogin(options));
  const clock = options.clock ?? systemClock;
  return guard('requireRecentLogin()', [(policy, user) => policy.decideLogin(user, requirement, nowSeconds(clock))]);
}
