import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { startSqsEndpoint, type SqsEndpoint } from '../../../src/local/sqs/endpoint';
import type { StepFunctionsEndpointOptions } from '../../../src/local/step-functions/endpoint';
import { waitFor } from '../../support/wait';
import { startBench, type Bench } from './support';

let sqs: SqsEndpoint;
let bench: Bench | undefined;
beforeEach(async () => {
  sqs = await startSqsEndpoint({ queues: { asks: {}, 'asks.fifo': {} } });
});
afterEach(async () => {
  await bench?.stop();
  await sqs.stop();
});

const urlOf = (queue: string): string => `${sqs.url}/${sqs.accountId}/${queue}`;
const received = (queue = 'asks') => sqs.queues.byUrl(urlOf(queue)).receive(10, 0, undefined);

/** A machine of one state that sends; by default what it was given, to the queue `asks`. */
function bound(parameters: object = {}, pattern = '', options: StepFunctionsEndpointOptions = {}): Promise<Bench> {
  const Ask = {
    Type: 'Task',
    Resource: `arn:aws:states:::sqs:sendMessage${pattern}`,
    Parameters: {
      QueueUrl: urlOf('asks'),
      ...('MessageBody' in parameters ? {} : { 'MessageBody.$': '$' }),
      ...parameters,
    },
    End: true,
  };
  return startBench({ ask: { StartAt: 'Ask', States: { Ask } } }, { sqsUrl: sqs.url, ...options });
}

it('sends what it is given, objects as their JSON, and gives what SQS answers', async () => {
  const attribute = { DataType: 'String', StringValue: 'invoices' };
  bench = await bound({ DelaySeconds: 0, MessageAttributes: { app: attribute } });
  const { status, output } = await bench.run('ask', { invoice: 7 });
  expect([status, JSON.parse(output!)]).toMatchObject([
    'SUCCEEDED',
    {
      MessageId: expect.any(String),
      MD5OfMessageBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      SdkHttpMetadata: { HttpStatusCode: 200 },
      SdkResponseMetadata: { RequestId: expect.any(String) },
    },
  ]);
  expect(received()).toMatchObject([{ body: '{"invoice":7}' }]);
});

it('sends a text as it is, and to a FIFO queue in its group', async () => {
  const parameters = { MessageGroupId: 'g', MessageDeduplicationId: 'd', QueueUrl: urlOf('asks.fifo') };
  bench = await bound(parameters);
  expect(await bench.run('ask', 'a "text"')).toMatchObject({ status: 'SUCCEEDED' });
  expect(received('asks.fifo')).toMatchObject([{ body: 'a "text"', groupId: 'g', deduplicationId: 'd' }]);
});

it('waits for the token that it sent', async () => {
  bench = await bound({ MessageBody: { 'taskToken.$': '$$.Task.Token', 'for.$': '$.invoice' } }, '.waitForTaskToken');
  const arn = await bench.start('ask', { invoice: 7 });
  const [message] = await waitFor('the message', () => {
    const messages = received();
    return messages.length > 0 ? messages : undefined;
  });
  const { taskToken, for: invoice } = JSON.parse(message!.body) as { taskToken: string; for: number };
  expect(invoice).toBe(7);
  await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"by":"me"}' }));
  expect(await bench.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"by":"me"}' });
  const events = await bench.history(arn);
  const scheduled = events.find(({ type }) => type === 'TaskScheduled')!.taskScheduledEventDetails!;
  expect(scheduled).toMatchObject({ resourceType: 'sqs', resource: 'sendMessage.waitForTaskToken' });
  expect(JSON.parse(scheduled.parameters!)).toMatchObject({ MessageBody: { taskToken, for: 7 } });
  expect(events.map(({ type }) => type)).toContain('TaskSubmitted');
});

it.each<[string, () => Promise<Bench>, string]>([
  ['there is no such queue', () => bound({ QueueUrl: `${sqs.url}/123456789012/none` }), 'SQS.QueueDoesNotExist'],
  ['SQS refuses the message', () => bound({ DelaySeconds: 901 }), 'SQS.InvalidParameterValue'],
  ['there is no endpoint', () => bound({}, '', { sqsUrl: undefined as never }), 'SQS.SdkClientException'],
  ['nobody listens there', () => bound({}, '', { sqsUrl: 'http://127.0.0.1:1' }), 'SQS.SdkClientException'],
  [
    'the role may not be taken',
    () =>
      bound({}, '', {
        assumeRole: () => {
          throw new Error('no');
        },
      }),
    'States.Permissions',
  ],
])('fails where %s', async (_name, make, error) => {
  bench = await make();
  expect(await bench.run('ask')).toMatchObject({ status: 'FAILED', error });
});

it('refuses parameters that SQS has not', async () => {
  await expect(bound({ Message: 'a' })).rejects.toThrow('The field "Message" is not supported by Step Functions');
});
