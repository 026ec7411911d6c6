import { codeOf, thrownBy } from '../support/errors';
import { fullPolicy, makeIdentity, makePolicy, policyDocument, problemsOf } from '../support/policies';
import type { TxnTokenEdge } from '../../src/policy/edge-document';
import { compilePolicy } from '../../src/policy/policy';
import { chainTo } from '../../src/policy/roles';

const { edge, identityProviders, roles } = fullPolicy;
const { entra } = identityProviders;

describe('problems', () => {
  it('come all at once, each with its JSON pointer', async () => {
    const document = policyDocument({
      application: '',
      edge: { ...edge, algorithms: ['HS256'], keys: {}, isuer: 'x' },
      roles: { 'a/b~c': { permissions: ['x y'] }, clerk: { member: [] } },
      routes: [{ path: 'no-slash' }, { method: 'get', path: '/a' }],
      unlistedRoute: 'deny',
    });
    const pointers = problemsOf(document).map(({ pointer }) => pointer);
    expect(pointers.sort()).toEqual(
      [
        '/application',
        '/edge/algorithms/0',
        '/edge/isuer',
        '/edge/keys',
        '/roles/a~1b~0c',
        '/roles/a~1b~0c/permissions/0',
        '/roles/clerk/member',
        '/routes/0/path',
        '/routes/1/method',
        '/unlistedRoute',
      ].sort(),
    );
    const { message } = await thrownBy(() => compilePolicy(document, {}, 'The file p.json'));
    expect(message).toMatch(/^The file p\.json has 10 problems:\n/);
    expect(message.match(/\n {2}\/(?:.)+: /g)).toHaveLength(10);
  });

  it.each([
    ['an unknown member', { unlistedRoute: 'deny' }, '/unlistedRoute', /did you mean "unlistedRoutes"/],
    ['an unknown member of the edge', { edge: { ...edge, isuer: 'x' } }, '/edge/isuer', /did you mean "issuer"/],
    ['a missing member', { edge: undefined }, '/edge', /is missing/],
    ['an unknown parent', { roles: { ...roles, a: { inherits: ['clerc'] } } }, '/roles/a/inherits/0', /mean "clerk"/],
    ['itself as parent', { roles: { ...roles, a: { inherits: ['a'] } } }, '/roles/a/inherits/0', /circle: a → a/],
    ['an unknown provider', { roles: { ...roles, a: { members: ['entre:x'] } } }, '/roles/a/members/0', /mean "entra"/],
    ['an unknown role of an actor', { actors: { a: { roles: ['x'] } } }, '/actors/a/roles', /"x" is not known/],
    ['functions without hand-over', { handOver: undefined }, '/handOver', /is missing: functions/],
    [
      'one issuer of two providers',
      { identityProviders: { entra, other: entra }, actors: {} },
      '/identityProviders/other/issuer',
      /is the issuer of "entra" too/,
    ],
    [
      'a provider by the name of the built-in one',
      { identityProviders: { entra, windows: { ...entra, issuer: 'https://b.example' } }, actors: {} },
      '/identityProviders/windows',
      /IIS/,
    ],
    [
      'a member of two actors',
      { actors: { a: { members: ['entra:x'] }, b: { members: ['entra:x'] } } },
      '/actors',
      /entra:x is a member of several actors: a, b/,
    ],
    [
      'an actor of which provider nobody knows',
      { identityProviders: { entra, other: { ...entra, issuer: 'https://b.example' } } },
      '/actors/invoice-copilot/members',
      /say whose party the actor is/,
    ],
  ])('name %s', (_, changes, pointer, message) => {
    const document = policyDocument({ routes: undefined, ...changes });
    expect(problemsOf(document)).toEqual([{ pointer, message: expect.stringMatching(message) }]);
  });

  it.each([null, [], 'x', 7, undefined])('has one for the document %j', (document) => {
    expect(problemsOf(document)).toEqual([{ pointer: '', message: 'must be an object' }]);
  });

  it('names each circle of roles once', () => {
    const circle = { a: { inherits: ['b'] }, b: { inherits: ['c'] }, c: { inherits: ['a'] } };
    const problems = problemsOf(policyDocument({ roles: { ...roles, ...circle }, routes: undefined }));
    expect(problems.length).toBeGreaterThan(0);
    for (const { pointer, message } of problems) {
      expect(pointer).toMatch(/^\/roles\/[abc]\/inherits\/0$/);
      expect(message).toMatch(/inherits in a circle: (a → b → c → a|b → c → a → b|c → a → b → c)$/);
    }
  });

  it('finds a circle that is reached from outside of it', () => {
    const circle = { out: { inherits: ['a'] }, a: { inherits: ['b'] }, b: { inherits: ['a'] } };
    expect(problemsOf(policyDocument({ roles: { ...roles, ...circle } })).length).toBeGreaterThan(0);
  });

  it('does not visit a role once for each way to it: 2^40 of them', () => {
    const tower: Record<string, object> = { a40: { permissions: ['x:y'] }, b40: {} };
    for (let i = 39; i >= 0; i--) {
      for (const side of ['a', 'b']) tower[`${side}${i}`] = { inherits: [`b${i + 1}`, `a${i + 1}`] };
    }
    const policy = makePolicy({ roles: { ...roles, ...tower } });
    const user = makeIdentity({ roles: ['a0'] });
    expect(policy.decidePermission(user, 'x:y').allowed).toBe(true);
    expect(chainTo(policy.document.roles, 'a0', (role) => role.permissions?.[0] === 'x:y')).toHaveLength(41);
    expect(chainTo(policy.document.roles, 'a0', (_role, name) => name === 'clerk')).toBeUndefined();
  });

  it('takes a diamond for no circle', () => {
    const diamond = { top: { inherits: ['l', 'r'] }, l: { inherits: ['clerk'] }, r: { inherits: ['clerk'] } };
    const policy = makePolicy({ roles: { ...roles, ...diamond } });
    expect(policy.decidePermission(makeIdentity({ roles: ['top'] }), 'invoice:read').allowed).toBe(true);
  });
});

