import type { AwsRoleDecision } from '../core/access';
import type { Identity } from '../core/identity';
import { actorsIn, decidePermission, decideRole, type CallerRules } from './decide';
import type { ActorDocument, RoleDocument } from './document';
import { anyCovers, covers } from './permissions';
import type { CompiledRole } from './roles';

/** What the AWS role of a call is chosen from. */
export interface AwsRoleRules extends CallerRules {
  readonly documents: Readonly<Record<string, RoleDocument>>;
}

/** Whether the actor may do all that the role grants: then the role's AWS role gives it nothing new. */
function coversRole({ permissions = [], deny = [] }: ActorDocument, { grants, denies }: CompiledRole): boolean {
  const rest = [...grants].filter((grant) => !anyCovers(denies, grant));
  // A denial takes away from a wildcard as well: "invoice:*" is not within the limits of who may not "invoice:print".
  return rest.every(
    (grant) => anyCovers(permissions, grant) && !deny.some((no) => covers(no, grant) || covers(grant, no)),
  );
}

/** Whether the role, as a whole, is within the limits of everybody who acts for the caller, and named as theirs. */
function withinActors(rules: AwsRoleRules, identity: Identity, role: CompiledRole): boolean {
  if (!decideRole(rules, identity, role.name).allowed) return false;
  return actorsIn(identity).every((name) => coversRole(rules.actors[name] ?? {}, role));
}

/**
 * The roles that grant the permission to the caller, held or inherited, the narrowest first: a role stands before those
 * that inherit from it, else the order of the file counts. What the caller's roles deny is decided before.
 */
function granting(rules: AwsRoleRules, identity: Identity, permission: string): CompiledRole[] {
  const within = new Set(identity.roles.flatMap((held) => [...(rules.roles.get(held)?.includes ?? [])]));
  const candidates = [...rules.roles.values()].filter(
    ({ name, grants, denies }) => within.has(name) && anyCovers(grants, permission) && !anyCovers(denies, permission),
  );
  // By how much they include: who inherits from a role includes it and one more at least. Sorting is stable.
  return candidates.sort((one, other) => one.includes.size - other.includes.size);
}

/**
 * The AWS role in which a call for this permission is made: that of the role which grants it to this caller.
 *
 * With actors it is more than a permission that is lent: an AWS role can do whatever its own policies allow. So a role counts
 * then only if each actor is let have it (`/actors/…/roles`) and may do all that it grants. An actor never gets its user's
 * role for the one permission that both have.
 */
export function decideAwsRole(rules: AwsRoleRules, identity: Identity, permission: string): AwsRoleDecision {
  const { allowed, reason } = decidePermission(rules, identity, permission);
  if (!allowed) return { reason };
  const roles = granting(rules, identity, permission).filter(({ name }) => rules.documents[name]?.aws !== undefined);
  if (roles.length === 0) return { reason: 'role_without_aws' };
  const role = roles.find((candidate) => withinActors(rules, identity, candidate));
  const aws = role && rules.documents[role.name]?.aws;
  if (role === undefined || aws === undefined) return { reason: 'actor_limited' };
  return { reason: 'granted', role: { name: role.name, arn: aws.roleArn } };
}
