import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { runDrainHooks } from '../../../src/core/process-hooks';
import { withBaton } from '../../../src/function/with-baton';
import { jwkSigner } from '../../../src/jws/sign';
import { createOffload, type Offload } from '../../../src/offload/offload';
import { openDatabase, type OutboxDatabase } from '../../../src/offload/outbox/database';
import { countWork, listWork } from '../../../src/offload/outbox/keeping';
import { asCaller } from '../../support/as-caller';
import { clientConfigOf } from '../../support/auditing';
import { temporaryFolder } from '../../support/example';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../../support/invoices';
import { recordingLogger } from '../../support/recording-logger';
import { waitFor } from '../../support/wait';
import { startAwsEndpoint } from '../../support/aws-endpoint';
import { startSqsEndpoint, type SqsEndpoint } from '../../../src/local/sqs/endpoint';

const logger = recordingLogger();
let sqs: SqsEndpoint;
let folder: string;
let reader: OutboxDatabase;

beforeEach(async () => {
  sqs = await startSqsEndpoint({ queues: { render: {}, small: { MaximumMessageSize: '4096' } } });
  folder = temporaryFolder();
  reader = openDatabase(path.join(folder, 'outbox.db'));
});
afterEach(async () => {
  await runDrainHooks((error) => {
    throw error;
  });
  reader.close();
  await sqs.stop();
  rmSync(folder, { recursive: true });
});

function policyFor(queue: string, url = sqs.url) {
  const queueUrl = `${url}/123456789012/${queue}`;
  const document = { ...invoicesDocument.functions['render-invoice'], delivery: 'sqs', queueUrl };
  return invoicesPolicy({ functions: { 'render-invoice': document } });
}

/** Leaves these pieces in their order, one behind the other, and delivers them. */
async function leave(policy: ReturnType<typeof policyFor>, payloads: readonly unknown[], url = sqs.url): Promise<void> {
  const offload: Offload = createOffload({
    ...{ policy, signer: jwkSigner(relayKeys.handOver.privateJwk), clock: testClock },
    outbox: { path: path.join(folder, 'outbox.db'), queueClientConfig: clientConfigOf({ url }) },
  });
  for (const payload of payloads) {
    await asCaller({ logger }, () => offload.enqueue('render-invoice', payload, { orderingKey: 'k' }));
  }
  void offload.deliver({ pollMs: 5, logger });
}

const ended = (dead: number, delivered: number): Promise<unknown> =>
  waitFor(`${dead} dead and ${delivered} delivered`, () => {
    const count = countWork(reader);
    return count.dead === dead && count.delivered === delivered;
  });

/** What the function is given by the queue, as it takes it. */
async function taken(policy: ReturnType<typeof policyFor>, queue: string): Promise<unknown[]> {
  const client = new SQSClient(clientConfigOf(sqs));
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: `${sqs.url}/123456789012/${queue}`, MaxNumberOfMessages: 10 }),
  );
  client.destroy();
  const Records = Messages.map(({ MessageId, Body }) => ({
    ...{ messageId: MessageId, body: Body, attributes: { ApproximateReceiveCount: '1' } },
    ...{ eventSource: 'aws:sqs', eventSourceARN: `arn:aws:sqs:eu-west-1:123456789012:${queue}` },
  }));
  const seen: unknown[] = [];
  const handler = withBaton((payload) => void seen.push(payload), {
    ...{ policy, name: 'render-invoice', clock: testClock, logger },
  });
  expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
  return seen;
}

it('brings every character to the function, also those that SQS does not take', async () => {
  const policy = policyFor('render');
  const payload = { note: '\ufffe \uffff \\ufffe \\', '\uffff': ['\ud800', '\u0000\u001f\u007f\u0085', '\u{1fffe}😀'] };
  await leave(policy, [payload, 'next']);
  await ended(0, 2);
  expect((await taken(policy, 'render')).sort()).toEqual([payload, 'next']);
});

it('makes a dead letter of what is too large for its queue, and holds nothing else up', async () => {
  const policy = policyFor('small');
  await leave(policy, ['x'.repeat(5000), 'next']);
  await ended(1, 1);
  expect(listWork(reader, { limit: 1 })).toMatchObject([{ state: 'dead', code: 'payload_too_large', attempts: 1 }]);
  expect(await taken(policy, 'small')).toEqual(['next']);
});

it.each([
  ['InvalidMessageContents', 'Invalid characters found.', 'dead', 'payload_invalid'],
  ['InvalidParameterValue', 'Reason: Message must be shorter than 4096 bytes.', 'dead', 'payload_too_large'],
  ['InvalidParameterValueException', 'Reason: Message must be shorter than 4096 bytes.', 'dead', 'payload_too_large'],
  [
    'InvalidParameterValueException',
    'Value for parameter MessageGroupId is invalid.',
    'waiting',
    'function_unavailable',
  ],
])('takes %s (%s) for what it is', async (__type, message, state, code) => {
  const aws = await startAwsEndpoint(() => ({ __type: `com.amazonaws.sqs#${__type}`, message }));
  await leave(policyFor('render', aws.url), [7], aws.url);
  await waitFor('the answer', () => listWork(reader, { limit: 1 })[0]?.code !== undefined);
  expect(listWork(reader, { limit: 1 })).toMatchObject([{ state, code }]);
  await aws.close();
});
