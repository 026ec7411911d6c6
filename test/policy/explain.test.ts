import { explainRoute } from '../../src/policy/explain';
import { makeIdentity, makePolicy } from '../support/policies';

const policy = makePolicy({
  roles: {
    reader: { permissions: ['invoice:read'] },
    clerk: { inherits: ['reader'] },
    approver: { inherits: ['clerk'], permissions: ['invoice:approve'] },
    suspended: { deny: ['invoice:*'] },
    onLeave: { inherits: ['suspended'] },
  },
  routes: [
    { method: 'GET', path: '/invoices/{id}', permission: ['invoice:read', 'invoice:approve'], scope: 's1' },
    { path: '/invoices/{rest+}', role: ['reader'] },
    { path: '/open', public: true },
    { path: '/t/{t}', permission: 'invoice:read', where: { t: '/tenant' }, recentLogin: { acr: 'mfa' } },
  ],
  actors: { copilot: { permissions: ['invoice:read'] } },
});

const explain = (target: string, user?: Parameters<typeof makeIdentity>[0]) => {
  const [method = '', path = ''] = target.split(' ');
  return explainRoute(policy.document, { method, path }, user && makeIdentity(user));
};

it('names the entry, the entries passed over, every condition and the way through the roles', () => {
  expect(explain('GET /invoices/7', { roles: ['approver'] })).toEqual({
    decision: { allowed: false, public: false, reason: 'scope_missing', required: 's1', rule: '/routes/0' },
    entry: { pointer: '/routes/0', document: policy.routes[0] },
    passedOver: ['/routes/1'],
    conditions: [
      expect.objectContaining({ condition: 'permission', chain: ['approver', 'clerk', 'reader'] }),
      expect.objectContaining({ condition: 'permission', chain: ['approver'] }),
      { condition: 'scope', decision: expect.objectContaining({ allowed: false, reason: 'scope_missing' }) },
    ],
    unknownRoles: [],
  });
});

it.each<[string, Parameters<typeof makeIdentity>[0] | undefined, object, object[]]>([
  ['GET /invoices/7', { roles: ['clerk'] }, { reason: 'permission_missing' }, [{}, { grantedBy: ['approver'] }, {}]],
  [
    'GET /invoices/7',
    { roles: ['clerk', 'onLeave'] },
    { reason: 'permission_denied' },
    [{ chain: ['onLeave', 'suspended'] }, { chain: ['onLeave', 'suspended'] }, {}],
  ],
  ['POST /invoices/7', { roles: ['approver'] }, { allowed: true }, [{ chain: ['approver', 'clerk', 'reader'] }]],
  ['POST /invoices/7', {}, { reason: 'role_missing' }, [{ grantedBy: ['reader', 'clerk', 'approver'] }]],
  ['POST /invoices/7', undefined, { reason: 'identity_missing', rule: '/routes/1' }, []],
  ['GET /open', undefined, { reason: 'public', rule: '/routes/2' }, []],
  ['GET /none', { roles: ['clerk'] }, { reason: 'route_not_listed' }, []],
  [
    'GET /t/x',
    { roles: ['clerk'] },
    { reason: 'resource_mismatch' },
    [
      { decision: { allowed: true } },
      { decision: { reason: 'resource_mismatch', required: '/tenant' } },
      { decision: { reason: 'authentication_insufficient' } },
    ],
  ],
  [
    'GET /t/x',
    { roles: ['approver'], actors: ['stranger'] },
    { reason: 'actor_unknown', rule: '/actors' },
    [{ decision: { reason: 'actor_unknown' } }, {}, {}],
  ],
])('%s for %j is explained', (target, user, decision, conditions) => {
  expect(explain(target, user)).toMatchObject({ decision, conditions });
});

it('decides as the policy does, and names roles that it does not know', () => {
  const user = { roles: ['wizard', 'approver'], scopes: ['s1'] };
  const explanation = explain('GET /invoices/7', user);
  expect(explanation.unknownRoles).toEqual(['wizard']);
  expect(explanation.decision).toEqual(policy.decideRoute({ method: 'GET', path: '/invoices/7' }, makeIdentity(user)));
});

it('follows the roles that an entry asks for together, and tells what was compared', () => {
  const { document } = makePolicy({
    roles: { reader: {}, clerk: { inherits: ['reader'] }, other: {} },
    actors: {},
    routes: [{ path: '/t/{t}', allRoles: ['reader', 'clerk'], where: { t: '/tenant' } }],
  });
  const user = { ...makeIdentity({ roles: ['clerk'] }), tenant: 'acme' };
  expect(explainRoute(document, { method: 'GET', path: '/t/acme' }, user).conditions).toMatchObject([
    { condition: 'allRoles', chain: ['clerk', 'reader'] },
    { condition: 'allRoles', chain: ['clerk'] },
    { condition: 'where', decision: { allowed: true, required: '/tenant' } },
  ]);
});

it('passes over an entry that only Express 4 would take', () => {
  const { document } = makePolicy({
    routes: [
      { path: '/{name}', authenticated: true },
      { path: '/files/{rest+}', authenticated: true },
    ],
  });
  const { entry, passedOver } = explainRoute(document, { method: 'GET', path: '/files/' }, makeIdentity());
  expect([entry?.pointer, passedOver]).toEqual(['/routes/0', ['/routes/1']]);
});

it('explains a policy without routes, and an anonymous caller', () => {
  expect(explainRoute(makePolicy({ routes: undefined }).document, { method: 'GET', path: '/a' }, undefined)).toEqual({
    decision: { allowed: false, public: false, reason: 'identity_missing' },
    passedOver: [],
    conditions: [],
    unknownRoles: [],
  });
});
