import type { Express, RequestHandler } from 'express';
import { baton, correlation, identity, requirePermission, type BatonOptions } from '../../src/index';
import {
  appWith,
  clock,
  document,
  EXPRESSES,
  listen,
  memoryLog,
  policyOf,
  rawRequest,
  tokenOf,
  type Seen,
} from './apps';

const clerk = `Txn-Token: ${tokenOf()}`;
const approver = `Txn-Token: ${tokenOf({ roles: ['approver'] })}`;

/** Request line, header, and what must come of it: a status, and for 200 the handler that was reached. */
type Row = [string, string, number, string?];

const admin = (app: Express): void => {
  app.all('/admin', (_req, res) => void res.json({ path: 'admin' } satisfies Seen));
};

async function check(port: number, [line, header, status, reached]: Row): Promise<void> {
  const answer = await rawRequest(port, line, header === '' ? [] : [header]);
  const path = answer.status === 200 && answer.body !== '' ? (JSON.parse(answer.body) as Seen).path : undefined;
  expect({ status: answer.status, path }).toEqual({ status, path: reached });
}

describe.each(EXPRESSES)('what a rule decides on is what %s routes by', (_, express) => {
  it.each([
    ['GET /ADMIN', clerk, 403],
    ['GET /admin/', clerk, 403],
    ['GET /Admin/?x', clerk, 403],
    ['GET /admin', approver, 200, 'admin'],
    ['GET /AdMiN/', approver, 200, 'admin'],
    ['GET //admin', clerk, 403],
    ['GET /admin//', clerk, 403],
    ['GET /./admin', clerk, 403],
    ['GET /health/../admin', clerk, 403],
    ['GET /health/..%2fadmin', clerk, 403],
    ['GET /%61dmin', clerk, 403],
    ['GET /admin%2f', clerk, 403],
    ['GET /admin;x=1', clerk, 403],
    ['GET /admin%00', clerk, 403],
    ['GET /admin?/health', clerk, 403],
    ['GET /health?/../admin', '', 200, '/health?/../admin'],
    ['GET /admin#/health', clerk, 400],
    ['GET /health#', '', 400],
    ['GET /health?#', '', 400],
    ['GET //a@b/admin?#', clerk, 400],
    ['GET /open/a\\..\\..\\admin', '', 400],
    ['GET /\\admin', clerk, 400],
    ['GET http://app/admin', clerk, 400],
    ['GET http://app/health', '', 400],
    ['GET admin', clerk, 400],
    ['OPTIONS *', '', 400],
    ['HEAD /admin', clerk, 403],
    ['HEAD /invoices/7', '', 401],
    ['HEAD /invoices/7', clerk, 200],
    ['OPTIONS /invoices/7', '', 200, '/invoices/7'],
    ['OPTIONS /admin', '', 401],
    ['OPTIONS /invoices/7/approve', '', 401],
    ['DELETE /invoices/7', approver, 403],
    ['GET /invoices/', clerk, 403],
    ['GET /invoices/a%2fapprove', clerk, 200, '/invoices/a%2fapprove'],
    ['GET /health', '', 200, '/health'],
    ['GET /HEALTH/', '', 200, '/HEALTH/'],
    ['GET /health/x', '', 401],
    ['GET /open/', '', 401],
    ['GET /open/a/b', '', 200, '/open/a/b'],
  ])('%s', async (...row: Row) => {
    const { app } = appWith(express, { routes: admin });
    await check(await listen(app), row);
  });

  // The dangerous setting: what no rule matches is open to every verified caller.
  it.each([
    ['GET //a@b/admin?#', clerk, 400],
    ['GET //a@b/admin', clerk, 200, '//a@b/admin'],
    ['GET /admin?#', clerk, 400],
    ['GET http://app/admin', clerk, 400],
    // No handler of Express takes it, but whoever serves files does: see static-files.test.ts.
    ['GET /%61dmin', clerk, 403],
    ['GET /other', clerk, 200, '/other'],
    ['GET /other', '', 401],
    ['GET /admin', clerk, 403],
  ])('%s where unlisted routes are open to the verified', async (...row: Row) => {
    const { app } = appWith(express, { policy: policyOf({ unlistedRoutes: 'authenticated' }), routes: admin });
    await check(await listen(app), row);
  });

  it.each([
    ['GET /api/admin', clerk, 403],
    ['GET /API/Admin/', clerk, 403],
    ['GET /api/admin', approver, 200, '/api/admin'],
    ['GET /api/health', '', 200, '/api/health'],
    ['GET /api', clerk, 200, '/api'],
    ['GET http://app/api/admin', clerk, 400],
    ['GET http://app/api/health', '', 400],
    // Outside the mount point Baton is not asked, and the app's own handler sees nobody.
    ['GET /admin', clerk, 200, '/admin'],
  ])('%s, mounted at /api', async (...row: Row) => {
    const routes = document.routes.map((route) => ({ ...route, path: `/api${route.path}` }));
    const { app } = appWith(express, { policy: policyOf({ routes, unlistedRoutes: 'authenticated' }), mount: '/api' });
    await check(await listen(app), row);
  });

  it.each([
    ['GET /v1/admin', clerk, 403],
    ['GET /V1/admin/', clerk, 403],
    ['GET /v1/health', '', 200, '/v1/health'],
    ['GET /health', '', 200, '/health'],
    ['GET /v1', clerk, 403],
    ['GET /v1admin', clerk, 403],
    ['GET /v1health', '', 401],
    ['GET /v1/v1/health', '', 401],
    ['GET //v1/health', '', 401],
    ['GET /v1//health', '', 401],
  ])('%s with the base path /v1', async (...row: Row) => {
    const { app } = appWith(express, { basePath: '/v1' });
    await check(await listen(app), row);
  });

  it.each([
    ['http://ada:pa55word@app/admin', clerk, { subject: 'entra:ada', transactionId: expect.any(String) }],
    ['/open/..\\admin', '', {}],
  ])('audits that it refused %s, and not what it was', async (target, header, who) => {
    const { app, log } = appWith(express);
    await check(await listen(app), [`GET ${target}`, header, 400]);
    const [{ timestamp: _, correlationId: __, ...line } = {} as never, ...more] = log.of('audit');
    const event = { event: 'access', outcome: 'denied', reason: 'request_target_invalid', method: 'GET', ...who };
    expect([line, more]).toEqual([{ level: 'warn', message: 'access denied', type: 'audit', ...event }, []]);
    expect(log.text()).not.toContain('pa55word');
  });

  it('writes no password into the audit event of a guard', async () => {
    const { logger, of, text } = memoryLog();
    const app = express();
    app.use([correlation({ logger }), identity({ policy: policyOf(), clock })] as RequestHandler[]);
    app.use(requirePermission('invoice:approve') as RequestHandler);
    expect((await rawRequest(await listen(app), 'GET http://ada:pa55word@app/x', [clerk])).status).toBe(403);
    expect(of('audit')).toEqual([expect.objectContaining({ reason: 'permission_missing' })]);
    expect(text()).not.toContain('pa55word');
  });

  it('decides in a router by the whole path', async () => {
    const options: BatonOptions = { policy: policyOf(), clock, logger: memoryLog().logger };
    const app = express();
    const router = express.Router();
    router.use(baton(options) as RequestHandler);
    router.get('/:id', (req, res) => void res.json({ path: `${req.baseUrl} ${req.params.id}` } satisfies Seen));
    app.use('/invoices', router);
    const port = await listen(app);
    await check(port, ['GET /invoices/7', clerk, 200, '/invoices 7']);
    await check(port, ['GET /INVOICES/7', clerk, 200, '/INVOICES 7']);
    await check(port, ['GET /invoices/7', '', 401]);
    await check(port, ['GET http://app/invoices/7', clerk, 400]);
  });
});
