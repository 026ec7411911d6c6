import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { answers, fails, startLambdaStub, type LambdaStub } from '../../support/lambda-stub';
import { ManualTimers } from '../../support/manual-timers';
import { waitFor } from '../../support/wait';
import { functionArn, inShort, startBench, type Bench } from './support';

// Messages as recorded from AWS by others.

const pass = { StartAt: 'Do', States: { Do: { Type: 'Pass', End: true } } };
const sleep = { StartAt: 'Sleep', States: { Sleep: { Type: 'Wait', Seconds: 60, End: true } } };
const long = { StartAt: 'Sleep', States: { Sleep: { Type: 'Wait', Seconds: 600, End: true } } };
const ask = {
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Parameters: { FunctionName: 'work', Payload: { 'token.$': '$$.Task.Token' } },
      End: true,
    },
  },
};
const work = (name: string, next?: string): object => ({
  Type: 'Task',
  Resource: functionArn('work'),
  Parameters: { step: name },
  ...(next === undefined ? { End: true } : { Next: next }),
});
const steps = {
  StartAt: 'First',
  States: {
    First: work('First', 'Both'),
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: work('Left') } },
        { StartAt: 'Right', States: { Right: work('Right') } },
      ],
      Next: 'Last',
    },
    Last: { Type: 'Pass', Parameters: { 'redrives.$': '$$.Execution.RedriveCount' }, End: true },
  },
};

let lambda: LambdaStub;
let timers: ManualTimers;
let bench: Bench;

beforeAll(async () => {
  lambda = await startLambdaStub();
  timers = new ManualTimers();
  const express = (definition: object): object => ({ definition, type: 'EXPRESS' });
  const failing = { StartAt: 'Bad', States: { Bad: { Type: 'Fail', Error: 'Bad', Cause: 'told' } } };
  bench = await startBench(
    { pass, sleep, ask, steps },
    {
      lambdaUrl: String(lambda.clientConfig['endpoint']),
      timers,
      stateMachines: {
        quick: express(pass) as never,
        quickFail: express(failing) as never,
        quickSleep: express(long) as never,
      },
    },
  );
});

afterAll(async () => {
  await bench.stop();
  await lambda.close();
});

const machineArn = (name: string): string => bench.endpoint.arnOf(name);
const executionArn = (machine: string, name: string): string =>
  machineArn(machine).replace(':stateMachine:', ':execution:').concat(`:${name}`);

describe('starts', () => {
  it('takes the same name and input for the same execution while it runs, and for nothing else', async () => {
    const start = (input: string): Promise<unknown> =>
      bench.client.send(new StartExecutionCommand({ stateMachineArn: machineArn('sleep'), name: 'once', input }));
    const [first, second] = [await start('{"a":1}'), await start('{"a":1}')];
    expect(second).toMatchObject({
      executionArn: executionArn('sleep', 'once'),
      startDate: (first as { startDate: Date }).startDate,
    });
    const conflict = {
      name: 'ExecutionAlreadyExists',
      message: `Execution Already Exists: '${executionArn('sleep', 'once')}'`,
    };
    await expect(start('{"a":2}')).rejects.toMatchObject(conflict);
    await bench.client.send(
      new StopExecutionCommand({ executionArn: executionArn('sleep', 'once'), error: 'Enough', cause: 'of it' }),
    );
    await expect(start('{"a":1}')).rejects.toMatchObject(conflict);
    await expect(bench.ended(executionArn('sleep', 'once'))).resolves.toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'of it',
    });
    expect(inShort(await bench.history(executionArn('sleep', 'once')))).toEqual([
      '1 ExecutionStarted <0',
      '2 WaitStateEntered <0',
      '3 ExecutionAborted <0',
    ]);
  });

  it.each([
    ['a space', 'two words', 'InvalidName', "Invalid Name: 'two words'"],
    ['a colon', 'a:b', 'InvalidName', "Invalid Name: 'a:b'"],
    ['a control character', 'a\u0001', 'InvalidName', "Invalid Name: 'a\u0001'"],
    [
      'too many characters',
      'x'.repeat(81),
      'ValidationException',
      `1 validation error detected: Value '${'x'.repeat(81)}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80`,
    ],
  ])('refuses a name with %s', async (_what, name, error, message) => {
    await expect(bench.start('pass', {}, name)).rejects.toMatchObject({ name: error, message });
  });

  it.each([
    ['not json', "Unexpected token 'o'"],
    ['', 'Invalid execution input.'],
    [JSON.stringify('x'.repeat(262_143)), 'larger than 262144 bytes'],
  ])('refuses an input that is none (%#)', async (input, message) => {
    const started = bench.client.send(new StartExecutionCommand({ stateMachineArn: machineArn('pass'), input }));
    await expect(started).rejects.toMatchObject({
      name: 'InvalidExecutionInput',
      message: expect.stringContaining(message) as string,
    });
  });

  it('carries the trace header to functions and tells it', async () => {
    lambda.answer = answers(1);
    const traceHeader = 'Root=1-5759e988-bd862e3fe1be46a994272793';
    const { executionArn: arn } = await bench.client.send(
      new StartExecutionCommand({ stateMachineArn: machineArn('steps'), traceHeader }),
    );
    await expect(bench.ended(arn ?? '')).resolves.toMatchObject({ status: 'SUCCEEDED', traceHeader });
    expect(lambda.calls.at(-1)?.headers['x-amzn-trace-id']).toBe(traceHeader);
  });
});

