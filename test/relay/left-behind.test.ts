import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sqsClient } from '../local/sqs/support';
import { send, type Answer } from '../support/http-client';
import { waitFor } from '../support/wait';
import { filesWithTokens, jsonLines, readTree, startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

const CARLA = 'entra:0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01';

/** Says whose work it does; holds on to some while a file is there, and never gets done with what is called bad. */
const RENDERER = `
const { existsSync } = require('node:fs');
const { setTimeout: delay } = require('node:timers/promises');
const { currentContext, currentUser, withBaton } = require('iis-baton/function');
exports.handler = withBaton(async ({ id }, { awsRequestId }, { source, deliveries, idempotencyKey }) => {
  const { correlationId } = currentContext();
  const { subject } = currentUser();
  const line = { id, source, subject, correlationId, idempotencyKey, deliveries, run: awsRequestId };
  process.stdout.write(JSON.stringify(line) + '\\n');
  while (id === 'held' && existsSync(process.env.HOLD_FILE)) await delay(20);
  if (id === 'bad') throw new Error('Out of paper.');
});`;

/** Leaves the work behind instead of waiting for it: for Lambda's own queue, or for one of SQS. */
function leavesBehind(server: string): string {
  const [before, after] = server.split(/^app\.post\(\n {2}'\/invoices\/:id\/render',[^;]+;$/m) as [string, string];
  return `${before.replace('createOffload()', '$&; offload.deliver({ pollMs: 100 })')}
const { enqueueHandler } = require('iis-baton/offload');
const leave = (name) => enqueueHandler(offload, name, (req) => ({ id: req.params.id }));
const ways = { event: leave('render-invoice'), sqs: leave('render-from-queue') };
app.post('/invoices/:id/render', (req, res, next) => ways[req.query.by](req, res, next));
${after}`;
}

let relay: TestRelay;
let token = '';
let holdFile = '';
const sqs: { client?: ReturnType<typeof sqsClient> } = {};
beforeAll(async () => {
  relay = await startTestRelay((copy) => {
    copy.write('server.js', leavesBehind(readFileSync(path.join(copy.app, 'server.js'), 'utf8')));
    for (const name of ['render-invoice', 'render-from-queue']) copy.write(`functions/${name}.js`, RENDERER);
    const outbox = path.join(copy.folder('outbox'), 'outbox.db');
    holdFile = path.join(copy.folder('outbox'), 'hold');
    writeFileSync(holdFile, '');
    copy.edit('baton.dev.json', (config) => {
      config.functions['render-from-queue'] = 'functions/render-from-queue.js';
      const RENDER_QUEUE = '${relay.queues}/renders';
      Object.assign(config.environment, { BATON_OUTBOX: outbox, HOLD_FILE: holdFile, RENDER_QUEUE });
      const RedrivePolicy = JSON.stringify({
        deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:123456789012:dead',
        maxReceiveCount: 2,
      });
      config.sqs = {
        queues: { renders: { VisibilityTimeout: '30', RedrivePolicy }, dead: {} },
        eventSources: [
          {
            queue: 'renders',
            functionName: 'render-from-queue',
            maximumConcurrency: 2,
            reportBatchItemFailures: true,
          },
        ],
      };
    });
    copy.edit('baton.policy.json', ({ functions }) => {
      functions['render-from-queue'] = {
        target: 'arn:aws:lambda:eu-west-1:${AWS_ACCOUNT}:function:render-from-queue:live',
        permission: 'invoice:render',
        delivery: 'sqs',
        queueUrl: '${RENDER_QUEUE}',
        deadlineSeconds: 600,
      };
    });
  });
  sqs.client = sqsClient(relay.sqs!);
  token = await relay.signIn('carla');
});
afterAll(async () => {
  sqs.client?.destroy();
  await relay.stop();
});

const leave = (by: 'event' | 'sqs', id: string, key: string): Promise<Answer> =>
  send(`${relay.http}/invoices/${id}/render?by=${by}`, { method: 'POST', token, headers: { 'Idempotency-Key': key } });

/** What the handler was given under a key, run by run. */
async function runsOf(name: string, key: string): Promise<Record<string, unknown>[]> {
  return jsonLines(await relay.functionLog(name)).filter(({ run, idempotencyKey }) => run && idempotencyKey === key);
}

async function urlOf(QueueName: string): Promise<string> {
  return (await sqs.client!.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl!;
}

async function waitingIn(QueueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await sqs.client!.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return Number(Attributes!.ApproximateNumberOfMessages);
}

const QUEUED = 'render-from-queue';
let bad: Answer;

it('of a batch only what failed comes again', async () => {
  // While both pollers are held up, the next two pieces can only come in one batch.
  for (const key of ['held-1', 'held-2']) {
    expect((await leave('sqs', 'held', key)).status).toBe(202);
    await waitFor('a poller to be held up', async () => (await runsOf(QUEUED, key)).length === 1);
  }
  const QueueUrl = await urlOf('renders');
  bad = await leave('sqs', 'bad', 'bad');
  expect([bad.status, (await leave('sqs', 'good', 'good')).status]).toEqual([202, 202]);
  await waitFor('the batch', async () => (await waitingIn(QueueUrl)) === 2);
  // An event source wants 30 s here, as long as its function may take. It looks when it is made; nobody waits so long.
  await sqs.client!.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '2' } }));
  rmSync(holdFile);

  const [[good], [first, second]] = await waitFor('the bad piece to come again', async () => {
    const runs = [await runsOf(QUEUED, 'good'), await runsOf(QUEUED, 'bad')] as const;
    return runs[1].length === 2 ? runs : undefined;
  });
  expect(good).toMatchObject({ deliveries: 1, run: first!.run, subject: CARLA });
  expect([first!.deliveries, second!.deliveries]).toEqual([1, 2]);
});

