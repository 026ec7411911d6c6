import type { PolicyDocument } from '../../src/policy/document';
import { differenceOf } from '../../src/policy/difference/difference';
import { fullPolicy, makePolicy } from '../support/policies';

const base = {
  roles: {
    clerk: { members: ['entra:Clerk'], permissions: ['invoice:read'] },
    approver: { inherits: ['clerk'], permissions: ['invoice:approve'] },
  },
  actors: { copilot: { permissions: ['invoice:read'], roles: ['clerk'] } },
  routes: [
    { path: '/open', public: true },
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
    { path: '/invoices/{rest+}', role: 'approver' },
  ],
};

const TARGET = 'arn:aws:lambda:eu-west-1:123456789012:function:next';

const documentOf = (changes: object): PolicyDocument => makePolicy({ ...base, ...changes }).document;

/** The difference as lines of text. */
function changes(after: object, before: object = {}): string[] {
  const { rights, narrowings, settings } = differenceOf(documentOf(before), documentOf(after));
  return [
    ...rights.map(({ change, who, what }) =>
      [who.kind, who.name, change, what.kind, what.name].filter((word) => word !== '').join(' '),
    ),
    ...narrowings.map(({ route, before: old, after: now }) => `${route} ${JSON.stringify(old)} ${JSON.stringify(now)}`),
    ...settings.map(
      ({ pointer, before: old, after: now }) => `${pointer} ${JSON.stringify(old)} ${JSON.stringify(now)}`,
    ),
  ];
}

const [open, read, rest] = base.routes;

it('is empty for the same policy, however it is written', () => {
  expect(changes({})).toEqual([]);
  expect(changes({ routes: [rest, { ...read, path: '/Invoices/{number}/' }, open] })).toEqual([]);
});

it.each<[string, object, string[]]>([
  [
    'a new permission, and all that it opens',
    { roles: { ...base.roles, clerk: { members: ['entra:Clerk'], permissions: ['invoice:*'] } } },
    [
      'role clerk gains permission invoice:approve',
      'role clerk gains permission invoice:*',
      'role approver gains permission invoice:*',
    ],
  ],
  [
    'a permission that is denied',
    { roles: { ...base.roles, approver: { ...base.roles.approver, deny: ['invoice:read'] } } },
    [
      'role approver loses permission invoice:read',
      'role approver gains deny invoice:read',
      'role approver loses route GET /invoices/{id}',
      'role approver loses function render-invoice',
    ],
  ],
  [
    'members',
    { roles: { ...base.roles, clerk: { ...base.roles.clerk, members: ['entra:Other'] } } },
    ['member entra:Clerk loses role clerk', 'member entra:Other gains role clerk'],
  ],
  [
    'a route that opens to everybody',
    { routes: [{ ...open }, { ...read, permission: undefined, public: true }, rest] },
    ['anonymous gains route GET /invoices/{id}'],
  ],
  [
    'a route for one method less',
    { routes: [open, read, { ...rest, method: 'POST' }] },
    [
      'role approver loses route PUT /invoices/{id}',
      'role approver loses route PATCH /invoices/{id}',
      'role approver loses route DELETE /invoices/{id}',
      'role approver loses route OPTIONS /invoices/{id}',
      'role approver loses route GET /invoices/{rest+}',
      'role approver loses route PUT /invoices/{rest+}',
      'role approver loses route PATCH /invoices/{rest+}',
      'role approver loses route DELETE /invoices/{rest+}',
      'role approver loses route OPTIONS /invoices/{rest+}',
    ],
  ],
  [
    'a more specific entry that opens what a wider one closed',
    { routes: [...base.routes, { path: '/invoices/help', authenticated: true }] },
    ['verified gains route * /invoices/help'],
  ],
  ['unlisted routes', { unlistedRoutes: 'authenticated' }, ['verified gains route (every other route)']],
  [
    "an actor's limits",
    { actors: { copilot: { permissions: ['invoice:approve'] }, bot: { permissions: ['invoice:read'] } } },
    [
      'actor copilot loses role clerk',
      'actor bot gains actor bot',
      'member entra:bot gains actor bot',
      'actor copilot loses permission invoice:read',
      'actor copilot gains permission invoice:approve',
      'actor bot gains permission invoice:read',
    ],
  ],
  [
    'an actor without any permission, which every verified caller may use',
    { actors: { ...base.actors, bot: { members: ['entra:b'] } } },
    ['actor bot gains actor bot', 'member entra:b gains actor bot'],
  ],
  [
    'who acts as an actor',
    { actors: { copilot: { ...base.actors.copilot, members: ['entra:other'] } } },
    ['member entra:copilot loses actor copilot', 'member entra:other gains actor copilot'],
  ],
  [
    'an issuer, an audience, a key and a target that are others',
    {
      edge: { ...fullPolicy.edge, issuer: 'https://other.example' },
      handOver: { ...fullPolicy.handOver, keys: { file: 'keys.json' } },
    },
    [
      `/edge/issuer "${fullPolicy.edge.issuer}" "https://other.example"`,
      ...Object.entries(fullPolicy.handOver.keys).map(
        ([name, value]) => `/handOver/keys/${name} ${JSON.stringify(value)} undefined`,
      ),
      '/handOver/keys/file undefined "keys.json"',
    ],
  ],
  [
    'a function that is new',
    { functions: { ...fullPolicy.functions, next: { target: TARGET, permission: 'invoice:approve' } } },
    ['role approver gains function next', `/functions/next/target undefined "${TARGET}"`],
  ],
  [
    'what only roles together may do',
    { routes: [open, { ...read, permission: ['invoice:read', 'invoice:export'] }, rest] },
    [
      'role clerk loses route GET /invoices/{id}',
      'role approver loses route GET /invoices/{id}',
      'GET /invoices/{id} {"permission":"invoice:read"} {"permission":["invoice:export","invoice:read"]}',
    ],
  ],
  [
    'a function that asks for something else',
    { functions: { 'render-invoice': { ...fullPolicy.functions['render-invoice'], permission: 'invoice:approve' } } },
    ['role clerk loses function render-invoice'],
  ],
  [
    'what a route asks beyond roles',
    { routes: [open, { ...read, scope: 's1', where: { id: '/tenant' } }, rest] },
    ['GET /invoices/{id} {} {"scope":"s1","where":{"id":"/tenant"}}'],
  ],
  [
    'a sign-in for every method',
    { routes: [open, read, { ...rest, recentLogin: { maxAgeSeconds: 60 } }] },
    [
      ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map(
        (method) => `${method} /invoices/{id} {} {"recentLogin":{"maxAgeSeconds":60}}`,
      ),
      '* /invoices/{rest+} {} {"recentLogin":{"maxAgeSeconds":60}}',
    ],
  ],
])('says of %s who gains and loses what', (_name, after, expected) => {
  expect(changes(after)).toEqual(expected);
});

