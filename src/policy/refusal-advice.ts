import type { Decision } from '../core/access';
import type { Identity } from '../core/identity';
import { anyCovers } from './permissions';
import type { Policy } from './policy';

/** What is lacking, and where it is changed. For the log: it names roles of the policy. */
export function refusalAdvice(policy: Policy, reason: Decision['reason'], permission: string, user: Identity): string {
  if (reason === 'permission_denied') {
    return `A role of the caller denies ${permission} (/roles/…/deny), which nothing else can give back.`;
  }
  if (reason === 'actor_unknown') return 'The token names an actor that /actors does not know.';
  if (reason === 'actor_limited') {
    return `The caller may, but whoever acts for it may not: /actors/…/permissions lacks ${permission}.`;
  }
  if (user.roles.length === 0) {
    return "The caller's token names no role of the policy: a claim is missing, or /identityProviders/…/claims/roles does not read it, or /roles/…/members does not list its value.";
  }
  const granting = Object.entries(policy.document.roles)
    .filter(([, { permissions = [] }]) => anyCovers(permissions, permission))
    .map(([role]) => role);
  const instead = granting.length === 0 ? 'no role of the policy does' : `these do: ${granting.join(', ')}`;
  return `None of the caller's roles (${user.roles.join(', ')}) grants ${permission}; ${instead}.`;
}
