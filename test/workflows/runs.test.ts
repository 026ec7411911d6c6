import express5, { type RequestHandler } from 'express';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withBaton } from '../../src/function/with-baton';
import { jwkSigner } from '../../src/jws/sign';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { systemTimers, type Timers } from '../../src/core/timers';
import { baton } from '../../src/middleware/baton';
import { workflowRouter } from '../../src/middleware/workflow-router';
import { createWorkflows, type Workflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import { codeOf, thrownBy } from '../support/errors';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { recordingLogger } from '../support/recording-logger';
import { transactionToken, travellingClaims } from '../support/tokens';
import { waitFor } from '../support/wait';
import { APPROVAL_ARN, QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

const express4 = require('express4') as typeof express5;
const policy = invoicesPolicy({ workflows: workflowsOfInvoices, routes: undefined });
const signer = jwkSigner(relayKeys.handOver.privateJwk);

/** What docs/workflows.md says that a state hands on. */
const task = (next: object, execution = '$$.Execution.Name'): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: {
    FunctionName: invoicesDocument.functions['render-invoice'].target,
    Payload: {
      'caller.$': '$$.Execution.Input.caller',
      'execution.$': execution,
      'state.$': '$$.State.Name',
      'payload.$': '$.invoice',
    },
  },
  ResultSelector: { 'did.$': '$.Payload' },
  ResultPath: '$.result',
  TimeoutSeconds: 5,
  Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1, BackoffRate: 1 }],
  ...next,
});
/** The caller is kept out of nothing that the states do: what they make of the data does not matter to it. */
const approval = {
  StartAt: 'Render',
  States: {
    Render: task({ Next: 'Wait' }),
    Wait: { Type: 'Wait', SecondsPath: '$.wait', Next: 'Pay' },
    Pay: task({ End: true }),
  },
};
const quote = { StartAt: 'Render', States: { Render: task({ End: true }, '$$.Execution') } };

/** The machine's time, but for the second before a task is tried again. */
const timers: Timers = { ...systemTimers, after: (ms, callback) => systemTimers.after(ms === 1000 ? 5 : ms, callback) };

let lambda: LambdaStub;
let states: StepFunctionsEndpoint;
let workflows: Workflows;
let server: Server | undefined;
/** How often the function has run, and how often it fails at first. */
let runs: number;
let failures: number;

beforeEach(async () => {
  [runs, failures] = [0, 0];
  lambda = await startLambdaStub();
  const handler = withBaton(
    (payload: unknown) => {
      runs += 1;
      if (runs <= failures) throw Object.assign(new Error('inner words'), { name: 'Busy' });
      return { rendered: payload };
    },
    { name: 'render-invoice', policy, logger: recordingLogger() },
  );
  lambda.answer = async (response, { event }) => {
    try {
      response.end(JSON.stringify(await handler(event)));
    } catch (error) {
      const { name, message } = error as Error;
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end(JSON.stringify({ errorType: name, errorMessage: message }));
    }
  };
  states = await startStepFunctionsEndpoint({
    stateMachines: {
      'approve-invoice': { definition: approval },
      'quote-invoice': { definition: quote, type: 'EXPRESS' },
    },
    lambdaUrl: String(lambda.clientConfig.endpoint),
    timers,
  });
  expect([states.arnOf('approve-invoice'), states.arnOf('quote-invoice')]).toEqual([APPROVAL_ARN, QUOTE_ARN]);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clientConfig = { endpoint: states.url, region: 'eu-west-1', credentials };
  workflows = createWorkflows({ policy, signer, clientConfig });
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await states.stop();
  await lambda.close();
});

const approver = { tctx: { ...travellingClaims.tctx, roles: ['approver'] } };
const stranger = { sub: 'entra:other', tctx: { ...travellingClaims.tctx, roles: ['clerk'] } };
const as = <T>(claims: object, work: () => T, logger = recordingLogger()): T => asCaller({ claims, logger }, work);
const seen = (id: string, claims: object = approver) => as(claims, () => workflows.run(id));
const start = (input: object = {}, claims: object = approver) =>
  as(claims, () => workflows.start('approve-invoice', { invoice: 7, wait: 0, ...input }));
async function ended(id: string): Promise<Awaited<ReturnType<typeof seen>>> {
  await waitFor('the end', async () => (await seen(id)).status !== 'RUNNING');
  return seen(id);
}

