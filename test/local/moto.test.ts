import { InvokeCommand, LambdaClient, type InvokeCommandOutput } from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLambdaEndpoint } from '../../src/local/lambda/endpoint';
import { startSqsEndpoint } from '../../src/local/sqs/endpoint';
import { describeWithMoto, startMoto } from '../support/moto';
import { CLERK_ROLE, startWebIdentity } from '../support/web-identity';

jest.setTimeout(60_000);

/** The same calls go to our endpoints and to moto; what the SDK makes of the answers must have the same shape. */
interface Side {
  readonly sqs: SQSClient;
  readonly sts: STSClient;
  readonly lambda: LambdaClient;
  readonly token: string;
  readonly queue: string;
  readonly fifo: string;
  /** Handle of a message that is in hand. */
  readonly handle: string;
}

/** What stays the same wherever it is asked: status, names, kinds of values; for errors also their names and messages. */
function shapeOf(value: unknown): unknown {
  if (value instanceof Date) return 'date';
  // Not by its class: Jest and Node each have their own.
  if (ArrayBuffer.isView(value)) return 'bytes';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  const members = Object.entries(value).filter(([name, member]) => name !== '$metadata' && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, shapeOf(member)] as const).sort());
}

async function outcomeOf(call: () => Promise<object>): Promise<unknown> {
  try {
    const answer = (await call()) as { $metadata: { httpStatusCode?: number } };
    return { status: answer.$metadata.httpStatusCode, answer: shapeOf(answer) };
  } catch (thrown) {
    const error = thrown as Error & { Code?: string; $fault?: string; $metadata?: { httpStatusCode?: number } };
    const { name, message, Code, $fault, $metadata } = error;
    return { status: $metadata?.httpStatusCode, name, code: Code, fault: $fault, message };
  }
}

const CONFIG = { region: 'eu-west-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: 1 };
const closers: (() => unknown)[] = [];

interface Endpoints {
  readonly sqs: string;
  readonly sts: string;
  readonly lambda: string;
}

async function sideOf(endpoints: Endpoints, token: string): Promise<Side> {
  const sqs = new SQSClient({ ...CONFIG, endpoint: endpoints.sqs });
  const sts = new STSClient({ ...CONFIG, endpoint: endpoints.sts });
  const lambda = new LambdaClient({ ...CONFIG, endpoint: endpoints.lambda });
  for (const client of [sqs, sts, lambda]) closers.push(() => client.destroy());
  const create = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  const [queue, fifo] = [await create('work'), await create('work.fifo', { FifoQueue: 'true' })];
  await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'in hand' }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue }));
  return { sqs, sts, lambda, token, queue, fifo, handle: Messages![0]!.ReceiptHandle! };
}

