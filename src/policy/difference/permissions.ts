import { decidePermission } from '../decide';
import type { ActorDocument, PolicyDocument } from '../document';
import { indexActorMembers } from '../members';
import { anyCovers } from '../permissions';
import { rulesOf } from '../rules';
import { comparedCallers, inEither, listOf, mapPair, rightChange, type Pair, type RightChange } from './change';

/** Permissions that either file knows by name. Wildcards are compared by what they cover. */
function permissionsIn({
  roles,
  actors = {},
  routes = [],
  functions = {},
  workflows = {},
}: PolicyDocument): readonly string[] {
  const grants = [...Object.values(roles), ...Object.values(actors)].flatMap(({ permissions = [], deny = [] }) => [
    ...permissions,
    ...deny,
  ]);
  const asked = routes.flatMap(({ permission, anyPermission }) => [...listOf(permission), ...listOf(anyPermission)]);
  const called = [...Object.values(functions), ...Object.values(workflows)].map(({ permission }) => permission);
  const inStates = Object.values(workflows).flatMap(({ steps = {}, approvals = {} }) => [
    ...Object.values(steps),
    ...Object.values(approvals),
  ]);
  return [...grants, ...asked, ...called, ...inStates.map(({ permission }) => permission)];
}

/** Whether everything that `permission` stands for is granted; it can be a wildcard. */
const gives = (grants: Iterable<string>, denies: Iterable<string>, permission: string): boolean =>
  anyCovers(grants, permission) && !anyCovers(denies, permission);

/** What a role or an actor says of permissions. */
interface Statement {
  readonly grants: Iterable<string>;
  readonly denies: Iterable<string>;
}

const NOTHING: Statement = { grants: [], denies: [] };

const actorStatement = ({ permissions = [], deny = [] }: ActorDocument): Statement => ({
  grants: permissions,
  denies: deny,
});

/** The permissions that roles and actors gain and lose, and those that roles take from whoever has them. */
export function permissionChanges(documents: Pair<PolicyDocument>): RightChange[] {
  const permissions = inEither(documents, permissionsIn);
  const roles = inEither(documents, (document) => Object.keys(document.roles)).flatMap((name) => {
    const who = { kind: 'role', name } as const;
    const sides = mapPair(documents, (document): Statement => rulesOf(document).roles.get(name) ?? NOTHING);
    return permissions.flatMap((one) => [
      ...rightChange(
        who,
        { kind: 'permission', name: one },
        mapPair(sides, (side) => gives(side.grants, side.denies, one)),
      ),
      ...rightChange(
        who,
        { kind: 'deny', name: one },
        mapPair(sides, ({ denies }) => anyCovers(denies, one)),
      ),
    ]);
  });
  const actors = inEither(documents, (document) => Object.keys(document.actors ?? {})).flatMap((name) => {
    const who = { kind: 'actor', name } as const;
    const sides = mapPair(documents, ({ actors: known = {} }) =>
      actorStatement(Object.hasOwn(known, name) ? (known[name] ?? {}) : {}),
    );
    return permissions.flatMap((one) =>
      rightChange(
        who,
        { kind: 'permission', name: one },
        mapPair(sides, (side) => gives(side.grants, side.denies, one)),
      ),
    );
  });
  return [...roles, ...actors];
}

/** The functions that callers gain and lose, the workflows, and the approvals in them. */
export function functionChanges(documents: Pair<PolicyDocument>): RightChange[] {
  return [
    ...targetChanges(documents, 'function', ({ functions = {} }) => functions),
    ...targetChanges(documents, 'workflow', ({ workflows = {} }) => workflows),
    ...targetChanges(documents, 'approval', approvalsIn),
  ];
}

/** What is called or decided, by name: each asks for one permission. */
type Targets = Readonly<Record<string, { readonly permission: string }>>;

function approvalsIn({ workflows = {} }: PolicyDocument): Targets {
  const named = Object.entries(workflows).flatMap(([workflow, { approvals = {} }]) =>
    Object.entries(approvals).map(([state, approval]) => [`${workflow}/${state}`, approval] as const),
  );
  return Object.fromEntries(named);
}

function targetChanges(
  documents: Pair<PolicyDocument>,
  kind: 'function' | 'workflow' | 'approval',
  targetsOf: (document: PolicyDocument) => Targets,
): RightChange[] {
  const names = inEither(documents, (document) => Object.keys(targetsOf(document)));
  return comparedCallers(documents).flatMap(({ who, identity }) =>
    names.flatMap((name) => {
      const sides = mapPair(documents, (document) => {
        const permission = targetsOf(document)[name]?.permission;
        if (permission === undefined || identity === undefined) return false;
        return decidePermission(rulesOf(document), identity, permission).allowed;
      });
      return rightChange(who, { kind, name }, sides);
    }),
  );
}

/** Who is given a role, who acts as which actor, and which roles count while an actor acts: four words each, as one text. */
function givenRoles(document: PolicyDocument): readonly string[] {
  const { roles, actors = {} } = document;
  const members = Object.entries(roles).flatMap(([role, { members: who = [] }]) =>
    who.map((one) => ['member', one, 'role', role]),
  );
  // An actor that is known at all gets what every verified caller gets.
  const known = Object.keys(actors).map((actor) => ['actor', actor, 'actor', actor]);
  const acting = [...indexActorMembers(document, [])].flatMap(([member, names]) =>
    names.map((actor) => ['member', member, 'actor', actor]),
  );
  const limits = Object.entries(actors).flatMap(([actor, { roles: counts = [] }]) =>
    counts.map((role) => ['actor', actor, 'role', role]),
  );
  return [...members, ...known, ...acting, ...limits].map((words) => JSON.stringify(words));
}

/** Who gains and loses roles, and the part of an actor. */
export function roleChanges(documents: Pair<PolicyDocument>): RightChange[] {
  return inEither(documents, givenRoles).flatMap((given) => {
    const [kind, name, what, of] = JSON.parse(given) as ['member' | 'actor', string, 'role' | 'actor', string];
    const sides = mapPair(documents, (document) => givenRoles(document).includes(given));
    return rightChange({ kind, name }, { kind: what, name: of }, sides);
  });
}
