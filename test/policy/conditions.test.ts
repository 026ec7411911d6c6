import type { Identity } from '../../src/core/identity';
import { makeIdentity, makePolicy, policyDocument, problemsOf } from '../support/policies';
import { NOW } from '../support/tokens';

const roles = {
  clerk: { permissions: ['invoice:read'] },
  approver: { inherits: ['clerk'], permissions: ['invoice:approve'] },
  auditor: { permissions: ['invoice:audit'] },
  suspended: { deny: ['invoice:read'] },
};

/** A caller with whatever a test says of it beside its roles. */
const callerOf = ({ roles: held = [], scopes = [], ...facts }: Partial<Identity>): Identity => ({
  ...makeIdentity({ roles: held, scopes }),
  ...facts,
});

const decide = (entry: object, caller: Partial<Identity>, path = '/a') => {
  const policy = makePolicy({ roles, functions: {}, actors: { copilot: {} }, routes: [{ path: '/a', ...entry }] });
  return policy.decideRoute({ method: 'GET', path, nowSeconds: NOW }, callerOf(caller));
};

describe('all or any of a list', () => {
  it.each<[object, Partial<Identity>, string]>([
    [{ anyPermission: ['invoice:approve', 'invoice:audit'] }, { roles: ['auditor'] }, 'granted'],
    [{ anyPermission: ['invoice:approve', 'invoice:audit'] }, { roles: ['approver'] }, 'granted'],
    [{ anyPermission: ['invoice:approve', 'invoice:audit'] }, { roles: ['clerk'] }, 'permission_missing'],
    [{ anyPermission: 'invoice:audit' }, { roles: ['auditor'] }, 'granted'],
    [{ anyPermission: ['invoice:read', 'invoice:audit'] }, { roles: ['suspended', 'clerk'] }, 'permission_denied'],
    [{ anyPermission: ['invoice:read', 'invoice:audit'] }, { roles: ['suspended', 'auditor'] }, 'granted'],
    [{ anyPermission: ['invoice:read'] }, { roles: ['clerk'], actor: { subject: 'copilot' } }, 'actor_limited'],
    [{ anyScope: ['s1', 's2'] }, { scopes: ['s2'] }, 'granted'],
    [{ anyScope: ['s1', 's2'] }, { scopes: ['s3'] }, 'scope_missing'],
    [{ allRoles: ['approver', 'auditor'] }, { roles: ['approver', 'auditor'] }, 'granted'],
    [{ allRoles: ['clerk', 'auditor'] }, { roles: ['approver', 'auditor'] }, 'granted'],
    [{ allRoles: ['approver', 'auditor'] }, { roles: ['approver'] }, 'role_missing'],
    // Members of one entry add up: each of them must hold.
    [{ anyPermission: ['invoice:read'], anyScope: ['s1'] }, { roles: ['clerk'] }, 'scope_missing'],
    [{ permission: 'invoice:audit', anyPermission: ['invoice:read'] }, { roles: ['clerk'] }, 'permission_missing'],
  ])('%j for %j is %s', (entry, caller, reason) => {
    expect(decide(entry, caller)).toMatchObject({ reason, allowed: reason === 'granted', rule: '/routes/0' });
  });
});

