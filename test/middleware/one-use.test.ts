import { randomUUID } from 'node:crypto';
import type { Express, RequestHandler } from 'express';
import type { ReplayStore } from '../../src/core/replay';
import { baton, memoryReplayStore } from '../../src/index';
import type { TxnTokenEdge } from '../../src/policy/edge-document';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { livePolicy } from '../../src/policy/process-policy';
import { requestBinding } from '../../src/token/request-binding';
import { codeOf } from '../support/errors';
import { send, type Answer } from '../support/http-client';
import { NOW, transactionToken, travellingClaims } from '../support/tokens';
import {
  appWith,
  clock,
  document,
  EXPRESSES,
  key,
  listen,
  memoryLog,
  rawRequest,
  type AppOptions,
  type MemoryLog,
} from './apps';

type Modes = Pick<TxnTokenEdge, 'replay' | 'bind' | 'maxLifetimeSeconds'>;

const policyWith = (modes: Modes, more: object = {}): Policy =>
  compilePolicy({ ...document, ...more, edge: { ...document.edge, ...modes } }, {});

interface TokenFor {
  readonly route?: string;
  readonly txn?: string;
  readonly lifetimeSeconds?: number;
}

/** A token as the authorizer mints it for a gateway without cache. */
function token({ route, txn = randomUUID(), lifetimeSeconds = 60 }: TokenFor = {}): Record<string, string> {
  const [method = '', path = ''] = route?.split(' ') ?? [];
  const rctx = { ...travellingClaims.rctx, ...(route !== undefined && { req_bind: requestBinding({ method, path }) }) };
  return { 'Txn-Token': transactionToken(key, { claims: { txn, exp: NOW + lifetimeSeconds, rctx } }) };
}

/** Lines about the one store of the process. */
const told: unknown[] = [];

