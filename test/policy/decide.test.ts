import { makeIdentity, makePolicy } from '../support/policies';

const policy = makePolicy({
  roles: {
    clerk: { permissions: ['invoice:read', 'report'] },
    approver: { inherits: ['clerk'], permissions: ['invoice:approve'] },
    director: { inherits: ['approver', 'auditor2'] },
    auditor: { permissions: ['invoice:*'], deny: ['invoice:approve'] },
    auditor2: { permissions: ['ledger:read:*'] },
    suspended: { deny: ['invoice:*'] },
    heir: { inherits: ['suspended'], permissions: ['invoice:read'] },
    empty: {},
  },
  actors: {
    copilot: { permissions: ['invoice:read', 'invoice:approve'], deny: ['invoice:approve'], roles: ['approver'] },
    planner: { permissions: ['invoice:*'] },
    idle: {},
  },
  routes: undefined,
});

describe('decidePermission', () => {
  it.each([
    [['clerk'], [], 'invoice:read', 'granted', 'clerk'],
    [['clerk'], [], 'invoice:approve', 'permission_missing', undefined],
    [['approver'], [], 'invoice:read', 'granted', 'approver'],
    [['director'], [], 'invoice:read', 'granted', 'director'],
    [['director'], [], 'ledger:read:all', 'granted', 'director'],
    [['director'], [], 'ledger:read', 'permission_missing', undefined],
    [['director'], [], 'ledger:write', 'permission_missing', undefined],
    [['nobody', 'clerk'], [], 'invoice:read', 'granted', 'clerk'],
    [['auditor'], [], 'invoice:export:pdf', 'granted', 'auditor'],
    [['auditor'], [], 'invoice', 'permission_missing', undefined],
    [['auditor'], [], 'invoices:read', 'permission_missing', undefined],
    [['clerk'], [], 'invoice:rea', 'permission_missing', undefined],
    [['clerk'], [], 'invoice:reads', 'permission_missing', undefined],
    [['clerk'], [], 'repor', 'permission_missing', undefined],
    [['suspended', 'clerk'], [], 'invoic', 'permission_missing', undefined],
    [['auditor'], [], 'Invoice:read', 'permission_missing', undefined],
    // Deny wins, in whichever order and from whichever role.
    [['approver', 'auditor'], [], 'invoice:approve', 'permission_denied', undefined],
    [['auditor', 'approver'], [], 'invoice:approve', 'permission_denied', undefined],
    [['clerk', 'suspended'], [], 'invoice:read', 'permission_denied', undefined],
    [['heir'], [], 'invoice:read', 'permission_denied', undefined],
    [['clerk', 'suspended'], [], 'report', 'granted', 'clerk'],
    // Roles that the policy does not know, and names of the prototype.
    [['admin'], [], 'invoice:read', 'permission_missing', undefined],
    [['__proto__', 'constructor', 'toString'], [], 'invoice:read', 'permission_missing', undefined],
    [['CLERK', 'clerk '], [], 'invoice:read', 'permission_missing', undefined],
    [[], [], 'invoice:read', 'permission_missing', undefined],
    [['empty'], [], '', 'permission_missing', undefined],
    // An actor gets what both may do.
    [['approver'], ['copilot'], 'invoice:read', 'granted', 'approver'],
    [['approver'], ['copilot'], 'invoice:approve', 'actor_limited', undefined],
    [['empty'], ['copilot'], 'invoice:read', 'permission_missing', undefined],
    [['approver'], ['planner'], 'report', 'actor_limited', undefined],
    [['approver'], ['idle'], 'invoice:read', 'actor_limited', undefined],
    [['approver'], ['stranger'], 'invoice:read', 'actor_unknown', undefined],
    [['approver'], ['__proto__'], 'invoice:read', 'actor_unknown', undefined],
    [['approver'], ['constructor'], 'invoice:read', 'actor_unknown', undefined],
    [['approver'], ['copilot', 'planner'], 'invoice:read', 'granted', 'approver'],
    [['approver'], ['planner', 'copilot'], 'invoice:approve', 'actor_limited', undefined],
    [['approver'], ['copilot', 'stranger'], 'invoice:read', 'actor_unknown', undefined],
    [['approver'], ['planner', 'planner', 'planner', 'idle'], 'invoice:read', 'actor_limited', undefined],
  ])('%j through %j: %s is %s', (roles, actors, permission, reason, grantedBy) => {
    const decision = policy.decidePermission(makeIdentity({ roles, actors }), permission);
    expect(decision).toMatchObject({ reason, allowed: reason === 'granted', public: false, required: permission });
    expect(decision.grantedBy).toBe(grantedBy);
  });

  it('names the rule that decided', () => {
    const ruleOf = (roles: string[], actors: string[] = []): string | undefined =>
      policy.decidePermission(makeIdentity({ roles, actors }), 'invoice:approve').rule;
    expect(ruleOf(['approver'])).toBe('/roles/approver');
    expect(ruleOf(['auditor'])).toBe('/roles/auditor/deny');
    expect(ruleOf(['approver'], ['copilot'])).toBe('/actors');
  });
});

