import express5 from 'express';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { baton } from '../../src/middleware/baton';
import { workflowRouter } from '../../src/middleware/workflow-router';
import { alice, approvalPolicy, bob, carol, startApprovalBench, type ApprovalBench } from '../support/approvals';
import { relayKeys } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { transactionToken } from '../support/tokens';

const express4 = require('express4') as typeof express5;
let bench: ApprovalBench;
let server: Server;
let origin: string;

async function serve(express: typeof express5): Promise<void> {
  bench = await startApprovalBench(() => undefined);
  const app = express();
  app.use(baton({ policy: approvalPolicy(), clock: () => bench.timers.now(), logger: recordingLogger() }));
  app.use(express.json(), express.urlencoded({ extended: false }), express.text());
  app.use('/flows', workflowRouter(bench.app(), { start: ['approve-invoice'] }));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await bench.stop();
});

const send = (
  who: Readonly<Record<string, unknown>>,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method,
    headers: {
      'Txn-Token': transactionToken(relayKeys.edge, { claims: who }),
      'X-Correlation-Id': 'c-1',
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
const ask = (who: Readonly<Record<string, unknown>>, method: string, path: string, body?: unknown): Promise<Response> =>
  send(
    who,
    method,
    path,
    { 'Content-Type': 'application/json' },
    body === undefined ? undefined : JSON.stringify(body),
  );

async function asked(): Promise<string> {
  const posted = await ask(alice, 'POST', '/flows/approve-invoice', { invoice: 7, wait: 0 });
  await bench.timers.pass(0);
  await bench.tokens(1);
  return posted.headers.get('location')!;
}

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('POST /:id/approvals/:state on %s', (_name, express) => {
  beforeEach(() => serve(express));

  it('decides, once', async () => {
    const run = await asked();
    const shown = (await (await ask(carol, 'GET', run)).json()) as object;
    expect(shown).toMatchObject({ pendingApprovals: [{ state: 'Ask', since: expect.stringMatching(/^20.*Z$/) }] });
    const { since } = (shown as { pendingApprovals: [{ since: string }] }).pendingApprovals[0];
    const earlier = { decision: 'approve', since: new Date(Date.parse(since) - 1).toISOString() };
    expect((await ask(bob, 'POST', `${run}/approvals/Ask`, earlier)).status).toBe(409);
    const approved = await ask(bob, 'POST', `${run}/approvals/Ask`, { decision: 'approve', comment: 'fine', since });
    expect([approved.status, await approved.text(), approved.headers.get('cache-control')]).toEqual([
      204,
      '',
      'no-store',
    ]);
    const again = await ask(bob, 'POST', `${run}/approvals/Ask`, { decision: 'approve' });
    expect([again.status, await again.json()]).toMatchObject([409, { code: 'approval_not_pending' }]);
  });

  it.each<[string, string, string?]>([
    ['a form', 'decision=approve', 'application/x-www-form-urlencoded'],
    ['text', '{"decision":"approve"}', 'text/plain; x=application/json'],
    ['JSON of another kind', '{"decision":"approve"}', 'application/vnd.api+json'],
    ['nothing that says what it is', '', undefined],
  ])('decides nothing by what a page of another site can send: %s', async (_what, body, type) => {
    const run = await asked();
    const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
    const answer = await send(bob, 'POST', `${run}/approvals/Ask`, headers, body === '' ? undefined : body);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { code: 'input_invalid', errors: [{ pointer: '' }] },
    ]);
    const shown = await (await ask(carol, 'GET', run)).json();
    expect(shown).toMatchObject({ pendingApprovals: [{ state: 'Ask' }] });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string, unknown, number, object?]>([
    ['of one’s own', alice, '/approvals/Ask', { decision: 'approve' }, 403, { code: 'permission_denied' }],
    ['of another state', bob, '/approvals/Pay', { decision: 'approve' }, 404, { code: 'run_not_found' }],
    ['without a body', bob, '/approvals/Ask', undefined, 400, { code: 'input_invalid' }],
    ['with a list', bob, '/approvals/Ask', [], 400, { code: 'input_invalid' }],
    ['of a second state', bob, '/approvals/Ask', { decision: 'approve', state: 'Ask' }, 400, { code: 'input_invalid' }],
    ['with another word', bob, '/approvals/Ask', { decision: 'yes' }, 400, { errors: [{ pointer: '/decision' }] }],
    ['without a state', bob, '/approvals', { decision: 'approve' }, 404],
    ['with no state', bob, '/approvals//', { decision: 'approve' }, 404],
    ['further down', bob, '/approvals/Ask/now', { decision: 'approve' }, 404],
    ['elsewhere', bob, '/constructor/Ask', { decision: 'approve' }, 404],
  ])('refuses one %s', async (_name, who, path, body, status, ...[problem]) => {
    const answer = await ask(who, 'POST', `${await asked()}${path}`, body);
    expect(answer.status).toBe(status);
    if (problem !== undefined) expect(await answer.json()).toMatchObject(problem);
  });
});
