import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express5 from 'express';
import { currentUser } from '../../src/context/storage';
import { BatonError } from '../../src/core/errors';
import { jwkSigner } from '../../src/jws/sign';
import { baton } from '../../src/middleware/baton';
import { offloadHandler } from '../../src/middleware/offload-handler';
import { createOffload } from '../../src/offload/offload';
import { verifiedParts } from '../support/independent-verifier';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { answers, fails, refuses, startLambdaStub, type LambdaAnswer, type LambdaStub } from '../support/lambda-stub';
import { leakOf, recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { transactionToken, travellingClaims } from '../support/tokens';
import { waitFor } from '../support/wait';

// What stands before baton() logs to the process's own logger.
const logs = mkdtempSync(join(tmpdir(), 'baton-logs-'));
process.env.BATON_LOG_FILE = join(logs, 'app.jsonl');
afterAll(() => rmSync(logs, { recursive: true }));

const express4 = require('express4') as typeof express5;
const policy = invoicesPolicy({ routes: undefined });
const signer = jwkSigner(relayKeys.handOver.privateJwk);

let lambda: LambdaStub;
let server: Server;
let logger: RecordingLogger;

beforeEach(async () => {
  lambda = await startLambdaStub();
  logger = recordingLogger();
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await lambda.close();
});

async function start(express: typeof express5): Promise<string> {
  const app = express();
  const offload = createOffload({ policy, signer, clock: testClock, clientConfig: lambda.clientConfig });
  const render = offloadHandler(offload, 'render-invoice', (req: express5.Request) => ({ id: req.params.id }));
  app.post('/bare/:id', render);
  app.use(baton({ policy, clock: testClock, logger }));
  app.post('/invoices/:id/render', render);
  app.post(
    '/later',
    offloadHandler(offload, 'render-invoice', async () => {
      await new Promise(setImmediate);
      return { reader: currentUser()?.subject };
    }),
  );
  app.post(
    '/broken',
    offloadHandler(offload, 'render-invoice', () => {
      throw new Error('inner words');
    }),
  );
  app.post(
    '/unknown',
    offloadHandler(offload, 'no-such-function', () => null),
  );
  app.use((error: Error, _req: express5.Request, res: express5.Response, next: express5.NextFunction) => {
    if (error instanceof BatonError) next(error);
    else res.status(418).json({ thrown: error.message });
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const token = transactionToken(relayKeys.edge);
const headers = { 'Txn-Token': token, 'X-Correlation-Id': 'c-4711' };

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('offloadHandler() on %s', (_name, express) => {
  const post = async (path: string, sent: Record<string, string> = headers): Promise<Response> =>
    fetch(`${await start(express)}${path}`, { method: 'POST', headers: sent });

  it.each([
    ['an object', { pages: 3, name: 'Grüße' }, '{"pages":3,"name":"Grüße"}'],
    ['a text', 'ü', '"ü"'],
    ['null', null, 'null'],
  ])('answers with %s of the function', async (_what, value, body) => {
    lambda.answer = answers(JSON.stringify(value));
    const response = await post('/invoices/7/render');
    expect([response.status, await response.text()]).toEqual([200, body]);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('x-correlation-id')).toBe('c-4711');
    expect(lambda.calls.map(({ event }) => event)).toEqual([
      { baton: 1, handOver: expect.any(String), correlationId: 'c-4711', payload: { id: '7' } },
    ]);
    const handOver = String(lambda.calls[0]!.event.handOver);
    expect(verifiedParts(handOver, relayKeys.handOver.publicKey).claims).toMatchObject(travellingClaims);
    expect([token, handOver].map((secret) => leakOf(secret, logger.handed.join()))).toEqual([undefined, undefined]);
  });

  it('hands over requests with one token by one hand-over, and those with another token by another', async () => {
    const app = await start(express);
    // The same user's, of the same second: what counts is the token.
    const another = transactionToken(relayKeys.edge);
    for (const sent of [token, token, another]) {
      const init = { method: 'POST', headers: { ...headers, 'Txn-Token': sent } };
      expect((await fetch(`${app}/invoices/7/render`, init)).status).toBe(200);
    }
    const [first, second, third] = lambda.calls.map(({ event }) => event.handOver);
    expect([second === first, third === first]).toEqual([true, false]);
  });

  it('waits for the payload, which knows its caller', async () => {
    expect((await post('/later')).status).toBe(200);
    expect(lambda.calls[0]?.event.payload).toEqual({ reader: 'entra:7d3c' });
  });

  const rows: readonly (readonly [string, LambdaAnswer, number, string, string | null])[] = [
    ['throttles', refuses(429, 'TooManyRequestsException', { 'retry-after': '7' }), 503, 'function_throttled', '7'],
    ['is away', refuses(500, 'ServiceException'), 503, 'function_unavailable', '5'],
    ['does not answer', () => {}, 503, 'function_timeout', '5'],
    ['refuses', refuses(403, 'AccessDeniedException'), 502, 'function_access_denied', null],
    ['fails', fails({ errorType: 'Error', errorMessage: 'inner words' }), 502, 'function_failed', null],
    [
      'denies',
      fails({ errorType: 'baton.permission_denied', errorMessage: 'inner words' }),
      403,
      'permission_denied',
      null,
    ],
  ];
  it.each(rows)('says in problem JSON that the function %s', async (_what, answer, status, code, retryAfter) => {
    lambda.answer = answer;
    const response = await post('/invoices/7/render');
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({
      type: `urn:iis-baton:error:${code}`,
      title: expect.any(String),
      status,
      code,
      correlationId: 'c-4711',
    });
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(body).not.toMatch(/inner words|\bat \//);
    expect(logger.ofType('error')).toEqual([expect.objectContaining({ code, correlationId: 'c-4711' })]);
    expect(lambda.calls).toHaveLength(1);
  });

  it.each([
    [
      'the caller has no permission',
      '/invoices/7/render',
      403,
      'permission_denied',
      { tctx: { ...travellingClaims.tctx, roles: [] } },
    ],
    ['the policy has no such function', '/unknown', 500, 'function_unknown', {}],
    ['baton() does not stand before it', '/bare/7', 500, 'option_invalid', {}],
  ])('sends nothing where %s', async (_what, path, status, code, claims) => {
    const response = await post(path, { ...headers, 'Txn-Token': transactionToken(relayKeys.edge, { claims }) });
    expect(await response.json()).toMatchObject({ status, code });
    expect(response.status).toBe(status);
    expect(lambda.calls).toHaveLength(0);
  });

  it('leaves what the app itself throws to the error handlers of the app', async () => {
    const response = await post('/broken', headers);
    expect([response.status, await response.json()]).toEqual([418, { thrown: 'inner words' }]);
    expect(lambda.calls).toHaveLength(0);
  });

  it('gives the call up when its client has gone, and calls no second time', async () => {
    lambda.answer = () => {};
    const url = await start(express);
    const next = lambda.nextCall();
    const client = request(`${url}/invoices/7/render`, { method: 'POST', headers });
    client.on('error', () => {});
    client.end();
    const { ended } = await next;
    client.destroy();
    await ended;
    expect(lambda.calls).toHaveLength(1);
    await waitFor('the line about it', () => logger.lines.some(({ reason }) => reason === 'aborted'));
    expect(logger.ofType('error')).toEqual([
      expect.objectContaining({
        level: 'warn',
        code: 'function_unavailable',
        reason: 'aborted',
        correlationId: 'c-4711',
      }),
    ]);
  });
});
