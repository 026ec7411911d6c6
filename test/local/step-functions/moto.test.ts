import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startSqsEndpoint } from '../../../src/local/sqs/endpoint';
import { sqsClient } from '../sqs/support';
import { startLambdaStub, type LambdaStub } from '../../support/lambda-stub';
import { startBench, type Bench } from './support';
import { describeWithMoto, startMoto, type Moto } from '../../support/moto';
import { waitFor } from '../../support/wait';

// moto's Step Functions, whose interpreter nobody here wrote, beside the relay's: the same calls of the same SDK, the same answers.

jest.setTimeout(60_000);

type Machine = Readonly<Record<string, object>>;

const pass = (name: string, more: object = { End: true }): Machine => ({ [name]: { Type: 'Pass', ...more } });
const machine = (states: Machine): string => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });

/** Machines that need nothing but an interpreter, with an input. moto 5.2 has no variables, and gives texts without quotes. */
const RUNS: Readonly<Record<string, readonly [Machine, unknown]>> = {
  pass: [pass('A', { Result: { b: 1 }, ResultPath: '$.r', End: true }), { a: 1 }],
  parameters: [
    pass('A', { Parameters: { 'x.$': '$.a[1:3]', 'y.$': "States.Format('{}-{}', $.b, 7)", z: [1] }, End: true }),
    { a: [1, 2, 3], b: 'q' },
  ],
  choice: [
    {
      C: {
        Type: 'Choice',
        Choices: [
          {
            And: [
              { Variable: '$.n', NumericGreaterThan: 3 },
              { Variable: '$.s', StringMatches: 'a*' },
            ],
            Next: 'Y',
          },
        ],
        Default: 'N',
      },
      ...pass('Y', { Result: { is: 'yes' }, End: true }),
      ...pass('N', { Result: { is: 'no' }, End: true }),
    },
    { n: 4, s: 'abc' },
  ],
  succeed: [{ S: { Type: 'Succeed', OutputPath: '$.a' } }, { a: [1, { b: null }] }],
  fail: [{ F: { Type: 'Fail', Error: 'Odd', Cause: 'as told' } }, {}],
  wait: [{ W: { Type: 'Wait', Seconds: 0, Next: 'P' }, ...pass('P') }, { a: 1 }],
  parallel: [
    {
      P: {
        Type: 'Parallel',
        Branches: [
          { StartAt: 'L', States: pass('L', { Result: 1, End: true }) },
          { StartAt: 'R', States: pass('R') },
        ],
        ResultPath: '$.both',
        End: true,
      },
    },
    { a: 1 },
  ],
  caught: [
    {
      P: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'B', States: { B: { Type: 'Fail', Error: 'Broken', Cause: 'x' } } }],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.e', Next: 'After' }],
        End: true,
      },
      ...pass('After'),
    },
    { a: 1 },
  ],
  map: [
    {
      M: {
        Type: 'Map',
        ItemsPath: '$.items',
        MaxConcurrency: 1,
        ItemSelector: { 'v.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index' },
        ItemProcessor: {
          StartAt: 'I',
          States: pass('I', { Parameters: { 'w.$': 'States.MathAdd($.v, $.i)' }, End: true }),
        },
        End: true,
      },
    },
    { items: [3, 4] },
  ],
  functions: [
    pass('A', {
      Parameters: {
        'a.$': 'States.ArrayPartition($.l, 2)',
        'b.$': 'States.ArrayRange(1, 7, 3)',
        'c.$': "States.Hash('input data', 'SHA-256')",
        'd.$': "States.StringSplit('a,b', ',')",
        'e.$': 'States.JsonMerge($.x, $.y, false)',
        'f.$': "States.Base64Encode('hello')",
        'g.$': 'States.ArrayContains($.l, 2)',
      },
      End: true,
    }),
    { l: [1, 2, 3], x: { a: 1 }, y: { a: 2, b: 3 } },
  ],
};

interface Seen {
  readonly status: unknown;
  readonly output: unknown;
  readonly error: unknown;
  readonly events: readonly string[];
}

const roleArn = 'arn:aws:iam::123456789012:role/states';
const createClient = (endpoint: string): SFNClient =>
  new SFNClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });

async function start(client: SFNClient, name: string, definition: string, input: unknown): Promise<string> {
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  const started = await client.send(
    new StartExecutionCommand({ stateMachineArn, name: 'run', input: JSON.stringify(input) }),
  );
  return started.executionArn ?? '';
}

