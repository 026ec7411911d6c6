import type { Decision, LoginRequirement } from '../core/access';
import type { Actor, Identity } from '../core/identity';
import type { ActorDocument } from './document';
import { satisfiesLogin } from './login';
import { anyCovers } from './permissions';
import { grantingRole, type CompiledRole } from './roles';

/** What decides on a caller, whatever the request. */
export interface CallerRules {
  readonly roles: ReadonlyMap<string, CompiledRole>;
  readonly actors: Readonly<Record<string, ActorDocument>>;
}

export const allow = (facts: Partial<Decision>): Decision => ({
  allowed: true,
  public: false,
  reason: 'granted',
  ...facts,
});

export const deny = (reason: Decision['reason'], facts: Partial<Decision> = {}): Decision => ({
  allowed: false,
  public: false,
  reason,
  ...facts,
});

/** The whole chain of actors: who stands behind an actor must not be able to widen what that actor may do. */
function* actorsOf(identity: Identity): Generator<string> {
  for (let actor: Actor | undefined = identity.actor; actor !== undefined; actor = actor.actor) yield actor.subject;
}

/** The names of all who act for the caller, the current one first. */
export const actorsIn = (identity: Identity): readonly string[] => [...actorsOf(identity)];

/** Why an actor stops this; undefined where none does. `may` says whether a known actor may. */
function actorRefusal(
  rules: CallerRules,
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

/** Whether the caller, and whoever acts for it, has the permission. Deny wins; a wildcard is nothing to ask for. */
export function decidePermission(rules: CallerRules, identity: Identity, permission: string): Decision {
  // The grant "invoice:*" covers the text "invoice:*" too, which would hide what a role denies of it.
  if (permission.endsWith('*')) return deny('permission_missing', { required: permission });
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
export function decideRole(rules: CallerRules, identity: Identity, role: string): Decision {
  const gives = (name: string): boolean => rules.roles.get(name)?.includes.has(role) === true;
  const holder = identity.roles.find(gives);
  if (holder === undefined) return deny('role_missing', { required: role });
  const refusal = actorRefusal(rules, identity, (actor) => (actor.roles ?? []).some(gives));
  if (refusal !== undefined) return deny(refusal, { required: role, rule: '/actors' });
  return allow({ required: role, grantedBy: holder, rule: `/roles/${holder}` });
}

/** Whether the caller's token has the scope. Scopes are already the delegated ones; an unknown actor still gets nothing. */
export function decideScope(rules: CallerRules, identity: Identity, scope: string): Decision {
  if (!identity.scopes.includes(scope)) return deny('scope_missing', { required: scope });
  const refusal = actorRefusal(rules, identity, () => true);
  return refusal === undefined ? allow({ required: scope }) : deny(refusal, { required: scope, rule: '/actors' });
}

/** Whether the user signed in lately and strongly enough, and whoever acts for it is known. */
export function decideLogin(
  rules: CallerRules,
  identity: Identity,
  requirement: LoginRequirement,
  nowSeconds: number,
): Decision {
  const refusal = actorRefusal(rules, identity, () => true);
  if (refusal !== undefined) return deny(refusal, { rule: '/actors' });
  if (satisfiesLogin(identity.authentication, requirement, nowSeconds)) return allow({});
  return deny('authentication_insufficient', { requiredLogin: requirement });
}

/** Whether a verified caller passes where nothing else is asked. */
export function decideVerified(rules: CallerRules, identity: Identity, rule: string | undefined): Decision {
  const refusal = actorRefusal(rules, identity, () => true);
  if (refusal !== undefined) return deny(refusal, { rule: '/actors' });
  return allow({ reason: 'authenticated', ...(rule === undefined ? {} : { rule }) });
}
