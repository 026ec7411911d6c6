import { anyCovers, covers } from './permissions';
import type { PolicyDocument, RouteDocument } from './document';
import { rulesOf } from './rules';
import { step } from './shape';

/** What can be odd about a policy that is valid. Warnings are probably mistakes; notes are what a reviewer should see. */
const FINDING_LEVELS = {
  role_unheld: 'warning',
  permission_ungranted: 'warning',
  role_unreached: 'warning',
  route_unreachable: 'warning',
  actor_wider: 'warning',
  deny_idle: 'warning',
  claim_unmapped: 'warning',
  tenant_shared: 'warning',
  lifetime_for_cache: 'warning',
  route_public: 'note',
  unlisted_open: 'note',
  grant_unasked: 'note',
  cache_forbidden: 'note',
} as const;

export type FindingCode = keyof typeof FINDING_LEVELS;

/** Something odd in a policy. Data; the sentence is made by whoever shows it. */
export interface Finding {
  readonly code: FindingCode;
  readonly level: 'warning' | 'note';
  /** RFC 6901 JSON pointer into the file. */
  readonly pointer: string;
  /** What it is about: roles, permissions, a path; by code. */
  readonly names: readonly string[];
}

const finding = (code: FindingCode, pointer: string, ...names: readonly string[]): Finding => ({
  code,
  level: FINDING_LEVELS[code],
  pointer,
  names,
});

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** A policy as the checks see it: who has which role, and who may do what with it. */
interface Survey {
  readonly document: PolicyDocument;
  /** Roles that somebody has: by members of their own, or of a role that inherits them. */
  readonly held: ReadonlySet<string>;
  /** Roles that grant a permission, all of them. */
  readonly grantors: (permission: string) => readonly string[];
}

function survey(document: PolicyDocument): Survey {
  const compiled = [...rulesOf(document).roles.values()];
  const withMembers = compiled.filter(({ name }) => (document.roles[name]?.members ?? []).length > 0);
  return {
    document,
    held: new Set(withMembers.flatMap(({ includes }) => [...includes])),
    grantors: (permission) =>
      compiled
        .filter(({ grants, denies }) => anyCovers(grants, permission) && !anyCovers(denies, permission))
        .map(({ name }) => name),
  };
}

function unheldRoles({ document, held }: Survey): Finding[] {
  return Object.keys(document.roles)
    .filter((name) => !held.has(name))
    .map((name) => finding('role_unheld', step('/roles', name), name));
}

/** A permission that no role with members grants; the roles that would, follow. */
function ungranted({ grantors, held }: Survey, permission: string, pointer: string): Finding[] {
  const roles = grantors(permission);
  return roles.some((name) => held.has(name)) ? [] : [finding('permission_ungranted', pointer, permission, ...roles)];
}

function closedRoutes(view: Survey): Finding[] {
  return (view.document.routes ?? []).flatMap((route, index) => {
    const at = (member: keyof RouteDocument): string => step(step('/routes', index), member);
    const any = listOf(route.anyPermission).flatMap((name) => ungranted(view, name, at('anyPermission')));
    const unheld = (names: readonly string[]): readonly string[] => names.filter((name) => !view.held.has(name));
    const roles = listOf(route.role);
    return [
      ...listOf(route.permission).flatMap((name) => ungranted(view, name, at('permission'))),
      // One of several is enough, so only all of them together close the route.
      ...(any.length === listOf(route.anyPermission).length ? any : []),
      ...(roles.length > 0 && unheld(roles).length === roles.length
        ? [finding('role_unreached', at('role'), ...roles)]
        : []),
      ...unheld(listOf(route.allRoles)).map((name) => finding('role_unreached', at('allRoles'), name)),
    ];
  });
}

/** A function that nobody may call, and that does steps of workflows, is closed on purpose: a step's permission is its own. */
function closedFunctions(view: Survey): Finding[] {
  const { functions = {}, workflows = {} } = view.document;
  const inSteps = Object.values(workflows).flatMap(({ steps = {} }) => Object.values(steps).map((one) => one.function));
  return Object.entries(functions).flatMap(([name, { permission }]) =>
    inSteps.includes(name) ? [] : ungranted(view, permission, step(step('/functions', name), 'permission')),
  );
}

function closedWorkflows(view: Survey): Finding[] {
  return Object.entries(view.document.workflows ?? {}).flatMap(([name, { permission, steps = {}, approvals = {} }]) => {
    const at = step('/workflows', name);
    const asking: Readonly<Record<string, Readonly<Record<string, { permission: string }>>>> = { steps, approvals };
    const inStates = Object.entries(asking).flatMap(([member, states]) =>
      Object.entries(states).flatMap(([state, { permission: needed }]) =>
        ungranted(view, needed, step(step(step(at, member), state), 'permission')),
      ),
    );
    return [...ungranted(view, permission, step(at, 'permission')), ...inStates];
  });
}

function widerActors({ document }: Survey): Finding[] {
  const grants = [...rulesOf(document).roles.values()].flatMap((role) => [...role.grants]);
  return Object.entries(document.actors ?? {}).flatMap(([name, { permissions = [] }]) =>
    permissions.flatMap((permission, index) => {
      // A wildcard of the actor gives what it covers, so it is too wide only where it covers nothing that is granted.
      const gives = grants.some((grant) => covers(grant, permission) || covers(permission, grant));
      return gives ? [] : [finding('actor_wider', step(step(step('/actors', name), 'permissions'), index), permission)];
    }),
  );
}

const meet = (one: string, other: string): boolean => covers(one, other) || covers(other, one);

