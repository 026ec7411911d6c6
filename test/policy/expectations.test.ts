import { readExpectations, testPolicy } from '../../src/policy/expectations';
import { thrownBy } from '../support/errors';
import { makePolicy } from '../support/policies';
import { NOW } from '../support/tokens';

const policy = makePolicy({
  routes: [
    { path: '/health', public: true },
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
    { path: '/t/{t}', where: { t: '/tenant' }, recentLogin: { maxAgeSeconds: 300, acr: 'mfa' } },
    { path: '/never', role: 'auditor' },
  ],
});

const callers = {
  nobody: 'anonymous',
  clerk: { members: ['entra:Invoices.Clerk'] },
  approver: { roles: ['approver'], tenant: 'acme', acr: 'mfa', signedInSecondsAgo: 10 },
  late: { roles: ['approver'], tenant: 'acme', acr: 'mfa', signedInSecondsAgo: 301 },
  copilot: { roles: ['approver'], actors: ['invoice-copilot'] },
};

const run = (expectation: object) =>
  testPolicy(policy, readExpectations({ callers, expectations: [expectation] }, policy, 'The table'), NOW);

it.each<[object, boolean]>([
  [{ caller: 'clerk', request: 'GET /invoices/7', outcome: 'allowed' }, true],
  [{ caller: 'clerk', request: 'GET /invoices/7?x=1', outcome: 'allowed', reason: 'granted', rule: '/routes/1' }, true],
  [{ caller: 'clerk', request: 'GET /invoices/7', outcome: 'denied' }, false],
  [{ caller: 'clerk', request: 'GET /invoices/7', outcome: 'allowed', rule: '/routes/2' }, false],
  [{ caller: 'clerk', request: 'POST /invoices/7', outcome: 'denied', reason: 'permission_missing' }, false],
  [{ caller: 'nobody', request: 'GET /health', outcome: 'allowed', reason: 'public' }, true],
  [{ caller: 'nobody', request: 'GET /invoices/7', outcome: 'denied', reason: 'identity_missing' }, true],
  [{ caller: 'nobody', permission: 'invoice:read', outcome: 'denied' }, true],
  [{ caller: 'approver', permission: 'invoice:approve', outcome: 'allowed' }, true],
  [{ caller: 'copilot', permission: 'invoice:approve', outcome: 'denied', reason: 'actor_limited' }, true],
  [{ caller: 'copilot', function: 'render-invoice', outcome: 'allowed' }, true],
  [{ caller: 'approver', request: 'GET /t/acme', outcome: 'allowed' }, true],
  [{ caller: 'approver', request: 'GET /t/other', outcome: 'denied', reason: 'resource_mismatch' }, true],
  [{ caller: 'late', request: 'GET /t/acme', outcome: 'denied', reason: 'authentication_insufficient' }, true],
])('%j: %s', (expectation, passed) => {
  expect(run(expectation).results.map((result) => result.passed)).toEqual([passed]);
});

it('tells each caller of a row, and which entries nothing is expected of', () => {
  const { results, untestedRoutes } = run({
    caller: ['clerk', 'nobody'],
    request: 'GET /invoices/7',
    outcome: 'allowed',
  });
  expect(results).toMatchObject([
    { pointer: '/expectations/0', caller: 'clerk', asked: 'GET /invoices/7', passed: true },
    { pointer: '/expectations/0', caller: 'nobody', passed: false, decision: { reason: 'identity_missing' } },
  ]);
  expect(untestedRoutes).toEqual(['/routes/0', '/routes/2', '/routes/3']);
});

it('repeats what was expected, and no more', () => {
  const asked = { caller: 'nobody', permission: 'invoice:read', outcome: 'denied' };
  const more = { reason: 'identity_missing', rule: '/routes/1' };
  const expectedOf = (expectation: object): unknown => run(expectation).results[0]?.expected;
  expect(expectedOf(asked)).toStrictEqual({ outcome: 'denied' });
  expect(expectedOf({ ...asked, ...more })).toStrictEqual({ outcome: 'denied', ...more });
  expect(run(asked).results[0]?.decision).toStrictEqual({ allowed: false, public: false, reason: 'identity_missing' });
});

const row = { caller: 'clerk', request: 'GET /a', outcome: 'allowed' };
it.each<[unknown, string]>([
  [{ callers, expectations: [] }, '/expectations'],
  [{ expectations: [row] }, '/callers'],
  [{ callers: { x: 'anonymus' }, expectations: [row] }, '/callers/x'],
  [{ callers: { clerk: { role: 'clerk' } }, expectations: [row] }, '/callers/clerk/role'],
  [{ callers: { ...callers, x: { members: ['entre:x'] } }, expectations: [row] }, '/callers/x/members/0'],
  [{ callers: { ...callers, x: { roles: ['clerk', 'constructor'] } }, expectations: [row] }, '/callers/x/roles/1'],
  [{ callers, expectations: [{ ...row, caller: 'clark' }] }, '/expectations/0/caller'],
  [{ callers, expectations: [{ ...row, caller: 'constructor' }] }, '/expectations/0/caller'],
  [{ callers, expectations: [{ ...row, permission: 'invoice:read' }] }, '/expectations/0'],
  [{ callers, expectations: [{ caller: 'clerk', outcome: 'allowed' }] }, '/expectations/0'],
  [{ callers, expectations: [{ ...row, request: '/a' }] }, '/expectations/0/request'],
  [{ callers, expectations: [{ ...row, outcome: 'alowed' }] }, '/expectations/0/outcome'],
  [{ callers, expectations: [{ ...row, reason: 'because' }] }, '/expectations/0/reason'],
  [
    { callers, expectations: [{ caller: 'clerk', function: 'render', outcome: 'allowed' }] },
    '/expectations/0/function',
  ],
])('%j is no table', async (document, pointer) => {
  const error = await thrownBy(() => readExpectations(document, policy, 'The table'));
  expect([error.code, error.problems[0]?.pointer]).toEqual(['option_invalid', pointer]);
});
