import type { Decision, RouteRequest } from '../core/access';
import type { Actor, Identity } from '../core/identity';
import { anyCovers } from './permissions';
import type { ActorDocument, RouteDocument } from './document';
import { grantingRole, type CompiledRole } from './roles';
import { findRoutes, type CompiledRoute } from './routes';

/** What decisions are made from. */
export interface DecisionRules {
  readonly roles: ReadonlyMap<string, CompiledRole>;
  readonly actors: Readonly<Record<string, ActorDocument>>;
  /** Undefined where the policy lists no routes: then every verified caller passes, and guards in code decide. */
  readonly routes: readonly CompiledRoute[] | undefined;
  readonly unlistedRoutes: 'deny' | 'authenticated';
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

const allow = (facts: Partial<Decision>): Decision => ({ allowed: true, public: false, reason: 'granted', ...facts });
const deny = (reason: Decision['reason'], facts: Partial<Decision> = {}): Decision => ({
  allowed: false,
  public: false,
  reason,
  ...facts,
});

/** The whole chain of actors: who stands behind an actor must not be able to widen what that actor may do. */
function* actorsOf(identity: Identity): Generator<string> {
  for (let actor: Actor | undefined = identity.actor; actor !== undefined; actor = actor.actor) yield actor.subject;
}

/** Why an actor stops this; undefined where none does. `may` says whether a known actor may. */
function actorRefusal(
  rules: DecisionRules,
  identity: Identity,
  may: (actor: ActorDocument) => boolean,
): Decision['reason'] | undefined {
  for (const name of actorsOf(identity)) {
    const actor = Object.hasOwn(rules.actors, name) ? rules.actors[name] : undefined;
    if (actor === undefined) return 'actor_unknown';
    if (!may(actor)) return 'actor_limited';
  }
  return undefined;
}

/** Whether the caller, and whoever acts for it, has the permission. Deny wins. */
export function decidePermission(rules: DecisionRules, identity: Identity, permission: string): Decision {
  const { granted, denied } = grantingRole(identity.roles, permission, rules.roles);
  if (denied !== undefined) return deny('permission_denied', { required: permission, rule: `/roles/${denied}/deny` });
  if (granted === undefined) return deny('permission_missing', { required: permission });
  const refusal = actorRefusal(
    rules,
    identity,
    (actor) => anyCovers(actor.permissions ?? [], permission) && !anyCovers(actor.deny ?? [], permission),
  );
  if (refusal !== undefined) return deny(refusal, { required: permission, rule: '/actors' });
  return allow({ required: permission, grantedBy: granted, rule: `/roles/${granted}` });
}

/** Whether the caller has the role, itself or by inheritance, and whoever acts for it is let have it. */
export function decideRole(rules: DecisionRules, identity: Identity, role: string): Decision {
  const gives = (name: string): boolean => rules.roles.get(name)?.includes.has(role) === true;
  const holder = identity.roles.find(gives);
  if (holder === undefined) return deny('role_missing', { required: role });
  const refusal = actorRefusal(rules, identity, (actor) => (actor.roles ?? []).some(gives));
  if (refusal !== undefined) return deny(refusal, { required: role, rule: '/actors' });
  return allow({ required: role, grantedBy: holder, rule: `/roles/${holder}` });
}

/** Whether the caller's token has the scope. Scopes are already the delegated ones; an unknown actor still gets nothing. */
export function decideScope(rules: DecisionRules, identity: Identity, scope: string): Decision {
  if (!identity.scopes.includes(scope)) return deny('scope_missing', { required: scope });
  const refusal = actorRefusal(rules, identity, () => true);
  return refusal === undefined ? allow({ required: scope }) : deny(refusal, { required: scope, rule: '/actors' });
}

function decideVerified(rules: DecisionRules, identity: Identity, rule: string | undefined): Decision {
  const refusal = actorRefusal(rules, identity, () => true);
  if (refusal !== undefined) return deny(refusal, { rule: '/actors' });
  return allow({ reason: 'authenticated', ...(rule === undefined ? {} : { rule }) });
}

/** Whether one route entry lets the caller in, whichever entry would decide. */
export function decideEntry(rules: DecisionRules, document: RouteDocument, identity: Identity, rule: string): Decision {
  if (document.public) return { allowed: true, public: true, reason: 'public', rule };
  let last = decideVerified(rules, identity, rule);
  const permissions = list(document.permission).map((name) => () => decidePermission(rules, identity, name));
  const scopes = list(document.scope).map((name) => () => decideScope(rules, identity, name));
  const roles = list(document.role);
  const anyRole = roles.length === 0 ? [] : [() => decideAnyRole(rules, identity, roles)];
  for (const decide of [...permissions, ...scopes, ...anyRole]) {
    if (!last.allowed) break;
    last = { ...decide(), rule };
  }
  return last;
}

function decideAnyRole(rules: DecisionRules, identity: Identity, roles: readonly string[]): Decision {
  const decisions = roles.map((role) => decideRole(rules, identity, role));
  return decisions.find(({ allowed }) => allowed) ?? decisions[0] ?? deny('role_missing');
}

/** Whether a verified caller may send requests that no entry matches. */
export function decideUnlisted(rules: DecisionRules, identity: Identity): Decision {
  if (rules.routes === undefined) return decideVerified(rules, identity, undefined);
  if (rules.unlistedRoutes === 'authenticated') return decideVerified(rules, identity, '/unlistedRoutes');
  return deny('route_not_listed');
}

function decideReading(
  rules: DecisionRules,
  route: CompiledRoute | undefined,
  identity: Identity | undefined,
): Decision {
  if (route?.document.public) return { allowed: true, public: true, reason: 'public', rule: route.pointer };
  // Before "not listed": an anonymous caller must not learn which routes there are.
  if (identity === undefined) return deny('identity_missing', route && { rule: route.pointer });
  if (route !== undefined) return decideEntry(rules, route.document, identity, route.pointer);
  return decideUnlisted(rules, identity);
}

/** Whether the caller may send this request, by the most specific entry that matches it. */
export function decideRoute(rules: DecisionRules, request: RouteRequest, identity: Identity | undefined): Decision {
  // Where the path can be read in two ways the stricter one counts: a refusal, else the one that is not public.
  const strictness = ({ allowed, public: open }: Decision): number => (allowed ? (open ? 0 : 1) : 2);
  return findRoutes(rules.routes ?? [], request)
    .map((route) => decideReading(rules, route, identity))
    .reduce((strictest, next) => (strictness(next) > strictness(strictest) ? next : strictest));
}
