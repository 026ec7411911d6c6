import { readExpectations } from '../../src/policy/expectations';
import { findingText } from '../../src/policy/finding-text';
import type { Finding } from '../../src/policy/findings';
import { refusalAdvice } from '../../src/policy/refusal-advice';
import { ALB, VAI } from '../support/edges';
import { thrownBy } from '../support/errors';
import { fullPolicy, makeIdentity, makePolicy, problemsOf } from '../support/policies';

// What whoever writes a policy, or looks for the reason of a refusal, has to go by: word by word.

it.each<[Finding['code'], string[], string]>([
  ['role_unheld', ['a'], 'nobody has the role "a": neither it nor a role that inherits it has members'],
  ['permission_ungranted', ['a:b'], 'no role grants "a:b": nobody gets through here'],
  ['permission_ungranted', ['a:b', 'x', 'y'], 'only roles that nobody has grant "a:b": "x", "y"'],
  ['role_unreached', ['a', 'b'], 'nobody has "a", "b": nobody gets through here'],
  ['route_unreachable', ['/a/../b'], 'no request comes to /a/../b: clients take "." and ".." out of paths'],
  ['actor_wider', ['a:*'], 'no role grants "a:*", so the actor cannot use it'],
  ['deny_idle', ['a:b'], 'nothing that is granted or asked for is denied by "a:b": is it misspelt?'],
  ['claim_unmapped', ['scopes'], 'no identity provider\'s "claims" reads "scopes": nobody gets through here'],
  [
    'tenant_shared',
    [],
    'several identity providers map tenants, and equal ones meet here: make sure that they cannot choose the same',
  ],
  [
    'lifetime_for_cache',
    ['replay', 'bind'],
    'above 60 s it lets in tokens that a gateway\'s cache kept, which "replay", "bind" is there to prevent',
  ],
  ['route_public', ['GET /a'], 'GET /a is open to everybody'],
  ['unlisted_open', [], 'every verified caller may send requests that no entry lists'],
  ['grant_unasked', ['a:b'], 'no route, function or workflow asks for "a:b"; a guard in code may'],
  [
    'cache_forbidden',
    ['replay'],
    '"replay" holds only while the gateway caches no authorizer results: authorizerResultTtlInSeconds 0, createAuthorizer({ cacheTtlSeconds: 0 })',
  ],
])('the finding %s about %j', (code, names, sentence) => {
  expect(findingText({ code, names })).toBe(sentence);
});

describe('what is advised after a refusal', () => {
  const policy = makePolicy();
  it.each<[Parameters<typeof refusalAdvice>[1], string[], string, string]>([
    [
      'permission_denied',
      ['auditor'],
      'invoice:approve',
      'A role of the caller denies invoice:approve (/roles/…/deny), which nothing else can give back.',
    ],
    ['actor_unknown', ['clerk'], 'invoice:read', 'The token names an actor that /actors does not know.'],
    [
      'actor_limited',
      ['approver'],
      'invoice:approve',
      'The caller may, but whoever acts for it may not: /actors/…/permissions lacks invoice:approve.',
    ],
    [
      'permission_missing',
      [],
      'invoice:read',
      "The caller's token names no role of the policy: a claim is missing, or /identityProviders/…/claims/roles does not read it, or /roles/…/members does not list its value.",
    ],
    [
      'permission_missing',
      ['clerk', 'other'],
      'invoice:approve',
      "None of the caller's roles (clerk, other) grants invoice:approve; these do: approver, auditor.",
    ],
    [
      'permission_missing',
      ['clerk'],
      'ledger:read',
      "None of the caller's roles (clerk) grants ledger:read; no role of the policy does.",
    ],
  ])('%s, with the roles %j', (reason, roles, permission, advice) => {
    expect(refusalAdvice(policy, reason, permission, makeIdentity({ roles }))).toBe(advice);
  });

  it('leaves roles out that grant nothing of their own', () => {
    const heirs = makePolicy({
      roles: { clerk: { permissions: ['invoice:read'] }, heir: { inherits: ['clerk'] } },
      actors: {},
    });
    const advice = refusalAdvice(heirs, 'permission_missing', 'invoice:read', makeIdentity({ roles: ['none'] }));
    expect(advice).toBe("None of the caller's roles (none) grants invoice:read; these do: clerk.");
  });
});

const { entra } = fullPolicy.identityProviders;
/** Nothing but an edge, who is believed besides, and a role with the members that are named. */
const bare = (edge: object, members: string[] = [], identityProviders: object = {}, more: object = {}): object => ({
  application: 'invoices',
  edge,
  identityProviders,
  roles: { clerk: { members } },
  ...more,
});
const claims = { subject: '/sub' };
const unsigned = { profile: 'unsigned', header: 'X-User', encoding: 'json', claims };
const alb = { profile: 'aws-alb', signer: ALB, issuer: 'https://login.example.com/', client: 'c', claims };
const verifiedAccess = { profile: 'aws-verified-access', signer: VAI, issuer: 'https://login.example.com/', claims };
const keys = { jwksUri: 'https://keys.example.com/jwks.json' };
const inPartition = (partition: string, arn: string): string => arn.replace('arn:aws:', `arn:${partition}:`);