/** An event by its type, what stands before it, and the state. Numbers of parallel branches depend on who was first. */
const brief = ({ type, stateEnteredEventDetails: entered, stateExitedEventDetails: exited }: HistoryEvent): string =>
  `${String(type)} ${entered?.name ?? exited?.name ?? ''}`.trim();

async function seen(client: SFNClient, executionArn: string): Promise<Seen> {
  const described = await waitFor('the end', async () => {
    const one = await client.send(new DescribeExecutionCommand({ executionArn }));
    return one.status === 'RUNNING' ? undefined : one;
  });
  const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  const { status, output, error } = described;
  return {
    status,
    output: output === undefined ? undefined : (JSON.parse(output) as unknown),
    error,
    events: events.map(brief),
  };
}

describeWithMoto('beside moto', () => {
  let bench: Bench;
  let server: Moto;
  let lambda: LambdaStub;
  let moto: SFNClient;

  beforeAll(async () => {
    lambda = await startLambdaStub();
    bench = await startBench({}, { lambdaUrl: String(lambda.clientConfig['endpoint']) });
    server = await startMoto();
    moto = createClient(server.url);
    const config = { stepfunctions: { execute_state_machine: true } };
    await fetch(`${server.url}/moto-api/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(config),
    });
  });

  // moto 5.2 copies what it has run with every start, and fails over the locks in it: each test begins with an empty one.
  beforeEach(() => fetch(`${server.url}/moto-api/reset`, { method: 'POST' }));

  afterAll(async () => {
    moto.destroy();
    await Promise.all([bench.stop(), server.stop(), lambda.close()]);
  });

  const both = async <T>(ask: (client: SFNClient) => Promise<T>): Promise<readonly [T, T]> =>
    Promise.all([ask(bench.client), ask(moto)]);

  it.each(Object.entries(RUNS))('%s comes to the same', async (name, [states, input]) => {
    const [own, other] = await both(async (client) => seen(client, await start(client, name, machine(states), input)));
    expect(own.status).toBe(name === 'fail' ? 'FAILED' : 'SUCCEEDED');
    // Which branch is first is nobody's promise.
    const settled = ({ events, ...rest }: Seen): object => ({
      ...rest,
      events: name === 'parallel' ? [...events].sort() : events,
    });
    expect(settled(own)).toEqual(settled(other));
  });

  const sleep = machine({ W: { Type: 'Wait', Seconds: 600, End: true } });

  it('stops the same', async () => {
    const [own, other] = await both(async (client) => {
      const executionArn = await start(client, 'stopped', sleep, {});
      await waitFor('the wait', async () => {
        const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
        return events.some(({ type }) => type === 'WaitStateEntered');
      });
      await client.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'of it' }));
      return seen(client, executionArn);
    });
    expect(own).toMatchObject({ status: 'ABORTED', error: 'Enough' });
    expect(own.events).toEqual(other.events);
  });

  const asks = (Resource: string, Parameters: object): Machine => ({
    Ask: {
      Type: 'Task',
      Resource: `arn:aws:states:::${Resource}.waitForTaskToken`,
      Parameters,
      HeartbeatSeconds: 600,
      End: true,
    },
  });

  /** Beats, answers, answers again: what is refused, and what came of it. */
  async function answerTwice(client: SFNClient, executionArn: string, taskToken: string): Promise<object> {
    await waitFor('the token to be waited for', async () => {
      const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
      return events.some(({ type }) => type === 'TaskSubmitted');
    });
    await client.send(new SendTaskHeartbeatCommand({ taskToken }));
    await client.send(new SendTaskSuccessCommand({ taskToken, output: '{"by":"anna"}' }));
    const { events, ...ended } = await seen(client, executionArn);
    const again = client.send(new SendTaskFailureCommand({ taskToken, error: 'Late' }));
    return {
      ...ended,
      events,
      again: await again.then(
        () => 'taken',
        (error: unknown) => (error as Error).name,
      ),
    };
  }

  it('takes the answer to a task token the same; there it comes through a queue, here to a function', async () => {
    const sqs = new SQSClient({
      endpoint: server.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'asked' }));
    const message = { QueueUrl, MessageBody: { 'token.$': '$$.Task.Token' } };
    const theirs = await start(moto, 'asking', machine(asks('sqs:sendMessage', message)), {});
    const body = await waitFor('the message', async () => {
      const { Messages: [received] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      return received?.Body;
    });
    sqs.destroy();
    const payload = { FunctionName: 'ask', Payload: { 'token.$': '$$.Task.Token' } };
    const ours = await start(bench.client, 'asking', machine(asks('lambda:invoke', payload)), {});
    const call = await waitFor('the call', () => lambda.calls[0]);
    const [own, other] = await Promise.all([
      answerTwice(bench.client, ours, String(call.event['token'])),
      answerTwice(moto, theirs, (JSON.parse(body) as { token: string }).token),
    ]);
    expect(own).toMatchObject({ status: 'SUCCEEDED', output: { by: 'anna' } });
    // moto takes a second answer. AWS does not.
    expect(own).toEqual({ ...other, again: 'TaskTimedOut' });
  });

  it('goes the same way where a person rejects: through a queue, by SendTaskFailure, to the Catch', async () => {
    const queues = await startSqsEndpoint({ queues: {} });
    const own = await startBench({}, { sqsUrl: queues.url });
    const rejected = async (client: SFNClient, sqs: SQSClient): Promise<Seen> => {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'asked' }));
      const parameters = { QueueUrl, MessageBody: { 'taskToken.$': '$$.Task.Token', 'invoice.$': '$.invoice' } };
      const { Ask } = asks('sqs:sendMessage', parameters);
      const Catch = [
        { ErrorEquals: ['baton.rejected'], ResultPath: '$.error', Next: 'Rejected' },
        { ErrorEquals: ['States.ALL'], Next: 'Failed' },
      ];
      const states = {
        Ask: { ...Ask, End: undefined, Catch, Next: 'Pay' },
        ...pass('Pay'),
        ...pass('Rejected'),
        ...pass('Failed'),
      };
      const executionArn = await start(client, 'rejected', machine(states), { invoice: 7 });
      const body = await waitFor('the message', async () => {
        const { Messages: [received] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
        return received?.Body;
      });
      const { taskToken, invoice } = JSON.parse(body) as { taskToken: string; invoice: number };
      expect(invoice).toBe(7);
      await waitFor('the token to be waited for', async () => {
        const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
        return events.some(({ type }) => type === 'TaskSubmitted');
      });
      await client.send(new SendTaskFailureCommand({ taskToken, error: 'baton.rejected', cause: '{"by":"ben"}' }));
      return seen(client, executionArn);
    };
    const clients = [sqsClient(queues.url), sqsClient(server.url)] as const;
    try {
      const [ours, theirs] = [await rejected(own.client, clients[0]), await rejected(moto, clients[1])];
      const error = { Error: 'baton.rejected', Cause: '{"by":"ben"}' };
      expect(ours.output).toEqual({ invoice: 7, error });
      // moto loses the cause on the way to the Catch. In AWS it is there (States Language, "Error output").
      expect(theirs).toEqual({ ...ours, output: { invoice: 7, error: { ...error, Cause: null } } });
    } finally {
      for (const client of clients) client.destroy();
      await own.stop();
      await queues.stop();
    }
  });

  it.each<[string, (client: SFNClient) => Promise<unknown>]>([
    [
      'a second start with another input',
      async (client) => {
        await start(client, 'twice', sleep, { a: 1 });
        return start(client, 'twice', sleep, { a: 2 });
      },
    ],
    [
      'an execution that is not there',
      (client) =>
        client.send(
          new DescribeExecutionCommand({ executionArn: 'arn:aws:states:eu-west-1:123456789012:execution:no:no' }),
        ),
    ],
    [
      'a machine that is not there',
      (client) =>
        client.send(
          new DescribeStateMachineCommand({ stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:no' }),
        ),
    ],
    [
      'executions of a machine that is not there',
      (client) =>
        client.send(
          new ListExecutionsCommand({ stateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:no' }),
        ),
    ],
    [
      'a token that nobody gave out',
      (client) => client.send(new SendTaskSuccessCommand({ taskToken: 'nonsense', output: '1' })),
    ],
    [
      'a name with a space',
      (client) => client.send(new CreateStateMachineCommand({ name: 'two words', definition: sleep, roleArn })),
    ],
  ])('%s is refused by the same name', async (_what, ask) => {
    const [own, other] = await both(async (client) =>
      ask(client).then(
        () => 'taken',
        (error: unknown) => (error as Error).name,
      ),
    );
    expect(own).not.toBe('taken');
    expect(own).toBe(other);
  });
});