describe('Express', () => {
  const sync = (name: string): Promise<Record<string, unknown>> =>
    bench.client.send(
      new StartSyncExecutionCommand({ stateMachineArn: machineArn(name), input: '{"a":1}', name: 'same' }),
    ) as never;

  it('answers 200 with what it came to, however that was, and under the same name again', async () => {
    await expect(sync('quick')).resolves.toMatchObject({
      status: 'SUCCEEDED',
      input: '{"a":1}',
      output: '{"a":1}',
      outputDetails: { included: true },
      billingDetails: { billedMemoryUsedInMB: 64, billedDurationInMilliseconds: 100 },
      $metadata: { httpStatusCode: 200 },
    });
    const failed = await sync('quickFail');
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Bad', cause: 'told', $metadata: { httpStatusCode: 200 } });
    expect(failed['executionArn']).toMatch(/^arn:aws:states:eu-west-1:123456789012:express:quickFail:same:[\w-]{36}$/);
    expect((await sync('quickFail'))['executionArn']).not.toBe(failed['executionArn']);
  });

  it('ends after its own limit', async () => {
    const answer = sync('quickSleep');
    await waitFor('the execution', () => timers.lengths.includes(300_000));
    timers.advance(300_000);
    await expect(answer).resolves.toMatchObject({ status: 'TIMED_OUT' });
  });

  it('is not for those who want a history', async () => {
    const arn = String((await sync('quick'))['executionArn']);
    const message = "Invalid Arn: 'Resource type not valid in this context: express'";
    const described = bench.client.send(new DescribeExecutionCommand({ executionArn: arn }));
    await expect(described).rejects.toMatchObject({ name: 'InvalidArn', message });
    const history = bench.client.send(new GetExecutionHistoryCommand({ executionArn: arn }));
    await expect(history).rejects.toMatchObject({ name: 'InvalidArn', message });
    await expect(sync('pass')).rejects.toMatchObject({
      name: 'StateMachineTypeNotSupported',
      message: 'This operation is not supported by this type of state machine',
    });
    const list = bench.client.send(new ListExecutionsCommand({ stateMachineArn: machineArn('quick') }));
    await expect(list).rejects.toMatchObject({ name: 'StateMachineTypeNotSupported' });
  });
});

