import express5 from 'express';
import { EventEmitter, once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { BatonError } from '../../src/core/errors';
import { tellDraining } from '../../src/core/process-hooks';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { jwkSigner } from '../../src/jws/sign';
import { baton } from '../../src/middleware/baton';
import { sendEvents } from '../../src/middleware/event-stream';
import { workflowRouter } from '../../src/middleware/workflow-router';
import type { WorkflowEvents } from '../../src/workflows/follow';
import type { WorkflowEvent } from '../../src/workflows/run-event';
import { createWorkflows, type Workflows } from '../../src/workflows/workflows';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { ManualTimers } from '../support/manual-timers';
import { recordingLogger } from '../support/recording-logger';
import { transactionToken, travellingClaims } from '../support/tokens';
import { waitFor } from '../support/wait';
import { workflowsOfInvoices } from '../support/workflows';

const express4 = require('express4') as typeof express5;
const policy = invoicesPolicy({ workflows: workflowsOfInvoices, routes: undefined });
const approver = { tctx: { ...travellingClaims.tctx, roles: ['approver'] } };
const execution = (letter: string): string => `approve-invoice-${letter.repeat(43)}`;
const idOf = (letter: string): string => `approve-invoice~${letter.repeat(43)}`;
const events = [
  { type: 'ExecutionStarted' },
  { type: 'PassStateEntered', details: { name: 'Check' } },
  { type: 'PassStateExited', details: { name: 'Check' } },
];

let states: StepFunctionsEndpoint;
let workflows: Workflows;
let server: Server;
let origin: string;

beforeAll(async () => {
  const definition = { StartAt: 'Check', States: { Check: { Type: 'Pass', End: true } } };
  states = await startStepFunctionsEndpoint({ stateMachines: { 'approve-invoice': { definition } } });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clientConfig = { endpoint: states.url, region: 'eu-west-1', credentials };
  workflows = createWorkflows({ policy, signer: jwkSigner(relayKeys.handOver.privateJwk), clientConfig });
  states.loadExecution('approve-invoice', { name: execution('r'), status: 'RUNNING', events });
  const end = { type: 'ExecutionFailed', details: { error: 'Busy', cause: 'inner words' } };
  states.loadExecution('approve-invoice', { name: execution('e'), status: 'FAILED', events: [...events, end] });
});
afterAll(() => states.stop());

async function listen(app: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<void> {
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('the events of a run, by workflowRouter() on %s', (_name, express) => {
  beforeEach(async () => {
    const app = express();
    app.use(baton({ policy, clock: testClock, logger: recordingLogger() }));
    app.use('/flows', workflowRouter(workflows));
    app.use('/brief', workflowRouter(workflows, { streamSeconds: 2 }));
    await listen(app);
  });
  const ask = (path: string, headers: object = {}, claims: Record<string, unknown> = approver): Promise<Response> =>
    fetch(new URL(path, `${origin}/flows/`), {
      headers: { 'Txn-Token': transactionToken(relayKeys.edge, { claims }), 'X-Correlation-Id': 'c-1', ...headers },
    });

  it('come in the format of server-sent events, and end with the run', async () => {
    const answer = await ask(`${idOf('e')}/events`);
    expect([answer.status, ...['content-type', 'cache-control'].map((name) => answer.headers.get(name))]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store, no-transform',
    ]);
    const [retry, ...sent] = (await answer.text()).trimEnd().split('\n\n');
    expect(retry).toBe('retry: 1000');
    const fields = sent.map((one) => one.split('\n').map((line) => line.replace(/^\w+: /, '')));
    expect(fields.map(([id, name, data]) => [id, name, { ...JSON.parse(data!), at: undefined }])).toEqual([
      ['1', 'started', {}],
      ['2', 'state_entered', { state: 'Check' }],
      ['3', 'state_left', { state: 'Check' }],
      ['4', 'ended', { status: 'FAILED', error: 'Busy' }],
    ]);
  });

  it('go on behind the last one that a client has; behind the end there is 204, on which browsers stop', async () => {
    const rest = await (await ask(`${idOf('e')}/events`, { 'Last-Event-ID': '3' })).text();
    expect(rest.match(/^id: .*/gm)).toEqual(['id: 4']);
    const over = await ask(`${idOf('e')}/events`, { 'Last-Event-ID': '4' });
    expect([over.status, await over.text()]).toEqual([204, '']);
  });

  it('end after the stream’s life where the run goes on', async () => {
    const answer = await ask(`/brief/${idOf('r')}/events`);
    expect((await answer.text()).match(/^event: .*/gm)).toHaveLength(3);
  });

  it.each<[string, string, object, Record<string, unknown>, number]>([
    ['a made-up ID', 'nothing/events', {}, approver, 404],
    ['who may not see the run', `${idOf('e')}/events`, {}, {}, 404],
    ['a Last-Event-ID that is none', `${idOf('e')}/events`, { 'Last-Event-ID': '-1' }, approver, 400],
    ['a path below', `${idOf('e')}/events/1`, {}, approver, 404],
  ])('are refused before there is a stream: %s', async (_what, path, headers, claims, status) => {
    expect((await ask(path, headers, claims)).status).toBe(status);
  });
});

describe('a stream', () => {
  const timers = new ManualTimers();
  const emitter = new EventEmitter();
  /** What the app hands on; `given` is the number of events that were taken. */
  let taken = 0;
  let ended: AbortSignal | undefined;
  const event = (id: number, state = 'Check'): WorkflowEvent => ({ id, at: new Date(0), type: 'state_entered', state });
  let source: (signal: AbortSignal) => AsyncIterable<WorkflowEvent>;
  let status: 'RUNNING' | 'SUCCEEDED';

  beforeEach(async () => {
    taken = 0;
    status = 'RUNNING';
    const app = express5();
    app.use(baton({ policy, clock: testClock, logger: recordingLogger() }));
    app.get('/events', (req, res) => {
      const follow = (signal: AbortSignal): WorkflowEvents => {
        ended = signal;
        return {
          opened: async () => ({ status }),
          [Symbol.asyncIterator]: () => source(signal)[Symbol.asyncIterator](),
        };
      };
      const sent = sendEvents(req, res, follow, { lifeMs: 60_000, timers });
      void sent.finally(() => emitter.emit('done'));
    });
    await listen(app);
  });

  async function open(): Promise<IncomingMessage> {
    const headers = { 'Txn-Token': transactionToken(relayKeys.edge, { claims: approver }) };
    const [answer] = (await once(send(`${origin}/events`, { headers }).end(), 'response')) as [IncomingMessage];
    return answer.setEncoding('utf8');
  }
  async function* waiting(signal: AbortSignal): AsyncGenerator<WorkflowEvent> {
    yield event(1);
    if (!signal.aborted) await once(signal, 'abort');
  }

  it('has a sign of life every ten seconds, and ends when its time is up', async () => {
    source = waiting;
    const answer = await open();
    let text = '';
    answer.on('data', (chunk: string) => (text += chunk));
    await waitFor('the event', () => text.includes('id: 1'));
    for (const beats of [1, 2, 3]) {
      timers.advance(10_000);
      await waitFor('a sign of life', () => text.split('\n').filter((line) => line === ':').length === beats);
    }
    timers.advance(30_000);
    await once(answer, 'end');
    await waitFor('the last timer', () => timers.lengths.length === 0);
  });

  it('ends the following at once when its client is gone', async () => {
    source = waiting;
    const answer = await open();
    const done = once(emitter, 'done');
    answer.destroy();
    await done;
    expect([ended?.aborted, timers.lengths]).toEqual([true, []]);
  });

  it('of a run that is over does not say so before its events were read: its client would not come back', async () => {
    status = 'SUCCEEDED';
    let asked = false;
    source = async function* (signal) {
      asked = true;
      yield* (await once(signal, 'abort')).slice(1);
    };
    const opening = open();
    await waitFor('the look', () => asked);
    timers.advance(60_000);
    const answer = await opening;
    let text = '';
    for await (const chunk of answer) text += chunk as string;
    expect([answer.statusCode, text]).toEqual([200, 'retry: 1000\n\n']);
  });

  it('ends when the server drains', async () => {
    source = waiting;
    const answer = await open();
    tellDraining();
    answer.resume();
    await once(answer, 'end');
  });

  it('is not read faster than its client reads', async () => {
    const large = 'x'.repeat(64 * 1024);
    source = async function* () {
      for (let id = 1; id <= 2000; id++) {
        taken = id;
        yield event(id, large);
      }
    };
    const answer = await open();
    answer.pause();
    let before = -1;
    await waitFor('the standstill', async () => {
      const stands = taken === before && taken > 0;
      before = taken;
      await turn();
      return stands;
    });
    // What is on the way: the sockets' buffers, not 128 MB.
    expect(taken).toBeLessThan(500);
    answer.destroy();
    await once(emitter, 'done');
  });

  it('ends with its life where its client reads no more, and its connection a moment later', async () => {
    const large = 'x'.repeat(64 * 1024);
    source = async function* (signal) {
      for (let id = 1; !signal.aborted; id++) yield event((taken = id), large);
    };
    const answer = await open();
    answer.pause();
    const done = once(emitter, 'done');
    let before = -1;
    await waitFor('the standstill', () => taken > 0 && before === (before = taken));
    timers.advance(60_000);
    await done;
    const gone = new Promise((resolve) => answer.on('error', () => undefined).once('close', resolve));
    timers.advance(10_000);
    answer.resume();
    await gone;
    expect([answer.complete, timers.lengths]).toEqual([false, []]);
  });

  it.each<[string, () => Error, string]>([
    ['token_invalid', () => new BatonError('token_invalid', 'inner words'), 'refused'],
    ['workflow_unavailable', () => new BatonError('workflow_unavailable', 'inner words'), 'interrupted'],
  ])('that breaks off with %s says so, by its code alone', async (code, error, name) => {
    source = async function* () {
      yield event(1);
      throw error();
    };
    const answer = await open();
    let text = '';
    for await (const chunk of answer) text += chunk as string;
    const [, data] = new RegExp(`event: ${name}\ndata: (.*)\n\n$`).exec(text)!;
    expect(JSON.parse(data!)).toMatchObject({ code });
    expect(text).not.toContain('inner words');
  });
});