it.each<[string, object, object, string[]]>([
  [
    'two roles that a route needs together',
    { routes: [{ path: '/pay', permission: ['a:x', 'a:y'] }] },
    { routes: [{ path: '/pay', permission: ['a:x', 'a:z'] }] },
    ['* /pay {"permission":["a:x","a:y"]} {"permission":["a:x","a:z"]}'],
  ],
  [
    'an entry whose narrowing goes with it, where other requests are open',
    {
      unlistedRoutes: 'authenticated',
      routes: [open, { path: '/t/{t}', authenticated: true, where: { t: '/tenant' } }],
    },
    { unlistedRoutes: 'authenticated', routes: [open] },
    ['* /t/{t} {"where":{"t":"/tenant"}} {}'],
  ],
  [
    'requests that fall from an entry that goes to another that was less specific',
    {
      routes: [
        { path: '/a/{x}', role: 'clerk' },
        { path: '/{y}/b', role: 'approver' },
      ],
    },
    { routes: [{ path: '/{y}/b', authenticated: true }] },
    ['verified gains route * /{y}/b', 'role clerk loses route * /a/{x}', 'role approver loses route * /a/{x}'],
  ],
  [
    'such requests, for a role that gains nothing else',
    {
      roles: { a: { permissions: ['a:x'] }, b: { permissions: ['b:x'] } },
      actors: {},
      routes: [
        { path: '/a/{x}', role: 'a' },
        { path: '/{y}/b', role: 'b' },
      ],
    },
    {
      roles: { a: { permissions: ['a:x'] }, b: { permissions: ['b:x'] } },
      actors: {},
      routes: [{ path: '/{y}/b', role: 'b' }],
    },
    ['role a loses route * /a/{x}', 'role b gains route * /a/b'],
  ],
  [
    'a scope, however it is written',
    { routes: [{ ...read, scope: 's' }] },
    { routes: [{ ...read, scope: ['s'] }] },
    [],
  ],
])('misses nothing of %s', (_name, before, after, expected) => {
  expect(changes(after, before)).toEqual(expected);
});

it('is turned round when the policies are', () => {
  const after = { roles: { clerk: base.roles.clerk }, routes: [open, read] };
  const turned = changes({}, after).map((line) =>
    line.replace(/gains|loses/, (word) => (word === 'gains' ? 'loses' : 'gains')),
  );
  expect(turned.sort()).toEqual(changes(after).sort());
  expect(turned).toContain('role approver loses route * /invoices/{rest+}');
});