describe('what is not there', () => {
  const noArn = "Invalid Arn: 'Invalid ARN prefix: nonsense'";

  it.each([
    [
      'a machine',
      (): object => new DescribeStateMachineCommand({ stateMachineArn: machineArn('none') }),
      'StateMachineDoesNotExist',
      () => `State Machine Does Not Exist: '${machineArn('none')}'`,
    ],
    [
      'an execution',
      (): object => new DescribeExecutionCommand({ executionArn: executionArn('pass', 'none') }),
      'ExecutionDoesNotExist',
      () => `Execution Does Not Exist: '${executionArn('pass', 'none')}'`,
    ],
    [
      'a history',
      (): object => new GetExecutionHistoryCommand({ executionArn: executionArn('pass', 'none') }),
      'ExecutionDoesNotExist',
      () => `Execution Does Not Exist: '${executionArn('pass', 'none')}'`,
    ],
    ['an ARN', (): object => new DescribeExecutionCommand({ executionArn: 'nonsense' }), 'InvalidArn', () => noArn],
    [
      "a machine's ARN",
      (): object => new ListExecutionsCommand({ stateMachineArn: 'nonsense' }),
      'InvalidArn',
      () => noArn,
    ],
    [
      'a token',
      (): object => new SendTaskSuccessCommand({ taskToken: 'nonsense', output: '1' }),
      'InvalidToken',
      () => "Invalid Token: 'Invalid token'",
    ],
    [
      'a status',
      (): object =>
        new ListExecutionsCommand({ stateMachineArn: machineArn('pass'), statusFilter: 'succeeded' as never }),
      'ValidationException',
      () =>
        "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    ],
    [
      'a page of 1,001',
      (): object => new ListStateMachinesCommand({ maxResults: 1001 }),
      'ValidationException',
      () =>
        "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
    ],
    [
      'a page',
      (): object => new ListStateMachinesCommand({ nextToken: 'bm9uc2Vuc2Ugb2YgYWxsIGtpbmRz' }),
      'InvalidToken',
      () => "Invalid Token: 'Invalid token'",
    ],
  ])('%s is refused by its name', async (_what, command, name, message) => {
    await expect(bench.client.send(command() as DescribeExecutionCommand)).rejects.toMatchObject({
      name,
      message: message(),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('asks for a signature, and names what it does not answer', async () => {
    const post = async (headers: Record<string, string>): Promise<unknown> =>
      await (await fetch(bench.endpoint.url, { method: 'POST', body: '{}', headers })).json();
    await expect(post({ 'x-amz-target': 'AWSStepFunctions.ListStateMachines' })).resolves.toMatchObject({
      __type: 'com.amazonaws.sfn#MissingAuthenticationTokenException',
    });
    await expect(post({ 'x-amz-target': 'AWSStepFunctions.ListActivities' })).resolves.toMatchObject({
      __type: 'com.amazonaws.sfn#UnknownOperationException',
    });
  });
});

describe('task tokens', () => {
  async function waiting(): Promise<{ arn: string; taskToken: string }> {
    lambda.answer = answers(null);
    const before = lambda.calls.length;
    const arn = await bench.start('ask');
    const call = await waitFor('the call', () => lambda.calls[before]);
    await waitFor('the token to be waited for', async () =>
      (await bench.history(arn)).some(({ type }) => type === 'TaskSubmitted'),
    );
    return { arn, taskToken: String(call.event['token']) };
  }

  it('fails the task with the error that is sent, once', async () => {
    const { arn, taskToken } = await waiting();
    await bench.client.send(new SendTaskFailureCommand({ taskToken, error: 'Refused', cause: 'too much' }));
    await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'too much' });
    expect(inShort(await bench.history(arn)).slice(-2)).toEqual(['6 TaskFailed <5', '7 ExecutionFailed <6']);
    const again = bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
    await expect(again).rejects.toMatchObject({
      name: 'TaskTimedOut',
      message: "Task Timed Out: 'Provided task does not exist anymore'",
    });
  });

  it('is worth nothing once the execution was stopped', async () => {
    const { arn, taskToken } = await waiting();
    await bench.client.send(new StopExecutionCommand({ executionArn: arn }));
    const late = { name: 'TaskTimedOut' };
    await expect(bench.client.send(new SendTaskHeartbeatCommand({ taskToken }))).rejects.toMatchObject(late);
    await expect(bench.client.send(new SendTaskFailureCommand({ taskToken }))).rejects.toMatchObject(late);
  });

  it('takes only JSON, and no token that was changed', async () => {
    const { arn, taskToken } = await waiting();
    const bad = bench.client.send(new SendTaskSuccessCommand({ taskToken, output: 'nope' }));
    await expect(bad).rejects.toMatchObject({ name: 'InvalidOutput' });
    const bytes = Buffer.from(taskToken, 'base64');
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    const changed = bench.client.send(new SendTaskSuccessCommand({ taskToken: bytes.toString('base64'), output: '1' }));
    await expect(changed).rejects.toMatchObject({ name: 'InvalidToken' });
    await bench.client.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
    await expect(bench.ended(arn)).resolves.toMatchObject({ output: '{"ok":true}' });
  });
});

it('redrives what failed, and only that, in the same history', async () => {
  let broken = true;
  lambda.answer = (response, call) =>
    (broken && call.event['step'] === 'Right' ? fails({ errorType: 'Broken' }) : answers(call.event['step']))(
      response,
      call,
    );
  const before = lambda.calls.length;
  const { executionArn: arn = '', status } = await bench.run('steps');
  expect(status).toBe('FAILED');
  const failed = await bench.history(arn);
  await waitFor('both branches', () => lambda.calls.length === before + 3);
  broken = false;
  await bench.client.send(new RedriveExecutionCommand({ executionArn: arn }));
  await expect(bench.ended(arn)).resolves.toMatchObject({
    status: 'SUCCEEDED',
    redriveCount: 1,
    output: '{"redrives":1}',
    redriveStatus: 'NOT_REDRIVABLE',
  });
  const all = await bench.history(arn);
  expect(all.slice(0, failed.length)).toEqual(failed);
  const rest = all.slice(failed.length);
  expect(rest[0]).toMatchObject({ type: 'ExecutionRedriven', executionRedrivenEventDetails: { redriveCount: 1 } });
  expect(rest.map(({ type }) => type)).not.toContain('TaskStateEntered');
  expect(
    rest.filter(({ type }) => type === 'LambdaFunctionScheduled').map(({ previousEventId }) => previousEventId),
  ).toContain(rest[0]?.id);
  expect(lambda.calls.slice(before).filter(({ event }) => event['step'] === 'First')).toHaveLength(1);
  const again = bench.client.send(new RedriveExecutionCommand({ executionArn: arn }));
  await expect(again).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });
});

it('forgets the oldest of those that have ended, and none that runs', async () => {
  const small = await startBench({ pass, sleep }, { maxEndedExecutions: 2 });
  const running = await small.start('sleep', {}, 'running');
  const arns: string[] = [];
  for (const name of ['a', 'b', 'c'])
    arns.push(String((await small.ended(await small.start('pass', {}, name))).executionArn));
  await expect(small.ended(arns[0] ?? '')).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  await expect(small.ended(arns[1] ?? '')).resolves.toMatchObject({ status: 'SUCCEEDED' });
  await expect(small.client.send(new DescribeExecutionCommand({ executionArn: running }))).resolves.toMatchObject({
    status: 'RUNNING',
  });
  await small.stop();
});

it('lists machines and executions in pages that do not shift', async () => {
  const names = async (nextToken?: string): Promise<{ names: unknown[]; nextToken: string | undefined }> => {
    const page = await bench.client.send(
      new ListExecutionsCommand({
        stateMachineArn: machineArn('pass'),
        statusFilter: 'SUCCEEDED',
        maxResults: 2,
        nextToken,
      }),
    );
    return { names: (page.executions ?? []).map(({ name }) => name), nextToken: page.nextToken };
  };
  for (const name of ['p1', 'p2', 'p3']) await bench.ended(await bench.start('pass', {}, name));
  const first = await names();
  await bench.ended(await bench.start('pass', {}, 'p4'));
  expect(first.names).toEqual(['p3', 'p2']);
  await expect(names(first.nextToken)).resolves.toEqual({ names: ['p1'], nextToken: undefined });
  timers.advance(24 * 3600 * 1000 + 1);
  await expect(names(first.nextToken)).rejects.toMatchObject({ name: 'InvalidToken' });
  const { stateMachines } = await bench.client.send(new ListStateMachinesCommand({}));
  expect(stateMachines?.map(({ name }) => name)).toEqual(expect.arrayContaining(['pass', 'quick']));
});

it('makes and describes machines', async () => {
  const definition = JSON.stringify(pass);
  const roleArn = 'arn:aws:iam::123456789012:role/states';
  const create = (name: string, text: string): Promise<unknown> =>
    bench.client.send(new CreateStateMachineCommand({ name, definition: text, roleArn }));
  await create('made', definition);
  await create('made', definition);
  await expect(create('made', JSON.stringify(sleep))).rejects.toMatchObject({
    name: 'StateMachineAlreadyExists',
    message: `State Machine Already Exists: '${machineArn('made')}'`,
  });
  await expect(create('bare', '{"StartAt":"A"}')).rejects.toMatchObject({
    name: 'InvalidDefinition',
    message: "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'",
  });
  const described = {
    name: 'made',
    definition,
    roleArn,
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  };
  await expect(
    bench.client.send(new DescribeStateMachineCommand({ stateMachineArn: machineArn('made') })),
  ).resolves.toMatchObject({ ...described, status: 'ACTIVE', type: 'STANDARD' });
  const { executionArn: arn } = await bench.run('made');
  await expect(
    bench.client.send(new DescribeStateMachineForExecutionCommand({ executionArn: arn })),
  ).resolves.toMatchObject(described);
});

it('shows a history that was made, without data where none is wanted', async () => {
  function* events(): Generator<{ type: string; details?: object }> {
    yield { type: 'ExecutionStarted', details: { input: '{}', roleArn: 'r' } };
    for (let i = 0; i < 1200; i++)
      yield { type: 'PassStateEntered', details: { name: `S${i}`, input: '{"secret":1}' } };
    yield { type: 'SomethingNew', details: { what: 'ever' } };
  }
  const arn = bench.endpoint.loadExecution('pass', {
    name: 'made',
    status: 'SUCCEEDED',
    output: '{}',
    events: events(),
  });
  await expect(bench.ended(arn)).resolves.toMatchObject({ status: 'SUCCEEDED', output: '{}' });
  const page = await bench.client.send(
    new GetExecutionHistoryCommand({ executionArn: arn, includeExecutionData: false, maxResults: 3 }),
  );
  expect(page.events?.map(({ stateEnteredEventDetails: details }) => details)).toEqual([
    undefined,
    { name: 'S0' },
    { name: 'S1' },
  ]);
  const last = await bench.client.send(
    new GetExecutionHistoryCommand({ executionArn: arn, reverseOrder: true, maxResults: 1 }),
  );
  expect(last.events).toMatchObject([{ id: 1202, type: 'SomethingNew', previousEventId: 1201 }]);
});