describe('an execution, from the start through functions to its end', () => {
  it('runs each step as who started it', async () => {
    const { id, name } = await start();
    expect(id).toBe(name.replace('approve-invoice-', 'approve-invoice~'));
    const run = await ended(id);
    expect(run).toMatchObject({
      id,
      workflow: 'approve-invoice',
      status: 'SUCCEEDED',
      currentStates: [],
      truncated: false,
    });
    expect(run.states.map((state) => [state.name, state.attempts, state.errors])).toEqual([
      ['Render', 1, []],
      ['Wait', 0, []],
      ['Pay', 1, []],
    ]);
    expect(run.states.every(({ enteredAt, exitedAt }) => exitedAt! >= enteredAt)).toBe(true);
    expect(run.endedAt).toBeInstanceOf(Date);
    expect(lambda.calls.map(({ event }) => [event.state, event.payload])).toEqual([
      ['Render', 7],
      ['Pay', 7],
    ]);
  });

  it('shows attempts and the names of errors, and nobody’s words', async () => {
    failures = 1;
    const { id } = await start();
    const run = await ended(id);
    expect(run.states[0]).toMatchObject({ name: 'Render', attempts: 2, errors: ['Busy'] });
    expect(JSON.stringify(run)).not.toMatch(/inner words|eyJ/);
  });

  it('ends where a step asks for more than its starter may', async () => {
    const { id } = await start({}, {});
    await waitFor('the end', async () => (await seen(id, {})).status !== 'RUNNING');
    const run = await seen(id, {});
    expect(run).toMatchObject({ status: 'FAILED', error: 'baton.permission_denied' });
    expect(run.states.at(-1)).toMatchObject({ name: 'Pay', errors: ['baton.permission_denied'] });
    expect(runs).toBe(1);
  });

  it('is the same execution where it is asked for again, running or over', async () => {
    const again = () =>
      as(approver, () => workflows.start('approve-invoice', { invoice: 7, wait: 0 }, { idempotencyKey: 'k' }));
    const first = await again();
    expect(await again()).toEqual({ ...first, alreadyStarted: true });
    await ended(first.id);
    expect(await again()).toEqual({ ...first, alreadyStarted: true });
    expect(runs).toBe(2);
  });

  it('of an Express workflow gives its output', async () => {
    const output = await as(approver, () => workflows.startSync('quote-invoice', { invoice: 7 }));
    expect(output).toMatchObject({ invoice: 7, result: { did: { rendered: 7 } } });
  });
});

