import { findRoutes } from '../../src/policy/routes';
import type { Policy } from '../../src/policy/policy';
import { rulesOf } from '../../src/policy/rules';
import { makeIdentity, makePolicy, policyDocument, problemsOf } from '../support/policies';

const policyWith = (paths: readonly string[]): Policy =>
  makePolicy({
    routes: paths.map((entry) => {
      const [first, second] = entry.split(' ');
      return second ? { method: first, path: second, authenticated: true } : { path: first, authenticated: true };
    }),
  });

function requestOf(text: string): { method: string; path: string } {
  const [method, path] = text.split(' ') as [string, string];
  return { method, path };
}

const positionOf = (rule: string | undefined): number | undefined =>
  rule === undefined ? undefined : Number(rule.slice('/routes/'.length));

/** The entry that decides, by its position; undefined where none does. */
const deciding = (paths: readonly string[], request: string): number | undefined =>
  positionOf(policyWith(paths).decideRoute(requestOf(request), makeIdentity()).rule);

describe('which entry decides', () => {
  const specific = ['/{any+}', '/invoices/{id}', '/invoices/search', '/invoices/{rest+}', '/{room}/search', '/'];
  it.each([
    [specific, 'GET /invoices/search', 2],
    [specific, 'GET /invoices/7', 1],
    [specific, 'GET /invoices/7/lines', 3],
    [specific, 'GET /users/search', 4],
    [specific, 'GET /users/7', 0],
    [specific, 'GET /', 5],
    [['/a/{x}', '/{y}/b'], 'GET /a/b', 0],
    [['/{y}/b', '/a/{x}'], 'GET /a/b', 1],
    [['/a'], 'GET /A', 0],
    [['/Invoices'], 'GET /iNVOICES', 0],
    [['/a'], 'GET /a/', 0],
    [['/a/'], 'GET /a', 0],
    [['/a'], 'GET /a//', undefined],
    [['/a'], 'GET //a', undefined],
    [['/a'], 'GET /a/b', undefined],
    [['/a/{x}'], 'GET /a', undefined],
    [['/a/{x}'], 'GET /a/', undefined],
    [['/a/{x}'], 'GET /a//', undefined],
    [['/a/{x}/b'], 'GET /a//b', undefined],
    [['/a/{x+}'], 'GET /a', undefined],
    [['/a/{x+}'], 'GET /a/b', 0],
    [['/a/{x+}'], 'GET /a/b/c/d/', 0],
    [['/a/{x+}', '/{any+}'], 'GET /a//b', 0],
    [['/a/{x+}', '/{any+}'], 'GET /a//', 0],
    [['/a/b'], 'GET /a%2fb', undefined],
    [['/a/b'], 'GET /%61/b', undefined],
    [['/{x}'], 'GET /a%2Fb', 0],
    [['/{x}'], 'GET /..', undefined],
    [['/{x}'], 'GET /%2e%2E', undefined],
    [['/{x}'], 'GET /a..b', 0],
    [['/{x}'], 'GET /...', 0],
    [['/a'], 'GET /a/../a', undefined],
    [['/a'], 'GET /a;x=1', undefined],
    [['/kelvin', '/{x}'], 'GET /\u212Aelvin', 1],
    [['/file.json'], 'GET /filexjson', undefined],
    [['GET /a'], 'HEAD /a', 0],
    [['GET /a'], 'head /a', 0],
    [['GET /a'], 'POST /a', undefined],
    [['GET /a'], 'OPTIONS /a', undefined],
    [['GET /a', 'HEAD /a', '/a'], 'HEAD /a', 1],
    [['/a', 'GET /a'], 'GET /a', 1],
    [['/a', 'GET /a'], 'DELETE /a', 0],
    [['/a', 'GET /a'], 'PROPFIND /a', 0],
    [['GET /a/b', '/a/{x}'], 'POST /a/b', 1],
  ])('%j: %s', (paths, request, entry) => {
    expect(deciding(paths, request)).toBe(entry);
  });
});

describe('paths that Express 5 and Express 4 route differently', () => {
  // "/files/" is no file to Express 5's "/files/*name" and an empty one to Express 4's "/files/*".
  const routes = (open: string, closed: string): object[] => [
    { path: open, public: true },
    { path: closed, permission: 'invoice:read' },
  ];
  it.each([
    ['/{name}', '/files/{rest+}', '/files/'],
    ['/files/{rest+}', '/{name}', '/files/'],
    ['/{any+}', '/files/{rest+}', '/files/'],
    ['/{any+}', '/', '//'],
    ['/', '/{any+}', '//'],
  ])('%s open, %s closed: %s needs what both ask', (open, closed, path) => {
    const policy = makePolicy({ routes: routes(open, closed) });
    const decide = (roles: string[]): string =>
      policy.decideRoute({ method: 'GET', path }, makeIdentity({ roles })).reason;
    expect([decide([]), decide(['clerk'])]).toEqual(['permission_missing', 'granted']);
    expect(policy.decideRoute({ method: 'GET', path }, undefined).reason).toBe('identity_missing');
  });
});