/** What is denied and nobody grants or asks for: misspelt, it lets through what it was to stop. */
function idleDenies({ document }: Survey): Finding[] {
  const granted = Object.values(document.roles).flatMap(({ permissions = [] }) => permissions);
  const known = [...granted, ...permissionsAsked(document)];
  const idle = (section: string, name: string, deny: readonly string[], among: readonly string[]): Finding[] =>
    deny.flatMap((permission, index) => {
      const pointer = step(step(step(section, name), 'deny'), index);
      return among.some((one) => meet(one, permission)) ? [] : [finding('deny_idle', pointer, permission)];
    });
  return [
    ...Object.entries(document.roles).flatMap(([name, { deny = [] }]) => idle('/roles', name, deny, known)),
    ...Object.entries(document.actors ?? {}).flatMap(([name, { deny = [], permissions = [] }]) =>
      idle('/actors', name, deny, permissions),
    ),
  ];
}

/** Browsers and URL parsers take dot segments out of a path before they send it (RFC 3986, section 5.2.4). */
function unreachableRoutes({ document }: Survey): Finding[] {
  return (document.routes ?? []).flatMap(({ path }, index) =>
    path.split('/').some((part) => part === '.' || part === '..')
      ? [finding('route_unreachable', step(step('/routes', index), 'path'), path)]
      : [],
  );
}

const fieldsOf = ({ where = {} }: RouteDocument): string[] =>
  Object.values(where).map((what) => (typeof what === 'string' ? what : what.field));

/** The edges behind which claims are read by the mappings of `identityProviders`; the others have one of their own. */
const READ_FROM_PROVIDERS: readonly string[] = ['txn-token', 'oidc'];

/** Claims that routes ask for and no provider's mapping reads. */
function unmappedClaims({ document }: Survey): Finding[] {
  const mappings = Object.values(document.identityProviders ?? {}).map(({ claims }) => claims);
  if (!READ_FROM_PROVIDERS.includes(document.edge.profile) || mappings.length === 0) return [];
  const tenants = mappings.filter(({ tenant }) => tenant !== undefined).length;
  const scopes = mappings.filter((mapping) => mapping.scopes !== undefined).length;
  return (document.routes ?? []).flatMap((route, index) => {
    const pointer = step('/routes', index);
    const comparesTenant = fieldsOf(route).includes('/tenant');
    const asksScope = route.scope !== undefined || route.anyScope !== undefined;
    return [
      ...(asksScope && scopes === 0 ? [finding('claim_unmapped', pointer, 'scopes')] : []),
      ...(comparesTenant && tenants === 0 ? [finding('claim_unmapped', step(pointer, 'where'), 'tenant')] : []),
      ...(comparesTenant && tenants > 1 ? [finding('tenant_shared', step(pointer, 'where'))] : []),
    ];
  });
}

function openDoors({ document }: Survey): Finding[] {
  const routes = (document.routes ?? []).flatMap(({ public: open, method = '*', path }, index) =>
    open ? [finding('route_public', step('/routes', index), `${method} ${path}`)] : [],
  );
  if (document.routes === undefined) return [finding('unlisted_open', '/routes')];
  return document.unlistedRoutes === 'authenticated'
    ? [...routes, finding('unlisted_open', '/unlistedRoutes')]
    : routes;
}

/** An authorizer without cache mints tokens of this length, see `lifetimeUnder()`. */
const UNCACHED_LIFETIME_SECONDS = 60;

/** Tokens for one request each: the file cannot see whether the gateway caches, and it must not. */
function singleUse({ document: { edge } }: Survey): Finding[] {
  if (edge.profile !== 'txn-token') return [];
  const once = (['replay', 'bind'] as const).filter((name) => edge[name] !== undefined);
  const { maxLifetimeSeconds = UNCACHED_LIFETIME_SECONDS } = edge;
  return [
    ...once.map((name) => finding('cache_forbidden', step('/edge', name), name)),
    ...(once.length > 0 && maxLifetimeSeconds > UNCACHED_LIFETIME_SECONDS
      ? [finding('lifetime_for_cache', '/edge/maxLifetimeSeconds', ...once)]
      : []),
  ];
}

/** What routes, functions and workflows ask for. */
function permissionsAsked({ routes = [], functions = {}, workflows = {} }: PolicyDocument): readonly string[] {
  return [
    ...routes.flatMap(({ permission, anyPermission }) => [...listOf(permission), ...listOf(anyPermission)]),
    ...Object.values(functions).map(({ permission }) => permission),
    ...Object.values(workflows).flatMap(({ permission, steps = {}, approvals = {} }) => [
      permission,
      ...[...Object.values(steps), ...Object.values(approvals)].map((one) => one.permission),
    ]),
  ];
}

/** Grants that no route, function or workflow asks for: a guard in code may, or the name is misspelt. */
function unaskedGrants({ document }: Survey): Finding[] {
  const asked = permissionsAsked(document);
  return Object.entries(document.roles).flatMap(([name, { permissions = [] }]) =>
    permissions.flatMap((grant, index) =>
      asked.some((permission) => covers(grant, permission))
        ? []
        : [finding('grant_unasked', step(step(step('/roles', name), 'permissions'), index), grant)],
    ),
  );
}

/**
 * What is odd about a valid policy: roles that nobody has, permissions that nobody is granted, actors with rights that
 * no role gives, doors that are open on purpose.
 *
 * @param document a compiled policy's `document`
 */
export function findingsOf(document: PolicyDocument): readonly Finding[] {
  const view = survey(document);
  const checks = [
    unheldRoles,
    closedRoutes,
    closedFunctions,
    closedWorkflows,
    unreachableRoutes,
    widerActors,
    idleDenies,
    unmappedClaims,
    openDoors,
    singleUse,
    unaskedGrants,
  ];
  return checks.flatMap((check) => check(view));
}