describe('a run is seen and cancelled', () => {
  it('by who started it', async () => {
    const { id } = await start({ wait: 600 });
    await waitFor('the wait', async () => (await seen(id)).currentStates[0] === 'Wait');
    await as(approver, () => workflows.cancel(id));
    expect(await seen(id)).toMatchObject({ status: 'ABORTED', error: 'Cancelled', currentStates: [] });
    await as(approver, () => workflows.cancel(id));
  });

  it('by a viewer, who cannot cancel it', async () => {
    const { id } = await start({}, stranger);
    expect(await seen(id, approver)).toMatchObject({ id });
    expect(await codeOf(() => as(approver, () => workflows.cancel(id)))).toBe('run_not_found');
  });

  it('and told to the audit trail', async () => {
    const logger = recordingLogger();
    const { id, name } = await start();
    await as(approver, () => workflows.run(id), logger);
    await thrownBy(() => as(stranger, () => workflows.run(id), logger));
    const shared = { event: 'workflow_run', workflow: 'approve-invoice', execution: name, action: 'see' };
    expect(logger.ofType('audit')).toMatchObject([
      { ...shared, outcome: 'allowed', as: 'starter' },
      { ...shared, outcome: 'denied', reason: 'not_starter', subject: 'entra:other' },
    ]);
  });

  const own = 'x'.repeat(43);
  it.each<[string, string | undefined, object, object]>([
    ['somebody else’s', undefined, stranger, { code: 'run_not_found', reason: 'not_starter' }],
    [
      'one without the permission any more',
      undefined,
      { tctx: { roles: [], kind: 'user' } },
      { code: 'permission_denied' },
    ],
    ['what is no ID', '../approve-invoice', approver, { code: 'run_not_found', reason: 'id' }],
    ['of an unknown workflow', `constructor~${own}`, approver, { code: 'run_not_found', reason: 'workflow' }],
    ['of an Express workflow', `quote-invoice~${own}`, approver, { code: 'run_not_found', reason: 'express' }],
    ['that is not there', `approve-invoice~${own}`, approver, { code: 'run_not_found', reason: 'unknown' }],
  ])('but not %s', async (_name, id, claims, error) => {
    const asked = id ?? (await start()).id;
    expect(await thrownBy(() => seen(asked, claims))).toMatchObject(error);
  });

  it('but not one that somebody made to look like the caller’s own', async () => {
    const called = lambda.nextCall();
    const { name } = await start({ wait: 600 }, stranger);
    const { caller } = (await called).event;
    const forged = `${name.slice(0, -1)}${name.endsWith('A') ? 'B' : 'A'}`;
    const input = JSON.stringify({ invoice: 7, wait: 600, caller });
    states.loadExecution('approve-invoice', { name: forged, status: 'SUCCEEDED', input, events: [] });
    const id = forged.replace('approve-invoice-', 'approve-invoice~');
    expect(await thrownBy(() => seen(id, stranger))).toMatchObject({ code: 'run_not_found', reason: 'not_starter' });
  });
});

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('workflowRouter() on %s', (_name, express) => {
  async function serve(): Promise<
    (method: string, path: string, body?: unknown, headers?: object) => Promise<Response>
  > {
    const app = express();
    app.use(baton({ policy, clock: testClock, logger: recordingLogger() }));
    app.use(express.json());
    app.use('/flows', workflowRouter(workflows, { start: ['approve-invoice'] }));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = transactionToken(relayKeys.edge, { claims: approver });
    return (method, path, body, headers = {}) =>
      fetch(`${origin}${path}`, {
        method,
        headers: { 'Txn-Token': token, 'X-Correlation-Id': 'c-1', 'Content-Type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
  }

  it('starts, shows and cancels', async () => {
    const ask = await serve();
    const key = { 'Idempotency-Key': '"k"' };
    const posted = await ask('POST', '/flows/approve-invoice', { invoice: 7, wait: 600 }, key);
    const { id } = (await posted.json()) as { id: string };
    const location = posted.headers.get('location')!;
    expect([posted.status, location]).toEqual([202, `/flows/${id}`]);
    const again = await ask('POST', '/flows/approve-invoice', { wait: 600, invoice: 7 }, key);
    expect(await again.json()).toMatchObject({ id, alreadyStarted: true });
    const other = await ask('POST', '/flows/approve-invoice', { invoice: 8 }, key);
    expect([other.status, await other.json()]).toMatchObject([409, { code: 'idempotency_conflict' }]);
    const got = await ask('GET', location);
    expect([got.status, got.headers.get('cache-control'), await got.json()]).toMatchObject([
      200,
      'no-store',
      { id, status: 'RUNNING', workflow: 'approve-invoice' },
    ]);
    expect((await ask('DELETE', location)).status).toBe(204);
    expect(await (await ask('GET', location)).json()).toMatchObject({ status: 'ABORTED' });
  });

  it.each<[string, string, number, unknown?]>([
    ['POST', '/flows/quote-invoice', 404],
    ['POST', '/flows/constructor', 404],
    ['GET', '/flows/x', 404],
    ['GET', '/flows/%E0', 404],
    ['GET', '/flows/a/b', 404],
    ['PUT', '/flows/approve-invoice', 404],
    ['POST', '/flows/approve-invoice', 400, [1]],
  ])('answers %s %s with %d', async (method, path, status, ...[body]) => {
    const ask = await serve();
    expect((await ask(method, path, body)).status).toBe(status);
  });

  it.each<[string, RequestHandler[], string, number, string]>([
    ['of another type', [], 'text/plain', 400, 'input_invalid'],
    ['of a form', [express.urlencoded({ extended: false })], 'application/x-www-form-urlencoded', 400, 'input_invalid'],
    ['of JSON that is not read', [express.json()], 'application/vnd.api+json', 400, 'input_invalid'],
    ['that nobody parsed', [], 'application/json', 500, 'option_invalid'],
    [
      'that only forms were parsed for',
      [express.urlencoded({ extended: false })],
      'application/json',
      500,
      'option_invalid',
    ],
  ])('starts nothing without the input that was sent: a body %s', async (_what, parsers, type, status, code) => {
    const app = express();
    app.use(baton({ policy, clock: testClock, logger: recordingLogger() }), ...parsers);
    app.use('/flows', workflowRouter(workflows, { start: ['approve-invoice'] }));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const token = transactionToken(relayKeys.edge, { claims: approver });
    const answer = await fetch(`http://127.0.0.1:${port}/flows/approve-invoice`, {
      method: 'POST',
      body: '{"invoice":7}',
      headers: { 'Txn-Token': token, 'X-Correlation-Id': 'c-1', 'Content-Type': type },
    });
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
  });

  it.each<[string, object, string]>([
    ['without data', { 'Transfer-Encoding': 'chunked' }, ''],
    ['that is empty', { 'Content-Type': 'application/json; charset=utf-8' }, '{}'],
  ])('starts by a body %s', async (_what, headers, body) => {
    await serve();
    const { port } = server!.address() as AddressInfo;
    const token = transactionToken(relayKeys.edge, { claims: approver });
    const posted = request({
      ...{ port, host: '127.0.0.1', method: 'POST', path: '/flows/approve-invoice' },
      headers: { 'Txn-Token': token, 'X-Correlation-Id': 'c-1', 'Content-Type': 'application/json', ...headers },
    });
    posted.end(body);
    const [{ statusCode }] = (await once(posted, 'response')) as [IncomingMessage];
    expect(statusCode).toBe(202);
  });
});

it('does not make a router of what is none', async () => {
  expect(await codeOf(() => workflowRouter(workflows, { start: 'all' as never }))).toBe('option_invalid');
  expect(await codeOf(() => workflowRouter(workflows, { begin: [] } as never))).toBe('option_unknown');
});
