import { AsyncResource } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import request from 'supertest';
import {
  correlation,
  requireAllRoles,
  requireAnyPermission,
  requireAnyScope,
  requirePermission,
  requireRecentLogin,
  requireRole,
  requireScope,
} from '../../src/index';
import { defaultLogger } from '../../src/logging/winston-logger';
import type { RecentLoginOptions } from '../../src/index';
import { thrownBy } from '../support/errors';
import { NOW } from '../support/tokens';
import { appWith, as, clock, document, EXPRESSES, memoryLog, policyOf, type Caller } from './apps';

const approver: Caller = { roles: ['approver'], scope: 'a b' };
const outside = new AsyncResource('elsewhere');

describe.each(EXPRESSES)('guards on %s', (_, express) => {
  it.each<[string, unknown, Caller | undefined, number, string?, string?]>([
    ['a permission', requirePermission('invoice:approve'), approver, 200],
    ['a permission that is lacking', requirePermission('invoice:approve'), {}, 403, 'permission_missing'],
    ['all permissions', requirePermission('invoice:read', 'invoice:approve'), approver, 200],
    ['one of two permissions', requirePermission('invoice:read', 'invoice:approve'), {}, 403, 'permission_missing'],
    [
      'a permission that is denied',
      requirePermission('invoice:read'),
      { roles: ['clerk', 'barred'] },
      403,
      'permission_denied',
    ],
    ['a permission that no role has', requirePermission('invoice:raed'), approver, 403, 'permission_missing'],
    ['a role', requireRole('approver'), approver, 200],
    ['an inherited role', requireRole('clerk'), approver, 200],
    ['one of two roles', requireRole('auditor', 'clerk'), {}, 200],
    ['neither role', requireRole('auditor', 'approver'), {}, 403, 'role_missing'],
    ['a role that the policy does not know', requireRole('wizard'), { roles: ['wizard'] }, 403, 'role_missing'],
    ['all scopes', requireScope('a', 'b'), approver, 200],
    ['one of two scopes', requireScope('a', 'c'), approver, 403, 'scope_missing', 'c'],
    ['an actor within its limits', requirePermission('invoice:read'), { ...approver, act: { sub: 'copilot' } }, 200],
    [
      'an actor beyond them',
      requirePermission('invoice:approve'),
      { ...approver, act: { sub: 'copilot' } },
      403,
      'actor_limited',
    ],
    [
      'an actor without the role',
      requireRole('approver'),
      { ...approver, act: { sub: 'copilot' } },
      403,
      'actor_limited',
    ],
    ['a scope for an unknown actor', requireScope('a'), { ...approver, act: { sub: 'x' } }, 403, 'actor_unknown'],
    ['one of two permissions is enough', requireAnyPermission('invoice:approve', 'invoice:read'), {}, 200],
    ['neither of two', requireAnyPermission('invoice:approve', 'x:y'), {}, 403, 'permission_missing'],
    [
      'another one than the denied',
      requireAnyPermission('invoice:read', 'invoice:approve'),
      { roles: ['approver', 'barred'] },
      200,
    ],
    ['both roles', requireAllRoles('clerk', 'approver'), approver, 200],
    ['one role of two', requireAllRoles('clerk', 'approver'), {}, 403, 'role_missing'],
    ['one scope of two is enough', requireAnyScope('c', 'b'), approver, 200],
    ['neither scope', requireAnyScope('c', 'd'), approver, 403, 'scope_missing', 'c'],
    ['an anonymous caller', requirePermission('invoice:read'), undefined, 401, 'identity_missing'],
    ['an anonymous caller and a role', requireRole('clerk'), undefined, 401, 'identity_missing'],
    ['an anonymous caller and a scope', requireScope('a'), undefined, 401, 'identity_missing'],
  ])('%s', async (_name, guard, caller, status, ...[reason, scope]) => {
    let handled = 0;
    const { app, log } = appWith(express, {
      routes: (made) =>
        made.get('/open/guarded', guard as RequestHandler, (_req, res) => {
          handled++;
          res.end();
        }),
    });
    const response = await request(app)
      .get('/open/guarded?secret=1')
      .set(caller === undefined ? {} : as(caller));
    expect([response.status, handled]).toEqual([status, status === 200 ? 1 : 0]);
    const challenge = response.headers['www-authenticate'];
    if (scope !== undefined)
      expect(challenge).toBe(`Bearer realm="invoices", error="insufficient_scope", scope="${scope}"`);
    else expect(challenge).toBe(status === 401 ? 'Bearer realm="invoices"' : undefined);
    // The guard's refusal is audited beside the route's decision; what it lets through is not audited twice.
    const [route, refusal, ...more] = log.of('audit');
    expect([route, more]).toMatchObject([{ outcome: 'allowed', reason: 'public' }, []]);
    if (reason === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatchObject({ outcome: 'denied', reason, path: '/open/guarded', method: 'GET' });
    if (status === 200) return;
    expect(response.body).toEqual({
      type: expect.any(String),
      title: expect.any(String),
      status,
      code: status === 401 ? 'identity_missing' : 'permission_denied',
      correlationId: expect.any(String),
      ...(challenge !== undefined && { challenge }),
    });
  });

  it.each<[string, RecentLoginOptions, object, string | undefined]>([
    ['recent enough', { maxAgeSeconds: 600 }, { auth_time: NOW - 600 }, undefined],
    ['too old', { maxAgeSeconds: 300 }, { auth_time: NOW - 301 }, 'max_age="300"'],
    ['without a time', { maxAgeSeconds: 300 }, {}, 'max_age="300"'],
    ['strong enough', { acr: ['hw', 'mfa'] }, { acr: 'mfa' }, undefined],
    ['too weak', { acr: ['hw', 'mfa'] }, { acr: 'pwd' }, 'acr_values="hw mfa"'],
    ['neither', { acr: 'mfa', maxAgeSeconds: 60 }, {}, 'acr_values="mfa", max_age="60"'],
  ])('a sign-in that is %s, by guard and by route', async (_name, options, rctx, asked) => {
    const route = { path: '/pay', recentLogin: options };
    const { app, log } = appWith(express, {
      policy: policyOf({ routes: [...document.routes, route] }),
      routes: (made) => {
        made.get('/open/pay', requireRecentLogin({ ...options, clock }) as RequestHandler);
      },
    });
    for (const path of ['/open/pay', '/pay']) {
      const response = await request(app).get(path).set(as({ rctx }));
      expect([path, response.status]).toEqual([path, asked === undefined ? 200 : 401]);
      if (asked === undefined) continue;
      const challenge = `Bearer realm="invoices", error="insufficient_user_authentication", ${asked}`;
      expect(response.headers['www-authenticate']).toBe(challenge);
      expect(response.body).toMatchObject({ code: 'authentication_insufficient', challenge });
    }
    if (asked === undefined) return;
    const refused = log.of('audit').filter(({ outcome }) => outcome === 'denied');
    const reason = 'authentication_insufficient';
    expect(refused).toMatchObject([
      { reason, path: '/open/pay' },
      { reason, path: '/pay' },
    ]);
  });

  it.each([
    ['an anonymous caller', undefined, 401, 'identity_missing'],
    ['an actor that nobody knows', { act: { sub: 'x' } }, 403, 'permission_denied'],
  ])('a recent sign-in helps %s nothing', async (_name, caller, status, code) => {
    const { app } = appWith(express, {
      routes: (made) => made.get('/open/pay', requireRecentLogin({ maxAgeSeconds: 600, clock }) as RequestHandler),
    });
    const response = await request(app)
      .get('/open/pay')
      .set(caller === undefined ? {} : as(caller));
    expect([response.status, response.body.code]).toEqual([status, code]);
  });

  it('a route of one tenant stays closed to another', async () => {
    const route = { path: '/t/{tenant}', where: { tenant: '/tenant' } } as const;
    const { app, log } = appWith(express, { policy: policyOf({ routes: [route] }) });
    // The tests' users are of tenant-1.
    await request(app).get('/t/tenant-1').set(as()).expect(200);
    await request(app).get('/t/tenant%2D1').set(as()).expect(200);
    const response = await request(app).get('/t/tenant-2').set(as()).expect(403);
    expect(response.body.code).toBe('permission_denied');
    expect(log.of('audit').at(-1)).toMatchObject({
      reason: 'resource_mismatch',
      required: '/tenant',
      rule: '/routes/0',
    });
  });

  it('keep to the request where the middleware before lost its context', async () => {
    const { app, log } = appWith(express, {
      routes: (made) => {
        made.use((_req, _res, next) => outside.runInAsyncScope(next));
        made.get('/open/guarded', requirePermission('invoice:approve') as RequestHandler);
      },
    });
    await request(app).get('/open/guarded').set(as()).set('X-Correlation-Id', 'gw-1').expect(403);
    const own = [...log.of('audit').slice(1), ...log.of('error')];
    expect(own).toMatchObject([
      { outcome: 'denied', correlationId: 'gw-1', subject: 'entra:ada' },
      { code: 'permission_denied', correlationId: 'gw-1', subject: 'entra:ada' },
    ]);
  });

  it.each([
    ['without correlation()', false],
    ['without identity()', true],
  ])('never open the door %s', async (_name, correlated) => {
    const log = memoryLog();
    // Where no middleware said otherwise, lines go to the process's own logger.
    const fallback = jest.spyOn(defaultLogger(), 'error').mockImplementation(log.logger.error);
    const app = express();
    if (correlated) app.use(correlation({ logger: log.logger }) as RequestHandler);
    app.get('/', requirePermission('invoice:read') as RequestHandler, (_req, res) => void res.end('open'));
    const response = await request(app)
      .get('/')
      .set(as({ roles: ['approver'] }));
    fallback.mockRestore();
    expect([response.status, response.body.code]).toEqual([500, 'option_invalid']);
    expect(response.text).not.toMatch(/open|baton\(\)|\bat /);
    expect(log.of('error')).toMatchObject([{ code: 'option_invalid', message: expect.stringContaining('baton()') }]);
  });
});

describe('guards at start', () => {
  it.each<[string, () => unknown]>([
    ['no permission', () => requirePermission()],
    ['no role', () => requireRole()],
    ['no scope', () => requireScope()],
    ['an empty name', () => requirePermission('')],
    ['a list instead of names', () => requirePermission(['invoice:read'] as unknown as string)],
    ['undefined', () => requireRole(undefined as unknown as string)],
    ['a wildcard', () => requirePermission('invoice:*')],
    ['a wildcard among others', () => requireAnyPermission('invoice:read', 'invoice:*')],
    ['what no file can grant', () => requirePermission('read invoices')],
    ['no permission of any', () => requireAnyPermission()],
    ['no role of all', () => requireAllRoles()],
    ['no scope of any', () => requireAnyScope()],
    ['a sign-in without requirement', () => requireRecentLogin({})],
    ['a sign-in of age 0', () => requireRecentLogin({ maxAgeSeconds: 0 })],
    ['a sign-in of half a second', () => requireRecentLogin({ maxAgeSeconds: 0.5 })],
    ['an empty list of contexts', () => requireRecentLogin({ acr: [] })],
    ['a context with a blank', () => requireRecentLogin({ acr: 'a b' })],
    ['a context that is no text', () => requireRecentLogin({ acr: [7] as unknown as string[] })],
    ['contexts in an object', () => requireRecentLogin({ acr: {} as unknown as string[] })],
  ])('%s is refused', async (_name, make) => {
    expect((await thrownBy(make)).code).toBe('option_invalid');
  });

  it('an option that is not known is refused', async () => {
    const options = { maxAge: 300 } as unknown as RecentLoginOptions;
    expect((await thrownBy(() => requireRecentLogin(options))).code).toBe('option_unknown');
  });
});
