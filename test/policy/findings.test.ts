import { findingsOf } from '../../src/policy/findings';
import { ALB } from '../support/edges';
import { fullPolicy, makePolicy } from '../support/policies';

const found = (changes: Record<string, unknown>): string[] =>
  findingsOf(makePolicy(changes).document).map(({ code, pointer, names }) =>
    `${code} ${pointer} ${names.join(' ')}`.trim(),
  );

const { clerk, approver } = fullPolicy.roles;
const { entra } = fullPolicy.identityProviders;
const edge = { ...fullPolicy.edge, replay: 'reject' };
const ALB_EDGE = { profile: 'aws-alb', signer: ALB, issuer: 'https://login.example.com/', client: 'c' };
const partner = { ...entra, issuer: 'https://partner.example' };

it('finds nothing but open doors in a policy that is sound', () => {
  expect(found({ roles: { clerk, approver } })).toEqual(['route_public /routes/0 GET /health'.replace('GET', '*')]);
});

it.each<[string, Record<string, unknown>, string]>([
  ['a role without members', {}, 'role_unheld /roles/auditor auditor'],
  [
    'a permission that no role grants',
    { routes: [{ path: '/a', permission: ['invoice:read', 'invoce:read'] }] },
    'permission_ungranted /routes/0/permission invoce:read',
  ],
  [
    'a permission that only a role without members grants',
    { routes: [{ path: '/a', permission: 'invoice:export' }] },
    'permission_ungranted /routes/0/permission invoice:export auditor',
  ],
  [
    'a permission that its only role denies again',
    {
      roles: { clerk, approver: { ...approver, deny: ['invoice:approve'] } },
      routes: [{ path: '/a', permission: 'invoice:approve' }],
    },
    'permission_ungranted /routes/0/permission invoice:approve',
  ],
  [
    'several permissions, none of which is granted',
    { routes: [{ path: '/a', anyPermission: ['x:y', 'x:z'] }] },
    'permission_ungranted /routes/0/anyPermission x:z',
  ],
  [
    'a function whose permission nobody has',
    { functions: { f: { ...fullPolicy.functions['render-invoice'], permission: 'x:y' } } },
    'permission_ungranted /functions/f/permission x:y',
  ],
  ['roles that nobody has', { routes: [{ path: '/a', role: 'auditor' }] }, 'role_unreached /routes/0/role auditor'],
  [
    'one of all roles that nobody has',
    { routes: [{ path: '/a', allRoles: ['clerk', 'auditor'] }] },
    'role_unreached /routes/0/allRoles auditor',
  ],
  [
    'a path with dot segments',
    { routes: [{ path: '/a/../b', authenticated: true }] },
    'route_unreachable /routes/0/path /a/../b',
  ],
  [
    'a path with a dot',
    { routes: [{ path: '/a/./b', authenticated: true }] },
    'route_unreachable /routes/0/path /a/./b',
  ],
  [
    'an actor wider than any role',
    { actors: { bot: { permissions: ['invoice:read', 'ledger:*'] } } },
    'actor_wider /actors/bot/permissions/1 ledger:*',
  ],
  [
    'scopes that no provider maps',
    {
      identityProviders: { entra: { ...entra, claims: { subject: '/oid' } } },
      routes: [{ path: '/a', anyScope: 's' }],
    },
    'claim_unmapped /routes/0 scopes',
  ],
  [
    'a scope that no provider maps',
    {
      identityProviders: { entra: { ...entra, claims: { subject: '/oid' } } },
      routes: [{ path: '/a', scope: 's' }],
    },
    'claim_unmapped /routes/0 scopes',
  ],
  [
    'a tenant that no provider maps',
    {
      identityProviders: { entra: { ...entra, claims: { subject: '/oid' } } },
      routes: [{ path: '/{t}', where: { t: '/tenant' } }],
    },
    'claim_unmapped /routes/0/where tenant',
  ],
  [
    'tenants of several providers that meet',
    {
      identityProviders: { entra, partner },
      actors: {},
      routes: [{ path: '/{t}', where: { t: { field: '/tenant' } } }],
    },
    'tenant_shared /routes/0/where',
  ],
  [
    'routes that are public',
    { routes: [{ method: 'GET', path: '/a', public: true }] },
    'route_public /routes/0 GET /a',
  ],
  ['no routes at all', { routes: undefined }, 'unlisted_open /routes'],
  ['open unlisted routes', { unlistedRoutes: 'authenticated' }, 'unlisted_open /unlistedRoutes'],
  ['a token for one use', { edge }, 'cache_forbidden /edge/replay replay'],
  ['a token for one route', { edge: { ...fullPolicy.edge, bind: 'route' } }, 'cache_forbidden /edge/bind bind'],
  [
    'a token for one use that lives as if for many',
    { edge: { ...edge, maxLifetimeSeconds: 61 } },
    'lifetime_for_cache /edge/maxLifetimeSeconds replay',
  ],
  [
    'a deny of what nobody grants or asks for',
    { roles: { clerk: { ...clerk, deny: ['invioce:approve'] }, approver } },
    'deny_idle /roles/clerk/deny/0 invioce:approve',
  ],
  [
    "an actor's deny of what it may not do anyway",
    { actors: { bot: { permissions: ['invoice:read'], deny: ['invoice:aprove'] } } },
    'deny_idle /actors/bot/deny/0 invoice:aprove',
  ],
  [
    'a grant that nothing asks for',
    { roles: { clerk: { ...clerk, permissions: ['invoice:read', 'invoice:raed'] }, approver } },
    'grant_unasked /roles/clerk/permissions/1 invoice:raed',
  ],
])('finds %s', (_name, changes, expected) => {
  expect(found(changes)).toContain(expected);
});