/** Ours: the endpoints of the relay. */
async function startOurs(): Promise<Side> {
  const directory = mkdtempSync(join(tmpdir(), 'baton-moto-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  const stage = await startWebIdentity();
  closers.push(() => stage.close());
  const sqs = await startSqsEndpoint({});
  closers.push(() => sqs.stop());
  const handlerFile = join(__dirname, 'lambda', 'fixtures', 'handlers.js');
  const lambda = await startLambdaEndpoint({
    functions: { render: { handlerFile, handlerName: 'echo', environment: {} } },
    logDirectory: directory,
    runtimeFile: join(__dirname, '../../dist/local/lambda/runtime.js'),
  });
  closers.push(() => lambda.stop());
  return sideOf({ sqs: sqs.url, sts: stage.sts.url, lambda: lambda.url }, stage.token());
}

async function startTheirs(): Promise<Side & { readonly url: string }> {
  const { url, stop } = await startMoto();
  closers.push(stop);
  const side = await sideOf({ sqs: url, sts: url, lambda: url }, 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhcHAtMSJ9.c2ln');
  return { ...side, url };
}

/** From then on moto answers calls of functions without running any; by default it wants containers for them. */
async function withoutContainers(url: string): Promise<void> {
  const answer = await fetch(`${url}/moto-api/config`, { method: 'POST', body: '{"lambda":{"use_docker":false}}' });
  expect(answer.ok).toBe(true);
}

const attributes = {
  kind: { DataType: 'String', StringValue: 'x' },
  raw: { DataType: 'Binary', BinaryValue: Buffer.from('y') },
};
const message = (Id: string, more: object = {}) => ({ Id, MessageBody: Id, ...more });

/** One call a row. The order counts: both sides hold the same messages at each row. */
const CALLS: readonly (readonly [string, (side: Side) => Promise<object>])[] = [
  ['SQS: a queue that is there', ({ sqs }) => sqs.send(new CreateQueueCommand({ QueueName: 'work' }))],
  [
    'SQS: a queue with another setting',
    ({ sqs }) => sqs.send(new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '7' } })),
  ],
  ['SQS: a name that is none', ({ sqs }) => sqs.send(new CreateQueueCommand({ QueueName: 'w w' }))],
  ['SQS: the URL of a queue', ({ sqs }) => sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))],
  ['SQS: the URL of no queue', ({ sqs }) => sqs.send(new GetQueueUrlCommand({ QueueName: 'none' }))],
  [
    'SQS: some attributes',
    ({ sqs, queue }) =>
      sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: queue,
          AttributeNames: ['QueueArn', 'VisibilityTimeout', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      ),
  ],
  [
    'SQS: a message',
    ({ sqs, queue }) =>
      sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'x', MessageAttributes: attributes })),
  ],
  [
    'SQS: a message to no queue',
    ({ sqs, queue }) => sqs.send(new SendMessageCommand({ QueueUrl: `${queue}x`, MessageBody: 'x' })),
  ],
  [
    'SQS: a delay that is too long',
    ({ sqs, queue }) => sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'x', DelaySeconds: 901 })),
  ],
  [
    'SQS: a message that is too large',
    ({ sqs, queue }) => sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: 'x'.repeat(1_048_577) })),
  ],
  [
    'SQS: receive',
    ({ sqs, queue }) =>
      sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      ),
  ],
  ['SQS: receive where nothing is', ({ sqs, queue }) => sqs.send(new ReceiveMessageCommand({ QueueUrl: queue }))],
  [
    'SQS: FIFO without group',
    ({ sqs, fifo }) => sqs.send(new SendMessageCommand({ QueueUrl: fifo, MessageBody: 'x' })),
  ],
  [
    'SQS: FIFO without deduplication',
    ({ sqs, fifo }) => sqs.send(new SendMessageCommand({ QueueUrl: fifo, MessageBody: 'x', MessageGroupId: 'g' })),
  ],
  [
    'SQS: FIFO',
    ({ sqs, fifo }) =>
      sqs.send(
        new SendMessageCommand({ QueueUrl: fifo, MessageBody: 'x', MessageGroupId: 'g', MessageDeduplicationId: 'd' }),
      ),
  ],
  [
    'SQS: receive of FIFO',
    ({ sqs, fifo }) => sqs.send(new ReceiveMessageCommand({ QueueUrl: fifo, MessageSystemAttributeNames: ['All'] })),
  ],
  [
    'SQS: a batch',
    ({ sqs, queue }) =>
      sqs.send(
        new SendMessageBatchCommand({ QueueUrl: queue, Entries: [message('a'), message('b', { DelaySeconds: 901 })] }),
      ),
  ],
  ['SQS: an empty batch', ({ sqs, queue }) => sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: [] }))],
  [
    'SQS: a batch of eleven',
    ({ sqs, queue }) =>
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: queue,
          Entries: Array.from({ length: 11 }, (_, i) => message(`m${i}`)),
        }),
      ),
  ],
  [
    'SQS: a batch with an ID twice',
    ({ sqs, queue }) =>
      sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: [message('a'), message('a')] })),
  ],
  [
    'SQS: visibility',
    ({ sqs, queue, handle }) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle: handle, VisibilityTimeout: 60 })),
  ],
  [
    'SQS: visibility by no handle',
    ({ sqs, queue }) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle: 'none', VisibilityTimeout: 60 })),
  ],
  [
    'SQS: delete',
    ({ sqs, queue, handle }) => sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: handle })),
  ],
  [
    'SQS: delete by no handle',
    ({ sqs, queue }) => sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: 'none' })),
  ],
  [
    'SQS: a batch of deletes',
    ({ sqs, queue, handle }) =>
      sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries: [{ Id: 'a', ReceiptHandle: handle }] })),
  ],
  ['Lambda: no function', ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: 'none' }))],
  [
    'Lambda: no function, as an event',
    ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: 'none', InvocationType: 'Event' })),
  ],
];

