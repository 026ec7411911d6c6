import express5 from 'express';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { runDrainHooks } from '../../src/core/process-hooks';
import { jwkSigner } from '../../src/jws/sign';
import { baton } from '../../src/middleware/baton';
import { enqueueHandler } from '../../src/middleware/enqueue-handler';
import { createOffload } from '../../src/offload/offload';
import { openDatabase } from '../../src/offload/outbox/database';
import { listWork } from '../../src/offload/outbox/keeping';
import { codeOf } from '../support/errors';
import { temporaryFolder } from '../support/example';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { NOW, transactionToken, travellingClaims } from '../support/tokens';

const express4 = require('express4') as typeof express5;
const policy = invoicesPolicy({ routes: undefined });
const signer = jwkSigner(relayKeys.handOver.privateJwk);

// What stands before baton() logs to the process's own logger.
const logs = temporaryFolder();
process.env.BATON_LOG_FILE = path.join(logs, 'app.jsonl');
afterAll(() => rmSync(logs, { recursive: true }));

let folder: string;
let server: Server;
beforeEach(() => (folder = temporaryFolder()));
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await runDrainHooks(() => {});
  rmSync(folder, { recursive: true });
});

async function start(express: typeof express5, maxPieces: number): Promise<string> {
  const app = express();
  const offload = createOffload({
    policy,
    signer,
    clock: testClock,
    outbox: { path: path.join(folder, 'outbox.db'), maxPieces },
  });
  const map = (req: express5.Request): object => ({ id: req.params.id });
  app.post('/bare/:id', enqueueHandler(offload, 'render-invoice', map));
  app.use(baton({ policy, clock: testClock, logger: recordingLogger() }));
  app.post('/render/:id', enqueueHandler(offload, 'render-invoice', map));
  app.post(
    '/told/:id',
    enqueueHandler(offload, 'render-invoice', map, {
      input: { type: 'object', properties: { id: { type: 'string', pattern: '^[0-9]+$' } } },
      work: (req: express5.Request) => ({ idempotencyKey: `told-${String(req.params.id)}` }),
    }),
  );
  app.post(
    '/broken',
    enqueueHandler(offload, 'render-invoice', () => {
      throw new Error('inner words');
    }),
  );
  app.use((error: Error, _req: express5.Request, res: express5.Response, _next: express5.NextFunction) => {
    res.status(418).json({ thrown: error.message });
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const headersFor = (claims: Readonly<Record<string, unknown>> = {}): Record<string, string> => ({
  'Txn-Token': transactionToken(relayKeys.edge, { claims }),
  'X-Correlation-Id': 'c-4711',
});
const onDisk = (): unknown[] => {
  const database = openDatabase(path.join(folder, 'outbox.db'));
  const work = listWork(database, { limit: 9 });
  database.close();
  return work;
};

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('enqueueHandler() on %s', (_name, express) => {
  const post = async (
    url: string,
    sent: Record<string, string> = {},
    claims?: Readonly<Record<string, unknown>>,
  ): Promise<Response> => fetch(url, { method: 'POST', headers: { ...headersFor(claims), ...sent } });

  it('answers 202 when the work is on disk', async () => {
    const response = await post(`${await start(express, 9)}/render/7`);
    const body = (await response.json()) as { id: string };
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(body).toEqual({
      id: expect.any(String),
      idempotencyKey: body.id,
      deadline: new Date((NOW + 86_400) * 1000).toISOString(),
      alreadyKnown: false,
    });
    expect(onDisk()).toEqual([expect.objectContaining({ id: body.id, state: 'waiting', correlationId: 'c-4711' })]);
  });

  it.each([['"my-key"'], ['my-key']])(
    'takes a request that is sent again with the key %s for the same work',
    async (key) => {
      const url = `${await start(express, 9)}/render/7`;
      const answers = [await post(url, { 'Idempotency-Key': key }), await post(url, { 'Idempotency-Key': key })];
      const [first, second] = (await Promise.all(answers.map((answer) => answer.json()))) as [object, object];
      expect(second).toEqual({ ...first, alreadyKnown: true });
      expect(first).toMatchObject({ idempotencyKey: 'my-key' });
      const other = await post(url.replace('/7', '/8'), { 'Idempotency-Key': key });
      expect([other.status, await other.json()]).toEqual([
        409,
        expect.objectContaining({ code: 'idempotency_conflict' }),
      ]);
      expect(onDisk()).toHaveLength(1);
    },
  );

  it('takes what the app says of the work, and refuses input that does not fit', async () => {
    const url = await start(express, 9);
    expect(await (await post(`${url}/told/7`, { 'Idempotency-Key': 'x' })).json()).toMatchObject({
      idempotencyKey: 'told-7',
    });
    const refused = await post(`${url}/told/x`);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([400, 'input_invalid']);
  });

  it.each([
    [
      'the caller may not',
      '/render/7',
      {},
      { tctx: { ...travellingClaims.tctx, roles: [] } },
      403,
      'permission_denied',
    ],
    ['the key is none', '/render/7', { 'Idempotency-Key': 'x'.repeat(129) }, {}, 400, 'work_invalid'],
    ['baton() does not stand before it', '/bare/7', {}, {}, 500, 'option_invalid'],
    ['the app itself throws', '/broken', {}, {}, 418, undefined],
  ])('takes nothing in where %s', async (_what, route, sent, claims, status, code) => {
    const response = await post(`${await start(express, 9)}${route}`, sent, claims);
    const body = (await response.json()) as { code?: string };
    expect([response.status, body.code]).toEqual([status, code]);
    expect(onDisk()).toEqual([]);
  });

  it('answers 503 and says when to come again where the outbox is full', async () => {
    const url = `${await start(express, 1)}/render/7`;
    await post(url);
    const response = await post(url);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ code: 'outbox_full' });
  });
});

it('refuses options that it does not know', async () => {
  server = createServer();
  expect(await codeOf(() => enqueueHandler({} as never, 'x', () => 1, { inputs: {} } as never))).toBe('option_unknown');
});