it('work is done as its caller, though AWS throttles it and an answer of AWS is lost', async () => {
  const ways = [
    { by: 'event', name: 'render-invoice', source: 'call', service: 'lambda', operation: 'Invoke' },
    { by: 'sqs', name: QUEUED, source: 'queue', service: 'sqs', operation: 'SendMessage' },
  ] as const;
  const checks = ways.map(async ({ by, name, source, service, operation }) => {
    await relay.setFaults(service, [
      { kind: 'throttle', operation, times: 1 },
      { kind: 'reset', lost: 'answer', operation, times: 1 },
    ]);
    const key = `seven-${by}`;
    const { status, headers, body } = await leave(by, '7', key);
    expect([status, body.idempotencyKey]).toEqual([202, key]);
    const again = await leave(by, '7', key);
    expect([again.status, again.body.id, again.body.alreadyKnown]).toEqual([202, body.id, true]);

    // AWS took it twice, since nobody knows what a lost answer said: the key says that it is the same work.
    const runs = await waitFor('both runs', async () => {
      const found = await runsOf(name, key);
      return found.length === 2 ? found : undefined;
    });
    const correlationId = headers['x-correlation-id'];
    for (const run of runs) expect(run).toMatchObject({ id: '7', source, subject: CARLA, correlationId });
    const logged = (): Record<string, unknown>[] =>
      jsonLines(relay.appLogFile).filter(({ type, workId }) => type === 'outbox' && workId === body.id);
    const attempts = await waitFor('three attempts', () => (logged().length === 3 ? logged() : undefined));
    for (const line of attempts) expect(line).toMatchObject({ subject: CARLA, correlationId });
    expect(attempts.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['failed', 'function_throttled'],
      ['failed', 'function_unavailable'],
      ['delivered', undefined],
    ]);
    expect(await relay.faultCounts(service)).toMatchObject({ throttle: 1, reset: 1 });
  });
  await Promise.all(checks);
});

it('what fails for good is a dead letter, which says under which request it was left', async () => {
  const receive = new ReceiveMessageCommand({ QueueUrl: await urlOf('dead'), WaitTimeSeconds: 10 });
  const { Messages: [dead, ...more] = [] } = await sqs.client!.send(receive);
  expect(more).toEqual([]);
  const correlationId = bad.headers['x-correlation-id'];
  expect(JSON.parse(dead!.Body!)).toMatchObject({ idempotencyKey: 'bad', correlationId, payload: { id: 'bad' } });
  expect((await runsOf(QUEUED, 'bad')).map(({ correlationId: seen }) => seen)).toEqual([correlationId, correlationId]);
  expect(await runsOf(QUEUED, 'good')).toHaveLength(1);
});

it('no log holds a token', () => {
  expect(filesWithTokens(readTree(relay.logDirectory), [token])).toEqual([]);
});