describe('decidePermission, to the letter', () => {
  it('takes no wildcard for something to ask', () => {
    expect(policy.decidePermission(makeIdentity({ roles: ['auditor'] }), 'invoice:*')).toStrictEqual({
      allowed: false,
      public: false,
      reason: 'permission_missing',
      required: 'invoice:*',
    });
  });

  it('names the first of the roles that grant', () => {
    for (const [first, second] of [
      ['clerk', 'approver'],
      ['approver', 'clerk'],
    ] as const) {
      const user = makeIdentity({ roles: ['empty', first, second] });
      expect(policy.decidePermission(user, 'invoice:read').grantedBy).toBe(first);
    }
  });
});

describe('decideRole', () => {
  it.each([
    [['clerk'], [], 'clerk', 'granted'],
    [['director'], [], 'clerk', 'granted'],
    [['clerk'], [], 'approver', 'role_missing'],
    [['nobody'], [], 'nobody', 'role_missing'],
    [[], [], 'clerk', 'role_missing'],
    [['approver'], ['copilot'], 'approver', 'granted'],
    [['approver'], ['copilot'], 'clerk', 'granted'],
    [['director'], ['copilot'], 'director', 'actor_limited'],
    [['approver'], ['planner'], 'clerk', 'actor_limited'],
    [['approver'], ['copilot', 'planner'], 'clerk', 'actor_limited'],
    [['approver'], ['stranger'], 'clerk', 'actor_unknown'],
  ])('%j through %j: %s is %s', (roles, actors, role, reason) => {
    const decision = policy.decideRole(makeIdentity({ roles, actors }), role);
    expect(decision).toMatchObject({ reason, allowed: reason === 'granted', required: role });
    const rules: Readonly<Record<string, string>> = { granted: `/roles/${roles[0]}`, role_missing: 'none' };
    expect(decision.rule ?? 'none').toBe(rules[reason] ?? '/actors');
  });
});

describe('decideScope', () => {
  it.each([
    [['a', 'b'], [], 'b', 'granted'],
    [['a.b'], [], 'a', 'scope_missing'],
    [[], [], '', 'scope_missing'],
    [['a'], ['idle'], 'a', 'granted'],
    [['a'], ['stranger'], 'a', 'actor_unknown'],
  ])('%j through %j: %s is %s', (scopes, actors, scope, reason) => {
    const decision = policy.decideScope(makeIdentity({ scopes, actors }), scope);
    expect(decision).toMatchObject({ reason, allowed: reason === 'granted', required: scope });
    expect(decision.rule).toBe(reason === 'actor_unknown' ? '/actors' : undefined);
  });
});

describe('decideLogin', () => {
  const lately = { maxAgeSeconds: 60 };
  const strong = { acr: 'mfa' };
  it.each<[object, string[], object, object]>([
    [{ authTime: 940 }, [], lately, { allowed: true, reason: 'granted' }],
    [{ authTime: 939 }, [], lately, { allowed: false, reason: 'authentication_insufficient', requiredLogin: lately }],
    [{ authTime: 1060 }, [], lately, { allowed: true, reason: 'granted' }],
    [{ authTime: 1061 }, [], lately, { allowed: false, reason: 'authentication_insufficient', requiredLogin: lately }],
    [{ acr: 'mfa' }, [], lately, { allowed: false, reason: 'authentication_insufficient', requiredLogin: lately }],
    // How long ago does not matter where it is not asked.
    [{ acr: 'mfa' }, [], strong, { allowed: true, reason: 'granted' }],
    [{ authTime: 1000 }, [], strong, { allowed: false, reason: 'authentication_insufficient', requiredLogin: strong }],
    [{ acr: 'mfa' }, ['idle'], strong, { allowed: true, reason: 'granted' }],
    [{ acr: 'mfa' }, ['idle', 'stranger'], strong, { allowed: false, reason: 'actor_unknown', rule: '/actors' }],
  ])('%j through %j: %j is %j', (authentication, actors, requirement, decision) => {
    const user = { ...makeIdentity({ actors }), authentication };
    expect(policy.decideLogin(user, requirement, 1000)).toStrictEqual({ public: false, ...decision });
  });
});

