import {
  GetExecutionHistoryCommand,
  RedriveExecutionCommand,
  StopExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { answers, fails, startLambdaStub, type LambdaStub } from '../../support/lambda-stub';
import type { LambdaCall } from '../../support/lambda-stub';
import { ManualTimers } from '../../support/manual-timers';
import { waitFor } from '../../support/wait';
import { functionArn, inShort, startBench, type Bench } from './support';

// The expected histories are AWS's: type, number and event before as recorded from AWS by others, where there is such a record.

const invoke = 'arn:aws:states:::lambda:invoke';
const parameters = { FunctionName: 'work', 'Payload.$': '$' };
const task = (more: object = {}): object => ({ Type: 'Task', Resource: functionArn('work'), End: true, ...more });
const machine = (states: Record<string, object>, more: object = {}): object => ({
  StartAt: Object.keys(states)[0],
  States: states,
  ...more,
});

const MACHINES = {
  direct: machine({ Work: task() }),
  service: machine({ Work: task({ Resource: invoke, Parameters: parameters }) }),
  roled: machine({
    Work: task({
      Resource: invoke,
      Parameters: parameters,
      Credentials: { RoleArn: 'arn:aws:iam::123456789012:role/pay' },
    }),
  }),
  slow: machine({ Work: task({ TimeoutSeconds: 5 }) }),
  slowCaught: machine({
    Work: task({
      TimeoutSeconds: 5,
      Catch: [
        { ErrorEquals: ['States.TaskFailed'], Next: 'Failed' },
        { ErrorEquals: ['States.Timeout'], Next: 'Late' },
      ],
    }),
    Failed: { Type: 'Succeed' },
    Late: { Type: 'Pass', Result: 'late', End: true },
  }),
  retried: machine({
    Work: task({
      Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 3, BackoffRate: 3, MaxDelaySeconds: 5 }],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.problem', Next: 'Tell' }],
      End: true,
    }),
    Tell: { Type: 'Pass', Parameters: { 'why.$': '$.problem.Error', 'tries.$': '$$.State.Name' }, End: true },
  }),
  waiting: machine({ Sleep: { Type: 'Wait', Seconds: 100, End: true } }),
  limited: machine({ Sleep: { Type: 'Wait', Seconds: 100, End: true } }, { TimeoutSeconds: 10 }),
  token: machine({
    Ask: task({
      Resource: `${invoke}.waitForTaskToken`,
      Parameters: { FunctionName: 'work', Payload: { 'token.$': '$$.Task.Token' } },
      TimeoutSeconds: 600,
      HeartbeatSeconds: 5,
      Retry: [{ ErrorEquals: ['States.HeartbeatTimeout'], IntervalSeconds: 1, MaxAttempts: 1 }],
    }),
  }),
  map: machine({
    Each: {
      Type: 'Map',
      ItemsPath: '$.items',
      ItemProcessor: machine({ Slow: task({ Resource: invoke, Parameters: parameters, TimeoutSeconds: 5 }) }),
      End: true,
    },
  }),
  parallel: machine({
    Both: {
      Type: 'Parallel',
      Branches: [
        machine({ Left: { Type: 'Pass', Result: 1, End: true } }),
        machine({ Right: { Type: 'Wait', Seconds: 7, End: true } }),
      ],
      End: true,
    },
  }),
  failing: machine({
    Both: {
      Type: 'Parallel',
      Branches: [
        machine({ Calm: { Type: 'Wait', Seconds: 50, End: true } }),
        machine({ Bad: { Type: 'Fail', Error: 'Broken', Cause: 'as told' } }),
      ],
      Catch: [{ ErrorEquals: ['Broken'], Next: 'After' }],
      End: true,
    },
    After: { Type: 'Succeed' },
  }),
  bare: machine({ Look: { Type: 'Pass', Parameters: { 'x.$': '$.nowhere' }, End: true } }),
  nested: machine({
    Start: task({
      Resource: 'arn:aws:states:::states:startExecution',
      Parameters: {
        StateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:waiting',
        Name: 'inner',
        Input: { 'from.$': '$$.Execution.Name' },
      },
      Retry: [{ ErrorEquals: ['Never'] }],
    }),
  }),
  loop: machine({ Again: { Type: 'Pass', Next: 'Again2' }, Again2: { Type: 'Pass', Next: 'Again' } }),
};

