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

const role = (...permissions: string[]): object => ({ permissions });
const two = { roles: { a: role('a:x'), b: role('b:x') }, actors: {}, functions: {}, handOver: undefined };
const at = (path: string, more: object = { authenticated: true }): object => ({ path, ...more });

describe('of routes', () => {
  const lone = (path: string, where: object = {}): object => at(path, { authenticated: true, ...where });
  const tenant = { where: { t: '/tenant' } };
  it.each<[string, object, object, string[]]>([
    [
      'an entry where none was listed',
      { routes: undefined },
      { routes: [lone('/t/{t}', tenant)], unlistedRoutes: 'authenticated' },
      ['* /t/{t} {} {"where":{"t":"/tenant"}}'],
    ],
    [
      'entries that all go',
      { routes: [at('/t/{t}', { role: 'a' })] },
      { routes: undefined },
      ['verified gains route * /t/{t}', 'verified gains route (every other route)'],
    ],
    [
      'an entry that is new, with all that it asks',
      { routes: [] },
      { routes: [lone('/t/{t}', tenant)] },
      ['verified gains route * /t/{t}'],
    ],
    [
      'scopes as a list',
      { routes: [at('/s', { permission: 'a:x', scope: ['s', 't'] })] },
      { routes: [at('/s', { permission: 'b:x', scope: ['s', 't'] })] },
      ['role a loses route * /s', 'role b gains route * /s'],
    ],
    [
      'everything below the root, where one reading of "/" has no entry',
      { routes: [{ method: 'GET', ...at('/', { public: true }) }, at('/{any+}', { role: 'a' })] },
      { routes: [{ method: 'GET', ...at('/', { public: true }) }, at('/{any+}', { role: 'b' })] },
      [
        'role a loses route * /{any+}',
        'role a loses route (every other route)',
        'role b gains route * /{any+}',
        'role b gains route (every other route)',
      ],
    ],
    [
      'one entry for all',
      { routes: [at('/{any+}', { role: 'a' })] },
      { routes: [at('/{any+}', { role: ['a', 'b'] })] },
      ['role b gains route * /{any+}', 'role b gains route (every other route)'],
    ],
    [
      'a template whose text the samples must not be',
      { routes: [at('/x', { public: true }), at('/X~', { public: true }), at('/{id}', { role: 'a' })] },
      { routes: [at('/x', { public: true }), at('/X~', { public: true }), at('/{id}', { role: 'b' })] },
      ['role a loses route * /{id}', 'role b gains route * /{id}'],
    ],
    [
      'one template that is written in two ways',
      { routes: [at('/p/{id}', { role: 'a' })] },
      { routes: [at('/P/{number}/', { role: 'b' })] },
      ['role a loses route * /p/{id}', 'role b gains route * /p/{id}'],
    ],
    [
      'one template that ends where others go on',
      { routes: [at('/p/q', { role: 'a' }), at('/p', { role: 'a' }), at('/p/{r+}', { role: 'a' })] },
      { routes: [at('/p/q', { role: 'a' }), at('/p', { role: 'b' }), at('/p/{r+}', { role: 'a' })] },
      ['role a loses route * /p', 'role b gains route * /p'],
    ],
    [
      'requests that fall from a greedy entry to a less specific one',
      { routes: [at('/a/{r+}', { role: 'a' }), at('/{y}/b/c', { role: 'b' })] },
      { routes: [at('/{y}/b/c', { role: 'b' })] },
      ['role a loses route * /a/{r+}', 'role b gains route * /a/b/c'],
    ],
    [
      'the same, listed the other way round',
      { routes: [at('/{y}/b/c', { role: 'b' }), at('/a/{r+}', { role: 'a' })] },
      { routes: [at('/{y}/b/c', { role: 'b' })] },
      ['role a loses route * /a/{r+}', 'role b gains route * /a/b/c'],
    ],
    [
      'requests that share a text, however it is written',
      { routes: [at('/K/a/{x}', { role: 'a' }), at('/k/{y}/b', { role: 'b' })] },
      { routes: [at('/k/{y}/b', { role: 'b' })] },
      ['role a loses route * /K/a/{x}', 'role b gains route * /K/a/b'],
    ],
    [
      'requests of templates that have nothing in common',
      { routes: [at('/a/{x}', { role: 'a' }), at('/b/c', { role: 'a' }), at('/{y}/c', { role: 'b' })] },
      { routes: [at('/{y}/c', { role: 'b' })] },
      [
        'role a loses route * /a/{x}',
        'role a loses route * /b/c',
        'role b gains route * /b/c',
        'role b gains route * /a/c',
      ],
    ],
    [
      'requests that are gained where one of their templates is lost',
      { routes: [at('/a/{r+}', { role: 'a' }), at('/{y}/b', { role: 'b' })] },
      { routes: [at('/a/{r+}', { role: 'a' }), at('/{y}/b', { role: 'a' }), at('/a/{z}', { role: 'b' })] },
      [
        'role a gains route * /{y}/b',
        'role a loses route * /a/{z}',
        'role a loses route * /a/b',
        'role b loses route * /{y}/b',
        'role b gains route * /a/{z}',
        'role b gains route * /a/b',
      ],
    ],
    [
      'what an entry asks, once for all that goes to it',
      { routes: [at('/a/{x}'), at('/{y}/b')] },
      { routes: [at('/a/{x}', { scope: 's' }), at('/{y}/b')] },
      ['* /a/{x} {} {"scope":"s"}'],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(changes({ ...two, ...after }, { ...two, ...before })).toEqual(expected);
  });
});

it('compares every permission that a file asks for', () => {
  const asked = {
    ...two,
    handOver: fullPolicy.handOver,
    routes: [at('/p', { permission: ['p:one', 'p:two'] }), at('/q', { anyPermission: ['p:three', 'p:four'] })],
    functions: { f: { target: TARGET, permission: 'p:five' } },
    workflows: {
      w: {
        target: 'arn:aws:states:eu-west-1:123456789012:stateMachine:w',
        permission: 'p:six',
        steps: { S: { function: 'f', permission: 'p:seven' } },
        approvals: { A: { permission: 'p:eight' } },
      },
    },
  };
  const gained = changes({ ...asked, roles: { a: role('p:*'), b: {} } }, { ...asked, roles: { a: {}, b: {} } });
  const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', '*'];
  expect(gained).toEqual([
    ...names.map((name) => `role a gains permission p:${name}`),
    ...['/p', '/q'].map((path) => `role a gains route * ${path}`),
    ...['function f', 'workflow w', 'approval w/A'].map((what) => `role a gains ${what}`),
  ]);
});

it('gives a new role or actor nothing that it does not say', () => {
  const closed = { ...two, routes: [] };
  expect(changes({ ...closed, roles: { ...two.roles, c: {} } }, closed)).toEqual([]);
  expect(changes({ ...closed, actors: { bot: {} } }, closed)).toEqual([
    'actor bot gains actor bot',
    'member entra:bot gains actor bot',
  ]);
});

describe('of settings', () => {
  const { entra } = fullPolicy.identityProviders;
  const claimsWith = (more: object): object => ({
    identityProviders: { entra: { ...entra, claims: { ...entra.claims, ...more } } },
  });
  const edgeWith = (more: object): object => ({ edge: { ...fullPolicy.edge, ...more } });
  const object = { pointer: '/kind', application: 'app' };
  const pointer = '/identityProviders/entra/claims';
  it.each<[string, object, object, object[]]>([
    [
      'algorithms in another order',
      edgeWith({ algorithms: ['ES256', 'RS256'] }),
      edgeWith({ algorithms: ['RS256', 'ES256'] }),
      [],
    ],
    [
      'one algorithm for another',
      edgeWith({ algorithms: ['ES256'] }),
      edgeWith({ algorithms: ['ES384'] }),
      [{ pointer: '/edge/algorithms', before: ['ES256'], after: ['ES384'] }],
    ],
    [
      'places that are looked at in another order, as only texts have none',
      claimsWith({ roles: ['/a', { pointer: '/b', split: ',' }] }),
      claimsWith({ roles: [{ pointer: '/b', split: ',' }, '/a'] }),
      [
        {
          pointer: `${pointer}/roles`,
          before: ['/a', { pointer: '/b', split: ',' }],
          after: [{ pointer: '/b', split: ',' }, '/a'],
        },
      ],
    ],
    [
      'a text that becomes an object',
      claimsWith({ kind: '/kind' }),
      claimsWith({ kind: object }),
      [{ pointer: `${pointer}/kind`, before: '/kind', after: object }],
    ],
    [
      'an object that becomes a text',
      claimsWith({ kind: object }),
      claimsWith({ kind: '/kind' }),
      [{ pointer: `${pointer}/kind`, before: object, after: '/kind' }],
    ],
    ['a setting that is new', {}, edgeWith({ replay: 'reject' }), [{ pointer: '/edge/replay', after: 'reject' }]],
    ['a setting that goes', edgeWith({ replay: 'reject' }), {}, [{ pointer: '/edge/replay', before: 'reject' }]],
    [
      'null, which is no object',
      edgeWith({ keys: { jwks: { keys: [{}], note: null } } }),
      edgeWith({ keys: { jwks: { keys: [{}], note: { of: 'x' } } } }),
      [{ pointer: '/edge/keys/jwks/note/of', after: 'x' }],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(differenceOf(documentOf(before), documentOf(after)).settings).toStrictEqual(expected);
  });
});