describe('decideRoute', () => {
  const routes = [
    { path: '/open', public: true },
    { path: '/any', authenticated: true },
    { path: '/two', permission: ['invoice:read', 'invoice:approve'] },
    { path: '/role', role: ['approver', 'auditor'] },
    { path: '/scope', scope: ['s1', 's2'] },
    { path: '/all', permission: 'invoice:read', role: 'clerk', scope: 's1' },
  ];
  const listed = makePolicy({ routes });
  const lenient = makePolicy({ routes, unlistedRoutes: 'authenticated' });
  const unruled = makePolicy({ routes: undefined });
  const none = makePolicy({ routes: [] });
  const clerk = { roles: ['clerk'], scopes: ['s1', 's2'] };
  const approver = { roles: ['approver'] };

  it.each([
    [listed, '/open', undefined, 'public', '/routes/0'],
    [listed, '/open', clerk, 'public', '/routes/0'],
    [listed, '/any', undefined, 'identity_missing', '/routes/1'],
    [listed, '/any', {}, 'authenticated', '/routes/1'],
    [listed, '/any', { actors: ['stranger'] }, 'actor_unknown', '/actors'],
    [listed, '/any', { actors: ['invoice-copilot'] }, 'authenticated', '/routes/1'],
    [listed, '/two', clerk, 'permission_missing', '/routes/2'],
    [listed, '/two', approver, 'granted', '/routes/2'],
    [listed, '/two', { roles: ['approver', 'auditor'] }, 'permission_denied', '/routes/2'],
    [listed, '/two', { ...approver, actors: ['invoice-copilot'] }, 'actor_limited', '/routes/2'],
    [listed, '/role', clerk, 'role_missing', '/routes/3'],
    [listed, '/role', approver, 'granted', '/routes/3'],
    [listed, '/role', { roles: ['auditor'] }, 'granted', '/routes/3'],
    [listed, '/scope', { scopes: ['s1'] }, 'scope_missing', '/routes/4'],
    [listed, '/scope', clerk, 'granted', '/routes/4'],
    [listed, '/all', clerk, 'granted', '/routes/5'],
    [listed, '/all', { ...clerk, scopes: [] }, 'scope_missing', '/routes/5'],
    [listed, '/all', { roles: ['auditor'], scopes: ['s1'] }, 'role_missing', '/routes/5'],
    [listed, '/none', undefined, 'identity_missing', undefined],
    [listed, '/none', clerk, 'route_not_listed', undefined],
    [lenient, '/none', undefined, 'identity_missing', undefined],
    [lenient, '/none', {}, 'authenticated', '/unlistedRoutes'],
    [lenient, '/none', { actors: ['stranger'] }, 'actor_unknown', '/actors'],
    [unruled, '/none', undefined, 'identity_missing', undefined],
    [unruled, '/none', {}, 'authenticated', undefined],
    [unruled, '/none/', {}, 'authenticated', undefined],
    [unruled, '/none', { actors: ['stranger'] }, 'actor_unknown', '/actors'],
    [none, '/none', clerk, 'route_not_listed', undefined],
    [none, '/', undefined, 'identity_missing', undefined],
  ])('decides %#: %s', (rules, path, user, reason, rule) => {
    const decision = rules.decideRoute({ method: 'GET', path }, user && makeIdentity(user));
    expect(decision).toMatchObject({
      reason,
      allowed: ['public', 'granted', 'authenticated'].includes(reason),
      public: reason === 'public',
    });
    expect(decision.rule).toBe(rule);
  });

  it('names no rule where none decided', () => {
    const decision = unruled.decideRoute({ method: 'GET', path: '/none' }, makeIdentity());
    expect(decision).toStrictEqual({ allowed: true, public: false, reason: 'authenticated' });
  });

  it('tells the gateway the same beforehand, entry by entry', () => {
    for (const user of [{}, clerk, approver, { ...approver, actors: ['stranger'] }].map(makeIdentity)) {
      for (const route of listed.routes) {
        const { allowed } = listed.decideRoute({ method: 'GET', path: route.path }, user);
        expect(listed.admits(route, user)).toBe(allowed);
      }
    }
    for (const rules of [listed, unruled]) {
      expect(rules.admits({ path: '/any', authenticated: true }, makeIdentity())).toBe(false);
    }
    const unlisted = [listed, lenient, unruled, none].map((rules) => rules.admitsUnlisted(makeIdentity()));
    expect(unlisted).toEqual([false, true, true, false]);
    expect(lenient.admitsUnlisted(makeIdentity({ actors: ['stranger'] }))).toBe(false);
  });
});