describe.each(EXPRESSES)('%s', (_name, express) => {
  async function start(options: AppOptions): Promise<{
    log: MemoryLog;
    app: Express;
    get: (target: string, headers: Record<string, string>, method?: string) => Promise<Answer>;
  }> {
    const { app, log } = appWith(express, options);
    const port = await listen(app);
    return {
      app,
      log,
      get: (target, headers, method) => send(`http://127.0.0.1:${port}${target}`, { headers, method }),
    };
  }
  const reasons = (log: MemoryLog): unknown[] =>
    log.of('audit').flatMap(({ reason, event }) => (event === 'authenticate' ? [reason] : []));

  describe('a policy that lets a token be used once', () => {
    const policy = policyWith({ replay: 'reject' });

    it('admits it once, and says no more than of any bad token afterwards', async () => {
      const { get, log } = await start({ policy });
      const sent = token();
      expect(await get('/invoices/7', sent)).toMatchObject({ status: 200, body: { user: 'entra:7d3c' } });
      const again = await get('/invoices/7', sent);
      expect(again).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
      expect(JSON.stringify(again.body)).not.toMatch(/replay|used/);
      expect(reasons(log)).toEqual(['replayed']);
      expect(await get('/invoices/7', token())).toMatchObject({ status: 200 });
    });

    it('admits one of twenty at once', async () => {
      const { get } = await start({ policy });
      const sent = token();
      const answers = await Promise.all(Array.from({ length: 20 }, () => get('/invoices/7', sent)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(401)]);
    });

    it('goes by the transaction: another signature over the same one is the same use', async () => {
      const { get } = await start({ policy });
      const [one, other] = [token({ txn: 't-1' }), token({ txn: 't-1' })];
      expect(one).not.toEqual(other);
      expect(await get('/invoices/7', one)).toMatchObject({ status: 200 });
      expect(await get('/invoices/7', other)).toMatchObject({ status: 401 });
    });

    it('counts a use on a public route, and one that the policy refuses', async () => {
      const { get } = await start({ policy });
      for (const [target, status] of [
        ['/health', 200],
        ['/admin', 403],
      ] as const) {
        const sent = token();
        expect(await get(target, sent)).toMatchObject({ status });
        expect(await get('/invoices/7', sent)).toMatchObject({ status: 401 });
      }
    });

    it('does not count a token that was refused before', async () => {
      const { get } = await start({ policy });
      const sent = token();
      expect(await get('/invoices/7', { ...sent, Txn_Token: 'x' })).toMatchObject({ status: 400 });
      expect(await get('/invoices/7', sent)).toMatchObject({ status: 200 });
    });

    it('remembers through a reload of the policy', async () => {
      const first = policyWith({ replay: 'reject' });
      const { get } = await start({ policy: first });
      const sent = token();
      expect(await get('/invoices/7', sent)).toMatchObject({ status: 200 });
      livePolicy(first).replace(policyWith({ replay: 'reject' }, { unlistedRoutes: 'authenticated' }));
      expect(await get('/elsewhere', token())).toMatchObject({ status: 200 });
      expect(await get('/invoices/7', sent)).toMatchObject({ status: 401 });
    });

    it('refuses tokens that were minted for a cache, at the first request', async () => {
      const { get, log } = await start({ policy });
      expect(await get('/invoices/7', token({ lifetimeSeconds: 61 }))).toMatchObject({ status: 401 });
      expect(reasons(log)).toEqual(['lifetime']);
      const longer = await start({ policy: policyWith({ replay: 'reject', maxLifetimeSeconds: 120 }) });
      expect(await longer.get('/invoices/7', token({ lifetimeSeconds: 61 }))).toMatchObject({ status: 200 });
    });

    it('lets nobody in while the store cannot say, and does not blame the caller', async () => {
      const replayStore: ReplayStore = { firstUse: () => Promise.reject(new Error('down')) };
      const { get, log } = await start({ policy, replayStore });
      const answer = await get('/invoices/7', token());
      expect(answer).toMatchObject({ status: 503, body: { code: 'replay_store_unavailable' } });
      expect(answer.headers).toMatchObject({ 'retry-after': '5' });
      expect(answer.headers).not.toHaveProperty('www-authenticate');
      expect(reasons(log)).toEqual([]);
      expect(await get('/health', {})).toMatchObject({ status: 200 });
    });

    it.each<[string, () => unknown]>([
      [
        'throws at once',
        () => {
          throw new TypeError('no connection');
        },
      ],
      ['answers without a promise', () => 'OK'],
    ])('lets nobody in where a store of the app’s own %s', async (_how, firstUse) => {
      const { get } = await start({ policy, replayStore: { firstUse } as unknown as ReplayStore });
      expect(await get('/invoices/7', token())).toMatchObject({
        status: 503,
        body: { code: 'replay_store_unavailable' },
      });
    });

    it('admits it once in all applications of a process, and says once that others are not asked', async () => {
      const now = Math.floor(Date.now() / 1000);
      const headers = {
        'Txn-Token': transactionToken(key, { claims: { txn: randomUUID(), iat: now, exp: now + 60 } }),
      };
      const log = memoryLog();
      // As in production: nobody hands in a clock, and nobody a store.
      const made = [1, 2].map(() => {
        const app = express();
        app.use(baton({ policy, logger: log.logger }) as RequestHandler);
        app.use((_req, res) => void res.json({}));
        return app;
      });
      const statuses: number[] = [];
      for (const app of made)
        statuses.push((await send(`http://127.0.0.1:${await listen(app)}/invoices/7`, { headers })).status);
      expect(statuses).toEqual([200, 401]);
      // Both Expresses run in this process.
      told.push(...log.of('replay_memory'));
      expect(told).toEqual([
        expect.objectContaining({ level: 'warn', message: expect.stringContaining('BATON_REPLAY_REDIS_URL') }),
      ]);
    });

    it.each<[string, Modes, () => AppOptions, number]>([
      ['a memory of the app’s own', { replay: 'reject' }, () => ({ replayStore: memoryReplayStore() }), 1],
      ['another store', { replay: 'reject' }, () => ({ replayStore: { firstUse: () => Promise.resolve(true) } }), 0],
      ['a policy that asks for none', { bind: 'route' }, () => ({}), 0],
    ])('tells at the start of a store that covers one process: %s', async (_name, modes, options, lines) => {
      const { log } = await start({ policy: policyWith(modes), ...options() });
      expect(log.of('replay_memory')).toHaveLength(lines);
    });

    it('takes an answer that is neither yes nor no for none', async () => {
      const replayStore = { firstUse: () => Promise.resolve('OK') } as unknown as ReplayStore;
      const { get } = await start({ policy, replayStore });
      expect(await get('/invoices/7', token())).toMatchObject({ status: 503 });
    });

    it('remembers a token until the slowest clock of the farm refuses it', async () => {
      const asked: [string, number][] = [];
      const replayStore: ReplayStore = { firstUse: (...call) => Promise.resolve(asked.push(call) > 0) };
      const { get } = await start({ policy, replayStore });
      await get('/invoices/7', token({ txn: 'txn-secret' }));
      expect(asked).toEqual([[expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), NOW + 60 + 2 * 30]]);
    });
  });

  describe('a policy that binds tokens to their request', () => {
    const policy = policyWith({ bind: 'route' });
    const bound = token({ route: 'GET /invoices/7' });

    it.each<[string, string, Record<string, string>, number]>([
      ['GET', '/invoices/7', bound, 200],
      ['GET', '/invoices/7?page=2', bound, 200],
      ['GET', '/invoices/%37', bound, 200],
      ['GET', '/invoices/7/', bound, 200],
      ['GET', '/invoices/8', bound, 401],
      ['GET', '/INVOICES/7', bound, 401],
      ['HEAD', '/invoices/7', bound, 401],
      ['POST', '/invoices/7/approve', bound, 401],
      ['GET', '/invoices/7', token(), 401],
      ['GET', '/health', bound, 401],
    ])(
      'answers %s %s with a token for GET /invoices/7, or for none: case %#',
      async (method, target, headers, status) => {
        const { get, log } = await start({ policy });
        expect((await get(target, headers, method)).status).toBe(status);
        expect(reasons(log)).toEqual(status === 401 ? ['binding'] : []);
      },
    );

    it('lets a token be used again for the same request, as often as it is sent', async () => {
      const { get } = await start({ policy });
      for (let i = 0; i < 3; i++) expect(await get('/invoices/7', bound)).toMatchObject({ status: 200 });
    });

    it.each<[string, AppOptions]>([
      ['behind a virtual directory', { basePath: '/shop' }],
      ['below a mount point and a virtual directory', { basePath: '/shop', mount: '/shop' }],
    ])('compares the path as the policy sees it, %s', async (_where, options) => {
      const { get } = await start({ policy, ...options });
      expect(await get('/shop/invoices/7', bound)).toMatchObject({ status: 200 });
      expect(await get('/shop/invoices/8', bound)).toMatchObject({ status: 401 });
    });

    it('answers an ambiguous target as such', async () => {
      const { app } = appWith(express, { policy });
      const port = await listen(app);
      const header = `Txn-Token: ${bound['Txn-Token']}`;
      const answer = await rawRequest(port, 'GET /invoices\\7', [header]);
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { code: 'request_target_invalid' }]);
    });
  });

  it('both: a token that was tried on another route is not used up by it', async () => {
    const { get, log } = await start({ policy: policyWith({ bind: 'route', replay: 'reject' }) });
    const sent = token({ route: 'GET /invoices/7' });
    expect(await get('/invoices/8', sent)).toMatchObject({ status: 401 });
    expect(await get('/invoices/7', sent)).toMatchObject({ status: 200 });
    expect(await get('/invoices/7', sent)).toMatchObject({ status: 401 });
    expect(reasons(log)).toEqual(['binding', 'replayed']);
  });

  it('neither: a token is good until it ends, on every route', async () => {
    const { get } = await start({ policy: policyWith({}) });
    const sent = token({ route: 'GET /invoices/7' });
    for (const target of ['/invoices/7', '/invoices/8', '/invoices/7'])
      expect(await get(target, sent)).toMatchObject({ status: 200 });
  });
});

it.each([{}, { firstUse: true }, 'redis://127.0.0.1'])('%j is no store', async (replayStore) => {
  const options = { policy: policyWith({}), clock, replayStore: replayStore as never };
  expect(await codeOf(() => baton(options) as RequestHandler)).toBe('option_invalid');
});