it.each<[string, Record<string, unknown>, RegExp]>([
  [
    'a role whose heir has members',
    { roles: { base: { permissions: ['invoice:read'] }, clerk: { ...clerk, inherits: ['base'] }, approver } },
    /role_unheld/,
  ],
  [
    'one of several permissions that is granted',
    { routes: [{ path: '/a', anyPermission: ['x:y', 'invoice:read'] }] },
    /permission_ungranted \/routes/,
  ],
  ['one of several roles that somebody has', { routes: [{ path: '/a', role: ['auditor', 'clerk'] }] }, /unreached/],
  [
    'denies that take something away',
    {
      roles: { clerk: { ...clerk, deny: ['invoice:approve', 'x:y'] }, approver: { ...approver, deny: ['invoice:*'] } },
      actors: { bot: { permissions: ['invoice:*'], deny: ['invoice:read'] } },
      routes: [{ path: '/a', permission: 'x:y' }],
    },
    /deny_idle/,
  ],
  ["an actor's wildcard over what is granted", { actors: { bot: { permissions: ['invoice:*'] } } }, /actor_wider/],
  [
    'an actor narrower than a wildcard that is granted',
    { roles: { clerk: { ...clerk, permissions: ['invoice:*'] } }, actors: { bot: { permissions: ['invoice:read'] } } },
    /actor_wider/,
  ],
  ['an actor, or a role, without permissions', { roles: { clerk: {} }, actors: { bot: {} } }, /\/actors|grant_unasked/],
  ['a name with a dot', { routes: [{ path: '/a.b/..c', authenticated: true }] }, /route_unreachable/],
  ['an actor without denies', { actors: { bot: { permissions: ['invoice:read'] } } }, /deny_idle/],
  [
    'scopes and a tenant that one provider maps',
    { routes: [{ path: '/{t}', scope: 's', where: { t: '/tenant' } }] },
    /claim_unmapped|tenant_shared/,
  ],
  [
    'claims that no provider maps and no route asks for',
    { identityProviders: { entra: { ...entra, claims: { subject: '/oid' } } } },
    /claim_unmapped/,
  ],
  ['tenants of several providers that do not meet', { identityProviders: { entra, partner }, actors: {} }, /tenant_/],
  ['another subject than the tenant', { routes: [{ path: '/{s}', where: { s: '/subject' } }] }, /claim_unmapped/],
  ...[fullPolicy.edge, ALB_EDGE].map((one): [string, Record<string, unknown>, RegExp] => [
    `claims that ${one.profile} reads without providers`,
    {
      edge: one,
      identityProviders: undefined,
      roles: { clerk: {} },
      actors: {},
      routes: [{ path: '/{t}', scope: 's', where: { t: '/tenant' } }],
    },
    /claim_unmapped|tenant_shared|undefined/,
  ]),
  [
    'claims that providers do not map, behind an edge that reads them itself',
    {
      edge: ALB_EDGE,
      identityProviders: { entra: { ...entra, claims: { subject: '/oid' } } },
      actors: {},
      routes: [{ path: '/{t}', scope: 's', where: { t: '/tenant' } }],
    },
    /claim_unmapped/,
  ],
  ['a token for one use that lives 60 s', { edge: { ...edge, maxLifetimeSeconds: 60 } }, /lifetime_for_cache/],
  ['a token for many uses', { edge: { ...fullPolicy.edge, maxLifetimeSeconds: 300 } }, /lifetime_for_cache|cache_/],
  [
    'a grant by wildcard of what is asked',
    { roles: { clerk: { ...clerk, permissions: ['invoice:*'] }, approver } },
    /unasked \/roles\/clerk/,
  ],
])('does not mind %s', (_name, changes, unexpected) => {
  expect(found(changes).join('\n')).not.toMatch(unexpected);
});
