import type { RequestHandler } from 'express';
import { authorize, correlation, currentUser, problemHandler, requirePermission, requireRole } from '../../src/index';
import { asUser, testUser, type TestCaller } from '../../src/testing';
import { codeOf } from '../support/errors';
import { send, type Answer } from '../support/http-client';
import { EXPRESSES, listen, memoryLog, policyOf } from '../middleware/apps';

const ada = testUser({ subject: 'entra:ada', roles: ['clerk'] });
const carla = testUser({ subject: 'entra:carla', roles: ['approver'] });
const copilot = testUser({ subject: 'entra:carla', roles: ['approver'], actor: 'copilot' });

describe.each(EXPRESSES)('%s', (_name, express) => {
  async function get(
    caller: TestCaller,
    target: string,
    method = 'GET',
    headers = {},
  ): Promise<Answer & { audit: unknown[] }> {
    const log = memoryLog();
    const app = express();
    app.use([
      correlation({ logger: log.logger }),
      asUser(caller, { policy: policyOf() }),
      authorize(),
    ] as RequestHandler[]);
    app.post('/invoices/:id/approve', requirePermission('invoice:approve') as RequestHandler);
    app.get('/any/reports', requireRole('approver') as RequestHandler);
    app.use((req, res) => {
      res.json({ user: req.user?.subject, current: currentUser()?.subject });
    });
    app.use(problemHandler() as never);
    const answer = await send(`http://127.0.0.1:${await listen(app)}${target}`, { method, headers });
    return { ...answer, audit: log.of('audit') };
  }

  it.each<[string, TestCaller, string, string, number]>([
    ['a clerk', ada, 'GET', '/invoices/7', 200],
    ['a clerk', ada, 'POST', '/invoices/7/approve', 403],
    ['an approver', carla, 'POST', '/invoices/7/approve', 200],
    ['a copilot of hers', copilot, 'POST', '/invoices/7/approve', 403],
    ['a clerk', ada, 'GET', '/any/reports', 403],
    ['an approver', carla, 'GET', '/any/reports', 200],
    ['nobody', undefined, 'GET', '/invoices/7', 401],
    ['nobody', undefined, 'GET', '/health', 200],
    ['a clerk', ada, 'GET', '/not/listed', 403],
    ['whoever the test says', (req) => (req.headers['x-test'] === 'ada' ? ada : undefined), 'GET', '/invoices/7', 200],
  ])('%s meets the real rules: case %#', async (_who, caller, method, target, status) => {
    const answer = await get(caller, target, method, { 'X-Test': 'ada' });
    expect(answer.status).toBe(status);
    expect(answer.audit).not.toEqual([]);
  });

  it('puts the user where the real one is', async () => {
    expect((await get(ada, '/invoices/7')).body).toEqual({ user: 'entra:ada', current: 'entra:ada' });
  });

  it('is not asked to verify: a token in the request is nothing to it', async () => {
    const { body } = await get(ada, '/invoices/7', 'GET', { 'Txn-Token': 'x', authorization: 'Bearer x' });
    expect(body).toMatchObject({ user: 'entra:ada' });
  });
});

describe('asUser()', () => {
  it('needs a context', () => {
    const middleware = asUser(ada, { policy: policyOf() });
    expect(() => middleware({} as never, {} as never, () => {})).toThrow('mount correlation() before it');
  });

  it.each([
    [{ polcy: policyOf() }, 'option_unknown'],
    [{ policy: '/nowhere/baton.policy.json' }, 'policy_missing'],
  ])('refuses %j', async (options, code) => {
    expect(await codeOf(() => asUser(ada, options as never))).toBe(code);
  });
});
