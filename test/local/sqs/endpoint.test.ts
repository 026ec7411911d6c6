import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { readPolicy } from '../../../src/local/gateway/iam-policy';
import { startSqsEndpoint } from '../../../src/local/sqs/endpoint';
import { StsSessions } from '../../../src/local/sts/sessions';
import { thrownBy } from '../../support/errors';
import { waitFor } from '../../support/wait';
import { refusalOf, sqsClient, startTestSqs, type TestSqs } from './support';

const arnOf = (queue: string): string => `arn:aws:sqs:eu-west-1:123456789012:${queue}`;
const redrive = (queue: string, maxReceiveCount: number): Record<string, string> => ({
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(queue), maxReceiveCount }),
});

let sqs: TestSqs;
beforeEach(async () => {
  sqs = await startTestSqs({
    work: { VisibilityTimeout: '30', ...redrive('dead', 2) },
    dead: {},
    late: { DelaySeconds: '10' },
    'orders.fifo': {},
    'content.fifo': { ContentBasedDeduplication: 'true' },
  });
});
afterEach(() => sqs.stop());

const send = (queue: string, MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
  sqs.client.send(new SendMessageCommand({ QueueUrl: sqs.urlOf(queue), MessageBody, ...more }));

async function receive(queue: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
  const input = { QueueUrl: sqs.urlOf(queue), MaxNumberOfMessages: 10, ...more };
  return (await sqs.client.send(new ReceiveMessageCommand(input))).Messages ?? [];
}

const bodies = async (queue: string): Promise<(string | undefined)[]> => (await receive(queue)).map(({ Body }) => Body);

const remove = (queue: string, { ReceiptHandle }: Message) =>
  sqs.client.send(new DeleteMessageCommand({ QueueUrl: sqs.urlOf(queue), ReceiptHandle }));

const hold = (queue: string, { ReceiptHandle }: Message, VisibilityTimeout: number) =>
  sqs.client.send(new ChangeMessageVisibilityCommand({ QueueUrl: sqs.urlOf(queue), ReceiptHandle, VisibilityTimeout }));

it('hides what is received until its time is over, and keeps it where only an old handle deletes it', async () => {
  await send('work', 'one');
  const [first] = await receive('work');
  expect(await bodies('work')).toEqual([]);
  sqs.pass(29.9);
  expect(await bodies('work')).toEqual([]);
  sqs.pass(0.2);
  const [second] = await receive('work', { MessageSystemAttributeNames: ['ApproximateReceiveCount'] });
  expect(second).toMatchObject({ Body: 'one', Attributes: { ApproximateReceiveCount: '2' } });
  await remove('work', first!);
  await hold('work', second!, 0);
  const { Attributes } = await sqs.client.send(
    new GetQueueAttributesCommand({ QueueUrl: sqs.urlOf('work'), AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: '1',
    VisibilityTimeout: '30',
    QueueArn: arnOf('work'),
  });
});

it('holds a message longer where that is asked for, and lets nobody ask once it is back', async () => {
  await send('work', 'one');
  const [message] = await receive('work');
  await hold('work', message!, 100);
  sqs.pass(99);
  expect(await bodies('work')).toEqual([]);
  sqs.pass(2);
  expect(await refusalOf(hold('work', message!, 10))).toMatchObject({ name: 'MessageNotInflight' });
});

it('delays, by the message and by the queue', async () => {
  await send('work', 'later', { DelaySeconds: 5 });
  await send('late', 'by the queue');
  await send('late', 'at once', { DelaySeconds: 0 });
  expect([await bodies('work'), await bodies('late')]).toEqual([[], ['at once']]);
  sqs.pass(10);
  expect([await bodies('work'), await bodies('late')]).toEqual([['later'], ['by the queue']]);
});

it('gives up what was received too often, and gives it back when told to', async () => {
  await send('work', 'poison', { MessageAttributes: { tenant: { DataType: 'String', StringValue: 't1' } } });
  for (let i = 0; i < 2; i++) {
    expect(await bodies('work')).toEqual(['poison']);
    sqs.pass(31);
  }
  expect(await bodies('work')).toEqual([]);
  const [dead] = await receive('dead', {
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['ten.*', 'tenant'],
  });
  expect(dead).toMatchObject({
    Body: 'poison',
    Attributes: { DeadLetterQueueSourceArn: arnOf('work'), ApproximateReceiveCount: '1' },
    MessageAttributes: { tenant: { StringValue: 't1' } },
  });
  await hold('dead', dead!, 0);
  await sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf('dead') }));
  expect([await bodies('dead'), await bodies('work')]).toEqual([[], ['poison']]);
});

it('forgets what is older than its retention', async () => {
  await send('work', 'old');
  sqs.pass(345_600);
  expect(await bodies('work')).toEqual([]);
});