let lambda: LambdaStub;
let timers: ManualTimers;
let bench: Bench;

beforeEach(async () => {
  lambda = await startLambdaStub();
  timers = new ManualTimers();
  bench = await startBench(MACHINES, { lambdaUrl: String(lambda.clientConfig['endpoint']), timers });
});

afterEach(async () => {
  await bench.stop();
  await lambda.close();
});

const callNumber = (index: number): Promise<LambdaCall> => waitFor('a call', () => lambda.calls[index]);

it('writes a function by its ARN as LambdaFunction events', async () => {
  lambda.answer = answers({ ok: true });
  const { executionArn = '', output } = await bench.run('direct', { n: 1 });
  const events = await bench.history(executionArn);
  expect(inShort(events)).toEqual([
    '1 ExecutionStarted <0',
    '2 TaskStateEntered <0',
    '3 LambdaFunctionScheduled <2',
    '4 LambdaFunctionStarted <3',
    '5 LambdaFunctionSucceeded <4',
    '6 TaskStateExited <5',
    '7 ExecutionSucceeded <6',
  ]);
  expect(events[2]?.lambdaFunctionScheduledEventDetails).toEqual({
    resource: functionArn('work'),
    input: '{"n":1}',
    inputDetails: { truncated: false },
  });
  expect(events[5]?.stateExitedEventDetails).toEqual({
    name: 'Work',
    output: '{"ok":true}',
    outputDetails: { truncated: false },
  });
  expect(events[0]?.timestamp).toEqual(new Date(timers.now()));
  expect(output).toBe('{"ok":true}');
});

it('writes lambda:invoke as Task events, with the role that the task names', async () => {
  lambda.answer = answers({ ok: true });
  const { executionArn = '', output } = await bench.run('roled', { n: 1 });
  const events = await bench.history(executionArn);
  expect(inShort(events).slice(2, 5)).toEqual(['3 TaskScheduled <2', '4 TaskStarted <3', '5 TaskSucceeded <4']);
  expect(events[2]?.taskScheduledEventDetails).toEqual({
    resourceType: 'lambda',
    resource: 'invoke',
    region: 'eu-west-1',
    parameters: '{"FunctionName":"work","Payload":{"n":1}}',
    taskCredentials: { roleArn: 'arn:aws:iam::123456789012:role/pay' },
  });
  expect(JSON.parse(output ?? '')).toMatchObject({
    Payload: { ok: true },
    StatusCode: 200,
    ExecutedVersion: '$LATEST',
  });
});

it.each(['direct', 'service'])(
  'fails with the type and the whole payload of a function that fails (%s)',
  async (name) => {
    lambda.answer = fails({ errorType: 'Refused', errorMessage: 'no' });
    const described = await bench.run(name);
    const events = await bench.history(described.executionArn ?? '');
    expect(described).toMatchObject({ status: 'FAILED', error: 'Refused', redriveStatus: 'REDRIVABLE' });
    expect(JSON.parse(described.cause ?? '')).toEqual({ errorType: 'Refused', errorMessage: 'no' });
    expect(inShort(events).slice(-2)).toEqual([
      `5 ${name === 'direct' ? 'LambdaFunctionFailed' : 'TaskFailed'} <4`,
      '6 ExecutionFailed <5',
    ]);
  },
);

it('times out a task that takes too long', async () => {
  lambda.answer = () => undefined;
  const arn = await bench.start('slow');
  const call = await callNumber(0);
  await timers.pass(5000);
  await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  const events = await bench.history(arn);
  expect(inShort(events).slice(2)).toEqual([
    '3 LambdaFunctionScheduled <2',
    '4 LambdaFunctionStarted <3',
    '5 LambdaFunctionTimedOut <4',
    '6 ExecutionFailed <5',
  ]);
  expect(events[2]?.lambdaFunctionScheduledEventDetails?.timeoutInSeconds).toBe(5);
  expect(events[4]?.lambdaFunctionTimedOutEventDetails).toEqual({ error: 'States.Timeout' });
  await call.ended;
});