describe('an edge and the rest of the policy', () => {
  const noKeys = { pointer: '/edge/keys', message: "is missing: where this partition's keys are is not known here" };
  const taken = (name: string) => ({
    pointer: '/edge/provider',
    message: `is an identity provider with tokens of its own; call "${name}" something else for the edge`,
  });
  it.each<[string, object, { pointer: string; message: string } | undefined]>([
    [
      'oidc without a provider',
      bare({ profile: 'oidc' }),
      { pointer: '/identityProviders', message: 'is missing: the profile "oidc" would refuse everybody' },
    ],
    ['oidc with one', bare({ profile: 'oidc' }, ['entra:x'], { entra }), undefined],
    ['a name of its own', bare({ ...unsigned, provider: 'sso' }, ['sso:x', 'entra:x'], { entra }), undefined],
    ["an identity provider's name", bare({ ...unsigned, provider: 'entra' }, ['entra:x'], { entra }), taken('entra')],
    ['its own name for a provider', bare(alb, [], { 'aws-alb': entra }), taken('aws-alb')],
    [
      'the name of the sign-in of IIS',
      bare({ ...unsigned, provider: 'windows' }),
      { pointer: '/edge/provider', message: 'must have another name: "windows" is the sign-in of IIS itself' },
    ],
    ['the sign-in of IIS', bare({ profile: 'windows' }, ['windows:CORP\\bob']), undefined],
    ['a load balancer', bare(alb, ['aws-alb:x']), undefined],
    ['a load balancer of GovCloud', bare({ ...alb, signer: inPartition('aws-us-gov', ALB) }), undefined],
    ['a load balancer of China', bare({ ...alb, signer: inPartition('aws-cn', ALB) }), noKeys],
    ['a load balancer of China with keys', bare({ ...alb, signer: inPartition('aws-cn', ALB), keys }), undefined],
    ['Verified Access', bare(verifiedAccess), undefined],
    ['Verified Access of GovCloud', bare({ ...verifiedAccess, signer: inPartition('aws-us-gov', VAI) }), noKeys],
    ['its keys', bare({ ...verifiedAccess, signer: inPartition('aws-us-gov', VAI), keys }), undefined],
    [
      'members of a provider that oidc is not',
      bare({ profile: 'oidc' }, ['oidc:x'], { entra }),
      {
        pointer: '/roles/clerk/members/0',
        message: 'identity provider "oidc" is not known here; known are: entra, windows',
      },
    ],
    [
      'members of a provider beside Windows',
      bare({ profile: 'windows' }, ['other:x']),
      { pointer: '/roles/clerk/members/0', message: 'identity provider "other" is not known here; known are: windows' },
    ],
  ])('%s', (_what, document, problem) => {
    expect(problemsOf(document)).toEqual(problem === undefined ? [] : [problem]);
  });

  it.each([
    ['windows:corp\\Bob', 'windows:CORP\\bob'],
    ['windows:CORP\\Bob', 'windows:CORP\\bob'],
    ['windows:bob', 'windows:DOMAIN\\user'],
    ['windows:CORP\\b@b', 'windows:DOMAIN\\user'],
  ])('members of Windows are written in one way: %s', (member, meant) => {
    const message = `must be written ${JSON.stringify(meant)}`;
    const members = ['windows:CORP\\ann', member];
    expect(problemsOf(bare({ profile: 'windows' }, members))).toEqual([{ pointer: '/roles/clerk/members/1', message }]);
    expect(problemsOf(bare({ profile: 'windows' }, [], {}, { actors: { bot: { members } } }))).toEqual([
      { pointer: '/actors/bot/members/1', message },
    ]);
  });
});

describe('the issuers of providers', () => {
  const [one, two] = ['5f1c9d0e-3b1a-4c55-9a3e-0d5a1d6f7b21', '6f1c9d0e-3b1a-4c55-9a3e-0d5a1d6f7b22'];
  const issuer = 'https://login.example.com/{tenantid}/v2.0';
  const problems = (identityProviders: object) => problemsOf(bare(fullPolicy.edge, [], identityProviders));
  it.each<[string, object, string, string]>([
    ['a template alone', { a: { ...entra, issuer } }, 'a/tenants', 'is missing: the issuer has "{tenantid}"'],
    [
      'tenants alone',
      { a: { ...entra, tenants: [one] } },
      'a/issuer',
      'must have "{tenantid}" where there are tenants',
    ],
    [
      "one tenant's of two providers",
      { a: { ...entra, issuer, tenants: [one, two] }, b: { ...entra, issuer: issuer.replace('{tenantid}', two) } },
      'b/issuer',
      'is the issuer of "a" too; give that one more audiences',
    ],
  ])('%s', (_what, providers, pointer, message) => {
    expect(problems(providers)).toEqual([{ pointer: `/identityProviders/${pointer}`, message }]);
  });

  it('are one for each tenant', () => {
    const a = { ...entra, issuer, tenants: [one] };
    expect(problems({ a, b: { ...a, tenants: [two] } })).toEqual([]);
  });
});