describe('a path parameter that must equal what the token says', () => {
  const tenant = { path: '/t/{tenant}/invoices', where: { tenant: '/tenant' } };
  const own = { path: '/users/{id}/{rest+}', where: { id: { field: '/subject', prefix: 'entra:' } } };
  it.each<[object, Partial<Identity>, string, string]>([
    [tenant, { tenant: 'acme' }, '/t/acme/invoices', 'granted'],
    [tenant, { tenant: 'acme' }, '/T/acme/Invoices/', 'granted'],
    [tenant, { tenant: 'Acme' }, '/t/Acme/invoices', 'granted'],
    [tenant, { tenant: 'acme' }, '/t/%61cme/invoices', 'granted'],
    [tenant, { tenant: 'a b/c' }, '/t/a%20b%2Fc/invoices', 'granted'],
    [tenant, { tenant: 'é' }, '/t/%C3%A9/invoices', 'granted'],
    [tenant, { tenant: 'acme' }, '/t/ACME/invoices', 'resource_mismatch'],
    [tenant, { tenant: 'acme' }, '/t/other/invoices', 'resource_mismatch'],
    [tenant, { tenant: 'acme' }, '/t/acme%20/invoices', 'resource_mismatch'],
    [tenant, { tenant: 'acme' }, '/t/acme%00/invoices', 'resource_mismatch'],
    // Express decodes once, and answers what it cannot decode with 400.
    [tenant, { tenant: 'acme' }, '/t/%2561cme/invoices', 'resource_mismatch'],
    [tenant, { tenant: '%zz' }, '/t/%zz/invoices', 'resource_mismatch'],
    [tenant, {}, '/t/undefined/invoices', 'resource_mismatch'],
    [tenant, { tenant: '' }, '/t/x/invoices', 'resource_mismatch'],
    [own, { subject: 'entra:7d3c' }, '/users/7d3c/photo', 'granted'],
    [own, { subject: 'entra:7d3c' }, '/users/entra:7d3c/photo', 'resource_mismatch'],
    // Another provider's user of the same name is somebody else.
    [own, { subject: 'partner:7d3c' }, '/users/7d3c/photo', 'resource_mismatch'],
    [{ path: '/x/{x}', where: { x: '/actor/subject' } }, { actor: { subject: 'copilot' } }, '/x/copilot', 'granted'],
    [{ path: '/x/{x}', where: { x: '/actor/subject' } }, {}, '/x/copilot', 'resource_mismatch'],
  ])('%j for %j at %s is %s', (entry, caller, path, reason) => {
    const expected = { reason, allowed: reason === 'granted', rule: '/routes/0' };
    expect(decide(entry, { ...caller }, path)).toMatchObject(expected);
  });

  it('names what grants, in the audit trail too, when it narrows a permission', () => {
    const entry = { path: '/t/{tenant}', permission: 'invoice:read', where: { tenant: '/tenant' } };
    expect(decide(entry, { roles: ['approver'], tenant: 'acme' }, '/t/acme')).toMatchObject({
      reason: 'granted',
      required: 'invoice:read',
      grantedBy: 'approver',
    });
    expect(decide(entry, { tenant: 'acme' }, '/t/other').reason).toBe('permission_missing');
  });

  it.each([
    ['/a/{id}', { tenant: '/tenant' }, '/routes/0/where/tenant', /no \{tenant\}/],
    ['/a/{id}/{id}', { id: '/tenant' }, '/routes/0/where/id', /more than one/],
    ['/a/{id+}', { id: '/tenant' }, '/routes/0/where/id', /no \{id\}/],
    ['/a/{id}', { id: '/name' }, '/routes/0/where/id', /"\/subject"/],
    ['/a/{id}', { id: { field: '/tenant', more: 1 } }, '/routes/0/where/id/more', /not known/],
    ['/a/{id}', { 'a-b': '/tenant' }, '/routes/0/where/a-b', /no usable name/],
  ])('%s with %j is refused', (path, where, pointer, message) => {
    const problems = problemsOf(policyDocument({ routes: [{ path, where }] }));
    expect(problems[0]).toEqual({ pointer, message: expect.stringMatching(message) });
  });
});