describe('a FIFO queue', () => {
  const order = (MessageBody: string, MessageGroupId: string) =>
    send('orders.fifo', MessageBody, { MessageGroupId, MessageDeduplicationId: MessageBody });

  it('keeps each group in order: nothing of a group while one of its messages is in hand', async () => {
    for (const [body, group] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['a3', 'a'],
      ['b2', 'b'],
    ] as const) {
      await order(body, group);
    }
    const received = await receive('orders.fifo', { MaxNumberOfMessages: 2 });
    expect(received.map(({ Body }) => Body)).toEqual(['a1', 'a2']);
    expect(await bodies('orders.fifo')).toEqual(['b1', 'b2']);
    await remove('orders.fifo', received[0]!);
    expect(await bodies('orders.fifo')).toEqual([]);
    await hold('orders.fifo', received[1]!, 0);
    expect(await bodies('orders.fifo')).toEqual(['a2', 'a3']);
  });

  it('takes a message once in five minutes, by its ID or by its body, and says which one it was', async () => {
    const [first, again] = [await order('x', 'a'), await order('x', 'a')];
    expect([again.MessageId, again.SequenceNumber]).toEqual([first.MessageId, first.SequenceNumber]);
    for (let i = 0; i < 2; i++) await send('content.fifo', 'same', { MessageGroupId: `g${i}` });
    expect([await bodies('orders.fifo'), await bodies('content.fifo')]).toEqual([['x'], ['same']]);
    sqs.pass(300);
    expect((await order('x', 'b')).MessageId).not.toBe(first.MessageId);
  });

  it('refuses to delete by a handle whose time is over', async () => {
    await order('x', 'a');
    const [message] = await receive('orders.fifo');
    sqs.pass(31);
    const refused = await refusalOf(remove('orders.fifo', message!));
    expect(refused).toMatchObject({ name: 'InvalidParameterValue', message: expect.stringContaining('has expired') });
  });
});

it('answers a long poll as soon as something comes, and nothing to a receiver that is gone', async () => {
  const polls = (times: number) => waitFor('the poll', () => sqs.endpoint.calls.ReceiveMessage === times);
  const gone = new AbortController();
  const command = new ReceiveMessageCommand({ QueueUrl: sqs.urlOf('work'), WaitTimeSeconds: 20 });
  const abandoned = sqs.client
    .send(command, { abortSignal: gone.signal })
    .catch((error: unknown) => (error as Error).name);
  await polls(1);
  gone.abort();
  expect(await abandoned).toBe('AbortError');
  const waiting = receive('work', { WaitTimeSeconds: 20, VisibilityTimeout: 60 });
  await polls(2);
  await send('work', 'now');
  expect((await waiting).map(({ Body }) => Body)).toEqual(['now']);
});

it('does each entry of a batch by itself', async () => {
  const QueueUrl = sqs.urlOf('work');
  const sent = await sqs.client.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: 'good', MessageBody: 'x' },
        { Id: 'late', MessageBody: 'x', DelaySeconds: 901 },
        { Id: 'control', MessageBody: '\u0000' },
      ],
    }),
  );
  expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['good']);
  expect(sent.Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([
    ['late', 'InvalidParameterValue'],
    ['control', 'InvalidMessageContents'],
  ]);
  const [message] = await receive('work');
  const { ReceiptHandle } = message!;
  const Entries = [
    { Id: 'a', ReceiptHandle },
    { Id: 'b', ReceiptHandle: 'nothing' },
  ];
  const removed = await sqs.client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  expect([removed.Successful?.length, removed.Failed?.[0]?.Code]).toEqual([1, 'ReceiptHandleIsInvalid']);
});

it.each(['work', 'unknown'])('tells nobody who has not signed whether there is a queue: %s', async (queue) => {
  const answer = await fetch(sqs.endpoint.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSQS.SendMessage' },
    body: JSON.stringify({ QueueUrl: sqs.urlOf(queue), MessageBody: 'x' }),
  });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ __type: 'com.amazonaws.sqs#MissingAuthenticationToken' });
});

it('lets a session do only what its role and its session policy allow, and says who sent', async () => {
  const sessions = new StsSessions(() => 0);
  const policy = readPolicy({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arnOf('work') }],
  });
  if (typeof policy === 'string') throw new Error(policy);
  const guarded = await startTestSqs({ work: {}, dead: {} }, { sessions: () => sessions });
  const credentials = sessions.open(
    {
      roleArn: 'arn:aws:iam::123456789012:role/clerk',
      sessionName: 'carla',
      userArn: 'arn:aws:sts::123456789012:assumed-role/clerk/carla',
      rolePolicy: policy,
      sessionPolicy: undefined,
    },
    900,
  );
  const client = sqsClient(guarded.endpoint.url);
  client.config.credentials = () => Promise.resolve(credentials);
  const sendTo = (queue: string) =>
    client.send(new SendMessageCommand({ QueueUrl: guarded.urlOf(queue), MessageBody: 'x' }));
  try {
    await sendTo('work');
    expect(await refusalOf(sendTo('dead'))).toMatchObject({ name: 'AccessDeniedException' });
    const { Messages } = await guarded.client.send(
      new ReceiveMessageCommand({ QueueUrl: guarded.urlOf('work'), MessageSystemAttributeNames: ['SenderId'] }),
    );
    expect(Messages?.[0]?.Attributes).toEqual({ SenderId: 'clerk:carla' });
  } finally {
    client.destroy();
    await guarded.stop();
  }
});

it.each<[string, Record<string, Record<string, string>>, string]>([
  ['an unknown attribute', { q: { Visibility: '1' } }, 'Visibility'],
  ['a value out of bounds', { q: { VisibilityTimeout: '43201' } }, 'VisibilityTimeout'],
  ['dead letters to nowhere', { q: redrive('none', 1) }, 'Dead letter target'],
  ['dead letters to a queue of the other type', { 'q.fifo': redrive('dead', 1), dead: {} }, 'Dead letter target'],
  ['a name that is none', { 'q q': {} }, 'alphanumeric'],
])('does not start with %s', async (_what, queues, said) => {
  const error = await thrownBy(() => startSqsEndpoint({ queues }));
  expect(error).toMatchObject({ code: 'option_invalid', message: expect.stringContaining(said) });
});