it('a time-out is no failed task to a catcher', async () => {
  lambda.answer = () => undefined;
  const arn = await bench.start('slowCaught');
  await timers.pass(5000);
  await expect(bench.ended(arn)).resolves.toMatchObject({ output: '"late"' });
});

it('a redrive of what was stopped waits anew, in the same history', async () => {
  const arn = await bench.start('waiting');
  await waitFor('the wait', () => timers.lengths.includes(100_000));
  await bench.client.send(new StopExecutionCommand({ executionArn: arn }));
  await bench.client.send(new RedriveExecutionCommand({ executionArn: arn }));
  await timers.pass(100_000);
  await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'SUCCEEDED', redriveCount: 1 });
  expect(inShort(await bench.history(arn)).slice(2)).toEqual([
    '3 ExecutionAborted <0',
    '4 ExecutionRedriven <3',
    '5 WaitStateExited <4',
    '6 ExecutionSucceeded <5',
  ]);
});

it('retries at the times that the retrier says, then takes the catcher', async () => {
  lambda.answer = fails({ errorType: 'Busy' });
  const arn = await bench.start('retried', { id: 7 });
  for (const delayMs of [3000, 5000, 5000]) await timers.pass(delayMs);
  await expect(bench.ended(arn)).resolves.toMatchObject({
    status: 'SUCCEEDED',
    output: '{"why":"Busy","tries":"Tell"}',
  });
  const events = await bench.history(arn);
  const scheduled = events.filter(({ type }) => type === 'LambdaFunctionScheduled');
  const [first] = scheduled;
  expect(scheduled.map(({ timestamp }) => Number(timestamp) - Number(first?.timestamp))).toEqual([
    0, 3000, 8000, 13_000,
  ]);
  expect(inShort(events).slice(4, 6)).toEqual(['5 LambdaFunctionFailed <4', '6 LambdaFunctionScheduled <5']);
  expect(inShort(events).slice(13, 17)).toEqual([
    '14 LambdaFunctionFailed <13',
    '15 TaskStateExited <14',
    '16 PassStateEntered <15',
    '17 PassStateExited <16',
  ]);
});

it('ends a machine after its own time', async () => {
  const arn = await bench.start('limited');
  await timers.pass(10_000);
  await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'TIMED_OUT', redriveStatus: 'REDRIVABLE' });
  expect(inShort(await bench.history(arn))).toEqual([
    '1 ExecutionStarted <0',
    '2 WaitStateEntered <0',
    '3 ExecutionTimedOut <0',
  ]);
  expect(timers.lengths).toEqual([]);
});

it('waits for the answer with the task token, and a heartbeat keeps it waiting', async () => {
  lambda.answer = answers({ sent: true });
  const arn = await bench.start('token');
  const { event } = await callNumber(0);
  const taskToken = String(event['token']);
  timers.advance(4000);
  await bench.client.send(new SendTaskHeartbeatCommand({ taskToken }));
  timers.advance(4000);
  await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"by":"anna"}' }));
  await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'SUCCEEDED', output: '{"by":"anna"}' });
  const events = await bench.history(arn);
  expect(inShort(events).slice(2, 6)).toEqual([
    '3 TaskScheduled <2',
    '4 TaskStarted <3',
    '5 TaskSubmitted <4',
    '6 TaskSucceeded <5',
  ]);
  expect(events[2]?.taskScheduledEventDetails).toMatchObject({
    resource: 'invoke.waitForTaskToken',
    timeoutInSeconds: 600,
    heartbeatInSeconds: 5,
  });
});

it('gives every try a token of its own, and refuses the old one', async () => {
  lambda.answer = answers(null);
  const arn = await bench.start('token');
  const first = String((await callNumber(0)).event['token']);
  await timers.pass(5000);
  await timers.pass(1000);
  const second = String((await callNumber(1)).event['token']);
  expect(second).not.toBe(first);
  const late = bench.client.send(new SendTaskSuccessCommand({ taskToken: first, output: '1' }));
  await expect(late).rejects.toMatchObject({
    name: 'TaskTimedOut',
    message: "Task Timed Out: 'Provided task does not exist anymore'",
  });
  await timers.pass(5000);
  await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
});

