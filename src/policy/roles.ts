import type { Problem } from '../core/errors';
import { unknownName } from '../core/options';
import type { RoleDocument } from './document';
import { anyCovers } from './permissions';
import { step } from './shape';

/** A role with what it inherits worked in. */
export interface CompiledRole {
  readonly name: string;
  /** Its own name and those it inherits from, however far. */
  readonly includes: ReadonlySet<string>;
  readonly grants: ReadonlySet<string>;
  readonly denies: ReadonlySet<string>;
}

type RoleDocuments = Readonly<Record<string, RoleDocument>>;

/** Its own name and those of all that it inherits from. Each role is visited once: families can meet again and again. */
function lineage(name: string, roles: RoleDocuments, found = new Set<string>()): Set<string> {
  if (found.has(name) || !Object.hasOwn(roles, name)) return found;
  found.add(name);
  for (const parent of roles[name]?.inherits ?? []) lineage(parent, roles, found);
  return found;
}

function checkParents(name: string, roles: RoleDocuments, problems: Problem[]): void {
  (roles[name]?.inherits ?? []).forEach((parent, index) => {
    const pointer = step(step(step('/roles', name), 'inherits'), index);
    if (!Object.hasOwn(roles, parent)) {
      problems.push({ pointer, message: `role ${unknownName(parent, Object.keys(roles))}` });
      return;
    }
    const back = chainTo(roles, parent, (_role, at) => at === name);
    if (back !== undefined) problems.push({ pointer, message: `inherits in a circle: ${[name, ...back].join(' → ')}` });
  });
}

/** The way from a role down to the one that `reached` is looking for, both ends named; undefined where there is none. */
export function chainTo(
  roles: RoleDocuments,
  from: string,
  reached: (role: RoleDocument, name: string) => boolean,
  seen = new Set<string>(),
): readonly string[] | undefined {
  const role = Object.hasOwn(roles, from) ? roles[from] : undefined;
  if (role === undefined || seen.has(from)) return undefined;
  if (reached(role, from)) return [from];
  seen.add(from);
  for (const parent of role.inherits ?? []) {
    const rest = chainTo(roles, parent, reached, seen);
    if (rest !== undefined) return [from, ...rest];
  }
  return undefined;
}

/** Works inheritance out once; reports unknown parents and circles. */
export function compileRoles(roles: RoleDocuments, problems: Problem[]): ReadonlyMap<string, CompiledRole> {
  const compiled = new Map<string, CompiledRole>();
  for (const name of Object.keys(roles)) {
    checkParents(name, roles, problems);
    const includes = lineage(name, roles);
    const collect = (member: 'permissions' | 'deny'): Set<string> =>
      new Set([...includes].flatMap((role) => roles[role]?.[member] ?? []));
    compiled.set(name, { name, includes, grants: collect('permissions'), denies: collect('deny') });
  }
  return compiled;
}

/** The role among those held that grants `permission`; nothing where any of them denies it. Unknown roles grant nothing. */
export function grantingRole(
  held: readonly string[],
  permission: string,
  roles: ReadonlyMap<string, CompiledRole>,
): { granted?: string; denied?: string } {
  let granted: string | undefined;
  for (const name of held) {
    const role = roles.get(name);
    if (role === undefined) continue;
    if (anyCovers(role.denies, permission)) return { denied: name };
    if (granted === undefined && anyCovers(role.grants, permission)) granted = name;
  }
  return granted === undefined ? {} : { granted };
}