it.each<[string, object, string, string]>([
  [
    'of a role',
    { roles: { 'a b': {} } },
    '/roles/a b',
    'is no usable name: must be up to 64 letters, digits, ".", "_" and "-", a letter first',
  ],
  [
    'of a provider',
    { identityProviders: { Entra: entra } },
    '/identityProviders/Entra',
    'is no usable name: must be up to 32 small letters, digits and "-", a letter first',
  ],
  [
    'of a parameter',
    { routes: [{ path: '/{t}', where: { 't-1': '/tenant' } }] },
    '/routes/0/where/t-1',
    'is no usable name: must be the name of a parameter of the path',
  ],
])('a name %s', (_what, changes, pointer, message) => {
  expect(problemsOf(bare(fullPolicy.edge, [], {}, changes))).toEqual([{ pointer, message }]);
});

describe('a part of the file', () => {
  const f = fullPolicy.functions['render-invoice'];
  const withFunction = (changes: object): object => ({
    functions: { f: { ...f, ...changes } },
    handOver: fullPolicy.handOver,
  });
  const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/q';
  const conditions = 'permission, anyPermission, scope, anyScope, role, allRoles, where, recentLogin';
  it.each<[object, string, string]>([
    [{ routes: {} }, '/routes', 'must be a list'],
    [{ routes: [{ path: '/a', role: [] }] }, '/routes/0/role', 'must have at least 1 member(s)'],
    [{ actors: [] }, '/actors', 'must be an object'],
    [{ routes: [7] }, '/routes/0', 'must be an object'],
    [
      { edge: { ...fullPolicy.edge, keys: {} } },
      '/edge/keys',
      'must be an object with jwksUri or file or secretId or pemUrl or jwks',
    ],
    [{ routes: [{ path: '/a', recentLogin: {} }] }, '/routes/0/recentLogin', 'must have maxAgeSeconds or acr'],
    [
      { routes: [{ path: '/a' }] },
      '/routes/0',
      `says nothing about its caller: give one of public, authenticated, ${conditions}`,
    ],
    [
      { actors: { bot: { members: ['entre:x'] } }, identityProviders: { entra } },
      '/actors/bot/members/0',
      'identity provider "entre" is not known here; did you mean "entra"?',
    ],
    [withFunction({ delivery: 'sqs' }), '/functions/f/queueUrl', 'is missing: delivery is "sqs"'],
    [withFunction({ queueUrl }), '/functions/f/queueUrl', 'is given, but delivery is not "sqs"'],
  ])('%j', (changes, pointer, message) => {
    expect(problemsOf({ ...bare(fullPolicy.edge), ...changes })).toEqual([{ pointer, message }]);
  });
});

describe('a table of expectations', () => {
  const row = { caller: 'a', permission: 'invoice:read', outcome: 'allowed' };
  const callers = { a: { roles: ['clerk'] }, anonymous: 'anonymous' };
  const one = 'must have one of request, permission, function, workflow and approval';
  it.each<[object, string, string]>([
    [
      { callers: { a: { members: ['entre:x'] } } },
      '/callers/a/members/0',
      'identity provider "entre" is not known here; did you mean "entra"?',
    ],
    [
      { callers: { a: { roles: ['clerc'] } } },
      '/callers/a/roles/0',
      'role "clerc" is not known here; did you mean "clerk"?',
    ],
    [{ expectations: [{ ...row, request: 'GET /a' }] }, '/expectations/0', one],
    [{ expectations: [{ caller: 'a', outcome: 'denied' }] }, '/expectations/0', one],
    [
      { expectations: [{ ...row, caller: ['a', 'anonymos'] }] },
      '/expectations/0/caller',
      'caller "anonymos" is not known here; did you mean "anonymous"?',
    ],
    [
      { expectations: [{ ...row, permission: undefined, function: 'render-invoce' }] },
      '/expectations/0/function',
      'function "render-invoce" is not known here; did you mean "render-invoice"?',
    ],
    [
      { expectations: [{ ...row, permission: undefined, workflow: 'w' }] },
      '/expectations/0/workflow',
      'workflow "w" is not known here; known are: ',
    ],
    [
      { expectations: [{ ...row, permission: undefined, approval: 'w/s' }] },
      '/expectations/0/approval',
      'approval "w/s" is not known here; known are: ',
    ],
  ])('%j', async (changes, pointer, message) => {
    const table: unknown = JSON.parse(JSON.stringify({ callers, expectations: [row], ...changes }));
    const error = await thrownBy(() => readExpectations(table, makePolicy(), 'The table'));
    expect(error.problems).toEqual([{ pointer, message }]);
    expect(error.message).toBe(`The table is no table of expectations:\n  ${pointer}: ${message}`);
  });
});