describe('the entries that both Express 5 and Express 4 find', () => {
  it.each<[string[], string, (number | undefined)[]]>([
    [['/a'], 'GET /a', [0]],
    [['/a'], 'GET /a/', [0]],
    [['/a'], 'GET /a//', [undefined]],
    [['/a/{x}'], 'GET /a//', [undefined]],
    [['POST /a'], 'HEAD /a', [undefined]],
    [['/{any+}', '/'], 'GET /', [1]],
    [['/{any+}', '/'], 'GET //', [1, 0]],
    [['/{any+}', '/'], 'GET ///', [0]],
    [['/{any+}', 'GET /'], 'POST /', [undefined, 0]],
    [['/{name}', '/files/{rest+}'], 'GET /files/', [0, 1]],
    [['/files/{rest+}'], 'GET /files/', [undefined, 0]],
    [['/files/{rest+}', '/files'], 'GET /files/', [1]],
    [['/files', '/files/{rest+}'], 'GET /files/', [0]],
    [['/files/{rest+}'], 'GET /files/a/', [0]],
  ])('of %j for %s are %j', (paths, request, entries) => {
    const found = findRoutes(rulesOf(policyWith(paths).document).routes ?? [], requestOf(request));
    expect(found.map((route) => positionOf(route?.pointer))).toEqual(entries);
  });

  it('refuse by the first where both do', () => {
    const policy = makePolicy({
      routes: [
        { path: '/{name}', permission: 'invoice:read' },
        { path: '/files/{rest+}', permission: 'invoice:approve' },
      ],
    });
    expect(policy.decideRoute({ method: 'GET', path: '/files/' }, makeIdentity())).toMatchObject({
      reason: 'permission_missing',
      required: 'invoice:read',
      rule: '/routes/0',
    });
  });
});

describe('what is wrong with a list of routes', () => {
  const open = { public: true };
  it.each([
    [[{ path: '/a' }], '/routes/0', /says nothing about its caller/],
    [[{ path: '/a', ...open, permission: 'a:b' }], '/routes/0', /is public and asks for permission too/],
    [
      [
        { path: '/a', ...open },
        { path: '/A/', ...open },
      ],
      '/routes/1',
      /same requests as \/routes\/0/,
    ],
    [
      [
        { path: '/{a}', ...open },
        { path: '/{b}', ...open },
      ],
      '/routes/1',
      /same requests as \/routes\/0/,
    ],
    [
      [
        { path: '/{a+}', ...open },
        { path: '/{b+}', ...open },
      ],
      '/routes/1',
      /same requests as \/routes\/0/,
    ],
    [[{ path: '/a', role: 'clerc' }], '/routes/0/role', /did you mean "clerk"/],
  ])('%j', (routes, pointer, message) => {
    expect(problemsOf(policyDocument({ routes }))).toEqual([{ pointer, message: expect.stringMatching(message) }]);
  });

  it.each([
    [['/{id}', '/parameter', '/greedy', '/{rest+}']],
    [['/a', '/a/{rest+}', '/a/b']],
    [['/ab/c', '/a/bc', '/abc']],
  ])('nothing, with %j', (paths) => {
    expect(problemsOf(policyDocument({ routes: paths.map((path) => ({ path, ...open })) }))).toEqual([]);
  });

  it.each([
    ['report', true],
    ['Invoice-2:read.all:_x', true],
    ['invoice:2', true],
    ['', false],
    ['1nvoice', false],
    ['x 1nvoice', false],
    ['invoice:', false],
    [':read', false],
    ['invoice::read', false],
    ['invoice:read ', false],
    ['invoice:read/all', false],
    ['invoice:*', false],
    ['*', false],
  ])('lets a route ask for the permission %j: %s', (permission, taken) => {
    const problems = problemsOf(policyDocument({ routes: [{ path: '/a', permission }] }));
    expect(problems.map(({ pointer }) => pointer)).toEqual(taken ? [] : ['/routes/0/permission']);
  });

  it.each([
    'a',
    '',
    '//',
    '/a//b',
    '/a b',
    '/{a}b',
    '/{a+}/b',
    '/{a+}/',
    '/{}',
    '/a?b',
    '/a#b',
    '/a*',
    '/%41',
    '/é',
    '/a\n',
  ])('refuses the path %j', (path) => {
    const [problem, ...more] = problemsOf(policyDocument({ routes: [{ path, ...open }] }));
    expect(problem?.pointer).toBe('/routes/0/path');
    expect(more).toEqual([]);
  });
});