describe('a recent sign-in', () => {
  const signedIn = (secondsAgo?: number, acr?: string): Partial<Identity> => ({
    authentication: { ...(secondsAgo !== undefined && { authTime: NOW - secondsAgo }), ...(acr && { acr }) },
  });
  it.each<[object, Partial<Identity>, boolean]>([
    [{ maxAgeSeconds: 300 }, signedIn(0), true],
    [{ maxAgeSeconds: 300 }, signedIn(300), true],
    [{ maxAgeSeconds: 300 }, signedIn(301), false],
    [{ maxAgeSeconds: 300 }, signedIn(), false],
    // Two clocks may differ; a sign-in next week is no recent one.
    [{ maxAgeSeconds: 300 }, signedIn(-60), true],
    [{ maxAgeSeconds: 300 }, signedIn(-61), false],
    [{ acr: 'mfa' }, signedIn(9999, 'mfa'), true],
    [{ acr: 'mfa' }, signedIn(0, 'mf'), false],
    [{ acr: 'mfa' }, signedIn(0), false],
    [{ acr: ['hw', 'mfa'] }, signedIn(0, 'mfa'), true],
    [{ acr: ['hw', 'mfa'] }, signedIn(0, 'hw mfa'), false],
    [{ maxAgeSeconds: 300, acr: 'mfa' }, signedIn(10, 'mfa'), true],
    [{ maxAgeSeconds: 300, acr: 'mfa' }, signedIn(10), false],
    [{ maxAgeSeconds: 300, acr: 'mfa' }, signedIn(301, 'mfa'), false],
  ])('%j for %j: %s', (recentLogin, caller, enough) => {
    const decision = decide({ recentLogin }, caller);
    expect(decision).toMatchObject(
      enough
        ? { allowed: true, reason: 'granted' }
        : { allowed: false, reason: 'authentication_insufficient', requiredLogin: recentLogin },
    );
  });

  it('is asked last: nobody signs in again to hear that it is not theirs', () => {
    const entry = { permission: 'invoice:read', recentLogin: { maxAgeSeconds: 1 } };
    expect(decide(entry, {}).reason).toBe('permission_missing');
    expect(decide(entry, { roles: ['clerk'] }).reason).toBe('authentication_insufficient');
  });

  it('goes by the time of the machine where the request says none', () => {
    const policy = makePolicy({ routes: [{ path: '/a', recentLogin: { maxAgeSeconds: 3600 } }] });
    const at = (authTime: number) =>
      policy.decideRoute({ method: 'GET', path: '/a' }, callerOf({ authentication: { authTime } })).allowed;
    const now = Math.floor(Date.now() / 1000);
    expect([at(now - 10), at(now - 7200)]).toEqual([true, false]);
  });

  it.each([
    [{}, '/routes/0/recentLogin'],
    [{ maxAgeSeconds: 0 }, '/routes/0/recentLogin/maxAgeSeconds'],
    [{ acr: [] }, '/routes/0/recentLogin/acr'],
    [{ acr: 'a b' }, '/routes/0/recentLogin/acr'],
    [{ acr: 'a"b' }, '/routes/0/recentLogin/acr'],
  ])('%j is refused', (recentLogin, pointer) => {
    expect(problemsOf(policyDocument({ routes: [{ path: '/a', recentLogin }] }))[0]?.pointer).toBe(pointer);
  });
});

it('what only a request can decide is left open where a gateway asks beforehand', () => {
  const routes = [
    { path: '/t/{tenant}', where: { tenant: '/tenant' } },
    { path: '/pay', permission: 'invoice:read', recentLogin: { maxAgeSeconds: 1 } },
    { path: '/any', anyPermission: ['invoice:approve', 'invoice:audit'] },
  ];
  const policy = makePolicy({ roles, functions: {}, actors: {}, routes });
  const admitted = (held: string[]) =>
    policy.routes.map((route) => policy.admits(route, makeIdentity({ roles: held })));
  expect(admitted([])).toEqual([true, false, false]);
  expect(admitted(['clerk'])).toEqual([true, true, false]);
  expect(admitted(['auditor'])).toEqual([true, false, true]);
});

it.each([
  [{ public: true, where: { x: '/tenant' } }, /is public and asks for where too/],
  [{ public: true, recentLogin: { acr: 'mfa' } }, /is public and asks for recentLogin too/],
  [{ allRoles: ['wizard'] }, /"wizard" is not known here/],
  [{ anyPermission: ['invoice:*'] }, /without wildcard/],
  [{}, /says nothing about its caller/],
])('an entry with %j is refused', (entry, message) => {
  const problems = problemsOf(policyDocument({ routes: [{ path: '/a/{x}', ...entry }] }));
  expect(problems[0]?.message).toMatch(message);
});

it('a wildcard is nothing that anybody has', () => {
  const policy = makePolicy({
    roles: { all: { permissions: ['invoice:*'], deny: ['invoice:pay'] } },
    routes: undefined,
    functions: {},
    actors: {},
  });
  const reasons = ['invoice:*', 'invoice:read', 'invoice:pay'].map(
    (permission) => policy.decidePermission(makeIdentity({ roles: ['all'] }), permission).reason,
  );
  expect(reasons).toEqual(['permission_missing', 'granted', 'permission_denied']);
});