describe('filling ${NAME}', () => {
  const changes = { edge: { ...edge, issuer: 'https://${HOST}/${STAGE}', keys: { jwksUri: '${KEYS}' } } };
  const env = { HOST: 'gw.example', STAGE: 'prod', KEYS: 'https://k.example/j' };

  it.each(['https://${GATE-WAY}.example', '${}', 'a${HOST}b${'])('refuses %j, which no variable can fill', (issuer) => {
    expect(problemsOf(policyDocument({ edge: { ...edge, issuer } }), env)).toEqual([
      { pointer: '/edge/issuer', message: expect.stringMatching(/^holds "\$\{" without the name of a variable/) },
    ]);
  });

  it('takes the values from the environment', () => {
    const policy = makePolicy(changes, env);
    expect(policy.edge).toMatchObject({ issuer: 'https://gw.example/prod', keys: { jwksUri: 'https://k.example/j' } });
  });

  it('lists every name that is missing or empty, once, and nothing about the gap that it leaves', () => {
    expect(problemsOf(policyDocument(changes), { HOST: '', KEYS: 'https://k.example/j' })).toEqual([
      { pointer: '/edge/issuer', message: 'the environment variable HOST is not set' },
      { pointer: '/edge/issuer', message: 'the environment variable STAGE is not set' },
    ]);
    expect(problemsOf(policyDocument({ ...changes, application: 7 }), { ...env, KEYS: undefined })).toEqual([
      { pointer: '/edge/keys/jwksUri', message: 'the environment variable KEYS is not set' },
      { pointer: '/application', message: 'must be a non-empty string' },
    ]);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'does not find ${%s} in the prototype',
    (name) => {
      const document = policyDocument({ edge: { ...edge, issuer: `\${${name}}` } });
      expect(problemsOf(document)).toEqual([
        { pointer: '/edge/issuer', message: `the environment variable ${name} is not set` },
      ]);
    },
  );

  it('fills once: a value that looks like a name stays as it is', () => {
    const policy = makePolicy(changes, { ...env, HOST: '${STAGE}', STAGE: '$&' });
    expect(policy.edge).toMatchObject({ issuer: 'https://${STAGE}/$&' });
  });

  it('checks what the environment brought', () => {
    const target = 'arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f';
    const document = policyDocument({ functions: { f: { target, permission: 'a:b' } } });
    expect(problemsOf(document, { ACCOUNT: '123456789012' })).toEqual([]);
    expect(problemsOf(document, { ACCOUNT: '12' })).toEqual([
      { pointer: '/functions/f/target', message: 'must be the ARN of a Lambda function' },
    ]);
  });
});

describe('the digest', () => {
  const text = JSON.stringify(policyDocument({ edge: { ...edge, issuer: 'https://${HOST}' } }), null, 2);
  const digestOf = (source: string, host = 'a.example'): string =>
    compilePolicy(JSON.parse(source), { HOST: host }).digest;
  const reversed = (value: unknown): unknown =>
    typeof value !== 'object' || value === null
      ? value
      : Array.isArray(value)
        ? value.map(reversed)
        : Object.fromEntries(
            Object.entries(value)
              .map(([name, item]) => [name, reversed(item)] as const)
              .reverse(),
          );

  it('does not depend on layout, line ends, order of members or environment', () => {
    const digest = digestOf(text);
    expect(digest).toMatch(/^sha256-[\w-]{43}$/);
    const spellings = [
      JSON.stringify(JSON.parse(text)),
      text.replaceAll('\n', '\r\n'),
      JSON.stringify(reversed(JSON.parse(text)), null, '\t'),
      text.replace('"invoices"', '"\\u0069nvoices"'),
    ];
    for (const spelling of spellings) expect(digestOf(spelling)).toBe(digest);
    expect(digestOf(text, 'b.example')).toBe(digest);
  });

  it('changes with each change of what is written', () => {
    const changes = [
      text,
      text.replace('invoice:read', 'invoice:list'),
      text.replace('${HOST}', 'a.example'),
      text.replace('"public": true', '"authenticated": true'),
      text.replace('"timeoutSeconds": 10', '"timeoutSeconds": 11'),
      JSON.stringify({ ...JSON.parse(text), routes: JSON.parse(text).routes.reverse() }),
      JSON.stringify({ ...JSON.parse(text), routes: [] }),
    ];
    expect(new Set(changes.map((change) => digestOf(change))).size).toBe(changes.length);
  });
});

describe('members', () => {
  const other = { ...entra, issuer: 'https://b.example' };
  const policy = makePolicy({
    identityProviders: { entra, other },
    roles: { ...roles, second: { members: ['entra:Invoices.Clerk', 'other:a:b'] } },
    actors: { bot: { members: ['entra:bot-1', 'other:bot-2'] }, nobody: { members: [] } },
  });

  it.each([
    ['entra', ['Invoices.Clerk'], ['clerk', 'second']],
    ['entra', ['Invoices.Clerk', 'Invoices.Clerk', 'x'], ['clerk', 'second']],
    ['other', ['Invoices.Clerk'], []],
    ['other', ['a:b'], ['second']],
    ['windows', ['CORP\\bob'], ['clerk']],
    ['entra', ['CORP\\bob', 'clerk', '', '*', '__proto__'], []],
    ['__proto__', ['x'], []],
    ['entra', [], []],
  ])('%s: %j gives %j', (provider, values, given) => {
    expect(policy.rolesOf(provider, values)).toEqual(given);
  });

  it.each([
    ['entra', 'bot-1', 'bot'],
    ['other', 'bot-2', 'bot'],
    ['entra', 'bot-2', undefined],
    ['entra', 'bot', undefined],
    ['entra', 'nobody', undefined],
    ['entra', '__proto__', undefined],
  ])('%s: the actor %s is %s', (provider, value, name) => {
    expect(policy.actorOf(provider, value)).toBe(name);
  });

  it('knows an actor without members by its own name while there is one provider', () => {
    const single = makePolicy();
    expect(single.actorOf('entra', 'invoice-copilot')).toBe('invoice-copilot');
    expect(single.actorOf('windows', 'invoice-copilot')).toBeUndefined();
  });
});

describe('a compiled policy', () => {
  it('cannot be changed, and does not change with the document', () => {
    const document = policyDocument() as { roles: { clerk: { permissions: string[] } } };
    const policy = compilePolicy(document, {});
    document.roles.clerk.permissions.push('invoice:approve');
    expect(policy.decidePermission(makeIdentity({ roles: ['clerk'] }), 'invoice:approve').allowed).toBe(false);
    const { keys } = policy.edge as TxnTokenEdge;
    const parts = [policy, policy.edge, keys, policy.routes, policy.routes[0], policy.functions];
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
  });

  it('is refused with one code', async () => {
    expect(await codeOf(() => compilePolicy({}, {}))).toBe('policy_invalid');
  });
});

it.each<[string, Record<string, unknown>, string, string]>([
  ['no profile', { edge: { issuer: 'x' } }, '/edge/profile', 'is missing'],
  [
    'a profile that is none',
    { edge: { ...edge, profile: 'txn' } },
    '/edge/profile',
    'must be "txn-token" or "aws-alb" or "aws-verified-access" or "google-iap" or "cloudflare-access" or "pomerium" or "oidc" or "windows" or "unsigned"',
  ],
  ['an edge that is a list', { edge: [edge] }, '/edge', 'must be an object'],
  [
    'keys that are null',
    { edge: { ...edge, keys: { jwks: null } } },
    '/edge/keys/jwks',
    'must be a JWK Set (RFC 7517)',
  ],
])('a problem is told in one line: %s', async (_what, changes, pointer, message) => {
  const error = await thrownBy(() => compilePolicy(policyDocument(changes), {}, 'The file p.json'));
  expect(error.message).toBe(`The file p.json has a problem:\n  ${pointer}: ${message}`);
});