/** Calls of functions that are there, as far as moto answers them as AWS does. */
const INVOCATIONS: typeof CALLS = [
  [
    'Lambda: a call that waits',
    ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: 'render', Payload: '{"a":1}' })),
  ],
  [
    'Lambda: an event',
    ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: 'render', InvocationType: 'Event', Payload: '{}' })),
  ],
  [
    'Lambda: a dry run',
    ({ lambda }) => lambda.send(new InvokeCommand({ FunctionName: 'render', InvocationType: 'DryRun' })),
  ],
];

/** moto does not say which version ran, and answers an event with a body, where AWS has none. */
async function comparable(call: Promise<object>): Promise<object> {
  const { ExecutedVersion: _, Payload, ...rest } = (await call) as InvokeCommandOutput;
  return { ...rest, ...(rest.StatusCode === 200 && { Payload }) };
}

/** Members of STS that moto leaves out or gives although AWS has given them up; the others are compared. */
const credentialsOf = async ({ sts, token }: Side): Promise<object> => {
  const input = { RoleArn: CLERK_ROLE, RoleSessionName: 'carla', WebIdentityToken: token };
  const { Credentials, AssumedRoleUser, $metadata } = await sts.send(new AssumeRoleWithWebIdentityCommand(input));
  return { Credentials, AssumedRoleUser, $metadata };
};

/** Where moto lets through what AWS refuses, by the API reference; ours refuses. */
const STRICTER: readonly (readonly [string, (side: Side) => Promise<object>, string])[] = [
  [
    'an attribute out of bounds',
    ({ sqs }) => sqs.send(new CreateQueueCommand({ QueueName: 'q1', Attributes: { DelaySeconds: '901' } })),
    'InvalidAttributeValue',
  ],
  [
    'an attribute that is none',
    ({ sqs }) => sqs.send(new CreateQueueCommand({ QueueName: 'q2', Attributes: { Delay: '1' } as never })),
    'InvalidAttributeName',
  ],
  [
    'control characters',
    ({ sqs, queue }) => sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: '\u0001' })),
    'InvalidMessageContents',
  ],
  [
    'a token that nobody signed',
    ({ sts }) =>
      sts.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: CLERK_ROLE,
          RoleSessionName: 'carla',
          WebIdentityToken: 'eyJhbGciOiJub25lIn0.e30.x',
        }),
      ),
    'InvalidIdentityTokenException',
  ],
  [
    'a session name with a blank',
    ({ sts, token }) =>
      sts.send(
        new AssumeRoleWithWebIdentityCommand({ RoleArn: CLERK_ROLE, RoleSessionName: 'a b', WebIdentityToken: token }),
      ),
    'ValidationError',
  ],
];

describeWithMoto('beside moto', () => {
  let ours: Side;
  let theirs: Awaited<ReturnType<typeof startTheirs>>;
  beforeAll(async () => {
    [ours, theirs] = [await startOurs(), await startTheirs()];
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it.each([...CALLS, ['STS: a role for a token', credentialsOf] as const])(
    '%s is answered alike',
    async (_what, call) => {
      const [our, their] = [await outcomeOf(() => call(ours)), await outcomeOf(() => call(theirs))];
      expect(our).toEqual(their);
    },
  );

  describe('with functions', () => {
    beforeAll(() => withoutContainers(theirs.url));

    it.each(INVOCATIONS)('%s is answered alike', async (_what, call) => {
      const outcome = (side: Side): Promise<unknown> => outcomeOf(() => comparable(call(side)));
      expect(await outcome(ours)).toEqual(await outcome(theirs));
    });
  });

  it.each(STRICTER)('ours refuses %s, where moto is laxer than AWS', async (_what, call, name) => {
    expect(await outcomeOf(() => call(ours))).toMatchObject({ name, status: 400 });
    expect(await outcomeOf(() => call(theirs))).toMatchObject({ status: 200 });
  });
});