it('aborts the other iterations of a Map when one fails', async () => {
  lambda.answer = () => undefined;
  const arn = await bench.start('map', { items: [{ a: 1 }, { a: 2 }] });
  await timers.pass(5000);
  await bench.ended(arn);
  const events = await bench.history(arn);
  const short = inShort(events);
  expect(short.slice(2, 5)).toEqual(['3 MapStateStarted <2', '4 MapIterationStarted <3', '5 MapIterationStarted <3']);
  const timedOut = events.find(({ type }) => type === 'TaskTimedOut')?.id;
  expect(short.slice(-6).map((line) => line.replace(/^\d+ /, ''))).toEqual([
    `MapIterationFailed <${timedOut}`,
    `TaskStateAborted <${timedOut}`,
    `MapIterationAborted <${timedOut}`,
    `TaskStateAborted <${timedOut}`,
    `MapStateFailed <${timedOut}`,
    `ExecutionFailed <${events.length - 1}`,
  ]);
});

it('joins the branches of a Parallel', async () => {
  const arn = await bench.start('parallel');
  await timers.pass(7000);
  await expect(bench.ended(arn)).resolves.toMatchObject({ output: '[1,{}]' });
  expect(inShort(await bench.history(arn))).toEqual([
    '1 ExecutionStarted <0',
    '2 ParallelStateEntered <0',
    '3 ParallelStateStarted <2',
    '4 PassStateEntered <3',
    '5 WaitStateEntered <3',
    '6 PassStateExited <4',
    '7 WaitStateExited <5',
    '8 ParallelStateSucceeded <7',
    '9 ParallelStateExited <8',
    '10 ExecutionSucceeded <9',
  ]);
});

it('catches the failure of a branch and ends the others', async () => {
  const { executionArn = '', output } = await bench.run('failing');
  expect(JSON.parse(output ?? '')).toEqual({ Error: 'Broken', Cause: 'as told' });
  expect(inShort(await bench.history(executionArn)).slice(3)).toEqual([
    '4 WaitStateEntered <3',
    '5 FailStateEntered <3',
    '6 WaitStateAborted <5',
    '7 ParallelStateFailed <5',
    '8 ParallelStateExited <7',
    '9 SucceedStateEntered <8',
    '10 SucceedStateExited <9',
    '11 ExecutionSucceeded <10',
  ]);
  expect(timers.lengths).toEqual([]);
});

it('starts another execution and goes on; a second one of that name is an error', async () => {
  const first = await bench.run('nested');
  const inner = 'arn:aws:states:eu-west-1:123456789012:execution:waiting:inner';
  expect(JSON.parse(first.output ?? '')).toEqual({
    ExecutionArn: inner,
    StartDate: new Date(timers.now()).toISOString(),
  });
  const [started] = await bench.history(inner);
  expect(started?.executionStartedEventDetails?.input).toBe(JSON.stringify({ from: first.name }));
  await expect(bench.run('nested')).resolves.toMatchObject({
    status: 'FAILED',
    error: 'StepFunctions.ExecutionAlreadyExistsException',
  });
});

it('fails with States.Runtime where a path finds nothing, and says where', async () => {
  await expect(bench.run('bare', { a: 1 })).resolves.toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
    cause:
      "An error occurred while executing the state 'Look' (entered at the event id #2). The JSONPath '$.nowhere' specified for the field 'x.$' could not be found in the input '{\"a\":1}'",
  });
});

it('fails an execution whose history has 25,000 events, and gives it out in pages both ways', async () => {
  const { executionArn = '', error, status } = await bench.run('loop');
  expect([status, error]).toEqual(['FAILED', 'States.Runtime']);
  const ids = async (reverseOrder: boolean): Promise<number[]> => {
    const all: number[] = [];
    let nextToken: string | undefined;
    do {
      const page = await bench.client.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, reverseOrder, nextToken }),
      );
      all.push(...(page.events ?? []).map(({ id }) => id ?? 0));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return all;
  };
  const forwards = await ids(false);
  expect(forwards).toEqual(Array.from({ length: 25_000 }, (_, i) => i + 1));
  expect(await ids(true)).toEqual(forwards.reverse());
});
