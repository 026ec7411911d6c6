import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { failedItems } from '../../../src/local/sqs/batch-answer';
import { startEventSource, type EventSource, type EventSourceOptions } from '../../../src/local/sqs/event-source';
import { thrownBy } from '../../support/errors';
import { waitFor } from '../../support/wait';
import { startTestSqs, type TestSqs } from './support';

interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

let sqs: TestSqs;
let source: EventSource | undefined;
const handed: QueueEvent[] = [];
beforeEach(async () => {
  const deadLetterTargetArn = 'arn:aws:sqs:eu-west-1:123456789012:dead';
  sqs = await startTestSqs({
    work: { VisibilityTimeout: '30', RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 }) },
    dead: {},
    'work.fifo': {},
  });
  handed.length = 0;
});
afterEach(async () => {
  await source?.stop();
  source = undefined;
  await sqs.stop();
});

const send = (MessageBody: string) =>
  sqs.client.send(
    new SendMessageCommand({
      QueueUrl: sqs.urlOf('work'),
      MessageBody,
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'render' } },
    }),
  );

/** Feeds a function that answers with what `answer` gives. */
function feed(
  answer: (event: QueueEvent) => { payload: string; failed: boolean },
  options: Partial<EventSourceOptions> = {},
  functionTimeoutSeconds = 3,
): EventSource {
  const invoke = (_name: string, event: object) => {
    handed.push(event as QueueEvent);
    return Promise.resolve(answer(event as QueueEvent));
  };
  const { queues, region } = sqs.endpoint;
  return startEventSource(
    { queue: 'work', functionName: 'render', ...options },
    { queues, region, invoke, functionTimeoutSeconds },
  );
}

const waiting = (queue: string) => sqs.endpoint.queues.byName(queue).counts();

it('hands over records as Lambda shapes them, and deletes what is done', async () => {
  await send('one');
  source = feed(() => ({ payload: 'null', failed: false }));
  await waitFor('the message to be done', () => source!.counts.deleted === 1);
  expect(handed).toEqual([
    {
      Records: [
        {
          messageId: expect.any(String),
          receiptHandle: expect.any(String),
          body: 'one',
          attributes: expect.objectContaining({ ApproximateReceiveCount: '1', SenderId: '123456789012' }),
          messageAttributes: {
            kind: { stringValue: 'render', stringListValues: [], binaryListValues: [], dataType: 'String' },
          },
          md5OfBody: 'f97c5d29941bfb1b2fdab0874906ab82',
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:work',
          awsRegion: 'eu-west-1',
        },
      ],
    },
  ]);
  expect(waiting('work')).toEqual({ waiting: 0, delayed: 0, inFlight: 0 });
});

it('brings back only what failed, and gives it up after as many times as the queue says', async () => {
  for (const body of ['good', 'bad', 'fine']) await send(body);
  source = feed(
    ({ Records }) => {
      const failed = Records.filter(({ body }) => body === 'bad');
      return {
        payload: JSON.stringify({ batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) }),
        failed: false,
      };
    },
    { reportBatchItemFailures: true },
  );
  await waitFor('the first round', () => source!.counts.deleted === 2 && source!.counts.returned === 1);
  await source.stop();
  sqs.pass(31);
  source = feed(() => ({ payload: '{"errorMessage":"no"}', failed: true }));
  await waitFor('the second round', () => source!.counts.returned === 1);
  sqs.pass(31);
  // Anything new wakes those who wait.
  await send('fresh');
  await waitFor('the dead letter', () => waiting('dead').waiting === 1);
  expect(handed.flatMap(({ Records }) => Records).filter(({ body }) => body === 'bad')).toHaveLength(2);
});

it('gathers more within its window than one receive gives', async () => {
  for (let i = 0; i < 50; i++) await send(`m${i}`);
  const options = { batchSize: 40, maximumBatchingWindowInSeconds: 1, maximumConcurrency: 2 };
  source = feed(() => ({ payload: '', failed: false }), options);
  await waitFor('all messages', () => source!.counts.deleted === 50);
  const sizes = handed.map(({ Records }) => Records.length);
  expect(Math.max(...sizes)).toBeGreaterThan(10);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
});

it.each<[string, string, readonly string[] | 'all']>([
  ['nothing', '', []],
  ['null', 'null', []],
  ['an empty list', '{"batchItemFailures":[]}', []],
  ['null for a list', '{"batchItemFailures":null}', []],
  ['one of them', '{"batchItemFailures":[{"itemIdentifier":"b"}]}', ['b']],
  ['no JSON', 'oops', 'all'],
  ['no list', '{"batchItemFailures":"b"}', 'all'],
  ['an empty ID', '{"batchItemFailures":[{"itemIdentifier":""}]}', 'all'],
  ['a null ID', '{"batchItemFailures":[{"itemIdentifier":null}]}', 'all'],
  ['another name', '{"batchItemFailures":[{"id":"b"}]}', 'all'],
  ['the ID of no record', '{"batchItemFailures":[{"itemIdentifier":"z"}]}', 'all'],
])('reads the answer "%s" as Lambda does', (_what, payload, expected) => {
  const failed = failedItems(payload, ['a', 'b']);
  expect(failed === 'all' ? 'all' : [...failed]).toEqual(expected);
});

it.each<[string, Partial<EventSourceOptions>, string, number]>([
  ['no such queue', { queue: 'none' }, 'there is no queue "none"', 3],
  ['a visibility timeout shorter than the function', {}, 'Queue visibility timeout: 30 seconds', 31],
  ['a large batch without window', { batchSize: 11 }, 'batching window', 3],
  [
    'a large batch of a FIFO queue',
    { queue: 'work.fifo', batchSize: 11, maximumBatchingWindowInSeconds: 1 },
    '10 at most',
    3,
  ],
  ['an option that is none', { batchsize: 1 } as object, 'batchSize', 3],
])('does not start with %s', async (_what, options, said, functionTimeoutSeconds) => {
  const error = await thrownBy(() => feed(() => ({ payload: '', failed: false }), options, functionTimeoutSeconds));
  expect(error.message).toContain(said);
});
