import { makeIdentity, makePolicy, policyDocument, problemsOf } from '../support/policies';

/** The entry that decides, by its position; undefined where none does. */
function deciding(paths: readonly string[], request: string): number | undefined {
  const [method, path] = request.split(' ') as [string, string];
  const routes = paths.map((entry) => {
    const [first, second] = entry.split(' ');
    return second ? { method: first, path: second, authenticated: true } : { path: first, authenticated: true };
  });
  const { rule } = makePolicy({ routes }).decideRoute({ method, path }, makeIdentity());
  return rule === undefined ? undefined : Number(rule.slice('/routes/'.length));
}

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

  it.each([[['/{id}', '/parameter', '/greedy', '/{rest+}']], [['/a', '/a/{rest+}', '/a/b']]])(
    'nothing, with %j',
    (paths) => {
      expect(problemsOf(policyDocument({ routes: paths.map((path) => ({ path, ...open })) }))).toEqual([]);
    },
  );

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
