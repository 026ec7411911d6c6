import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InvokeCommand, LambdaClient, type InvokeCommandInput, type InvokeCommandOutput } from '@aws-sdk/client-lambda';

import { startLambdaEndpoint, type LambdaEndpoint } from '../../../src/local/lambda/endpoint';
import { thrownBy } from '../../support/errors';

/** The runtime is a program of its own, so the built one is what runs. */
const runtimeFile = join(__dirname, '../../../dist/local/lambda/runtime.js');
const fixture = (name: string): string => join(__dirname, 'fixtures', name);
const HANDLERS = [
  'echo environment speak callback callbackError nothing fail failText exit hang spin big longLog meet flaky',
].flatMap((names) => names.split(' '));

let directory: string;
let endpoint: LambdaEndpoint;
let client: LambdaClient;
const warnings: string[] = [];

function clientFor(url: string): LambdaClient {
  return new LambdaClient({
    endpoint: url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'baton-lambda-'));
  process.env['BATON_TEST_SECRET'] = 'of the parent';
  const functions = Object.fromEntries(
    HANDLERS.map((handlerName) => [
      handlerName,
      { handlerFile: fixture('handlers.js'), handlerName, environment: { OWN: handlerName }, timeoutSeconds: 5 },
    ]),
  );
  const record = (message: string): unknown => warnings.push(message);
  endpoint = await startLambdaEndpoint({
    functions: {
      ...functions,
      hang: { handlerFile: fixture('handlers.js'), handlerName: 'hang', environment: {}, timeoutSeconds: 1 },
      spin: { handlerFile: fixture('handlers.js'), handlerName: 'spin', environment: {}, timeoutSeconds: 1 },
      esm: { handlerFile: fixture('esm.mjs'), environment: {} },
      broken: { handlerFile: fixture('broken.js'), environment: {} },
      nameless: { handlerFile: fixture('handlers.js'), environment: {} },
    },
    logDirectory: join(directory, 'logs'),
    maxConcurrency: 2,
    runtimeFile,
    logger: { error: record, warn: record, info: record, debug: record },
  });
  client = clientFor(endpoint.url);
});

afterAll(async () => {
  client.destroy();
  await endpoint.stop();
  delete process.env['BATON_TEST_SECRET'];
  rmSync(directory, { recursive: true });
});

type Result = InvokeCommandOutput & { readonly json: ReturnType<typeof JSON.parse> };

async function invoke(
  FunctionName: string,
  event: unknown = {},
  more: Partial<InvokeCommandInput> = {},
  headers: Record<string, string> = {},
): Promise<Result> {
  const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(event), ...more });
  command.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: object }).headers, headers);
      return next(args);
    },
    { step: 'build' },
  );
  const output = await client.send(command);
  const text = output.Payload?.transformToString() ?? '';
  return Object.assign(output, { json: text === '' ? undefined : JSON.parse(text) });
}

const refusedWith = async (call: Promise<unknown>): Promise<Record<string, unknown>> =>
  call.then(
    () => ({}),
    (error: unknown) => error as Record<string, unknown>,
  );

const log = (name: string): string => readFileSync(endpoint.logFile(name), 'utf8');

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('The condition did not come true within 10 s.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a call that waits for its answer', () => {
  it('hands event and context over, and keeps the process for the next call', async () => {
    const first = await invoke('echo', { id: 7 });
    const second = await invoke('echo', { id: 8 });
    expect(first.StatusCode).toBe(200);
    expect(first.FunctionError).toBeUndefined();
    expect(first.ExecutedVersion).toBe('$LATEST');
    expect(first.json.event).toEqual({ id: 7 });
    expect(first.json.context).toMatchObject({
      functionName: 'echo',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:echo',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/echo',
      awsRequestId: first.$metadata.requestId,
    });
    expect(first.json.context.remaining).toBeGreaterThan(4_000);
    expect(first.json.context.remaining).toBeLessThanOrEqual(5_000);
    expect([first.json.invocations, second.json.invocations]).toEqual([1, 2]);
    expect(second.json.pid).toBe(first.json.pid);
    expect(first.json.pid).not.toBe(process.pid);
  });

  it.each([
    ['echo:live', {}, '1', 'arn:aws:lambda:eu-west-1:123456789012:function:echo:live'],
    ['echo', { Qualifier: '7' }, '7', 'arn:aws:lambda:eu-west-1:123456789012:function:echo:7'],
    [
      'arn:aws:lambda:eu-west-1:123456789012:function:echo:live',
      {},
      '1',
      'arn:aws:lambda:eu-west-1:123456789012:function:echo:live',
    ],
    ['123456789012:function:echo', {}, '$LATEST', 'arn:aws:lambda:eu-west-1:123456789012:function:echo'],
  ])('finds %s %j', async (name, more, version, arn) => {
    const result = await invoke(name, {}, more);
    expect(result.ExecutedVersion).toBe(version);
    expect(result.json.context.invokedFunctionArn).toBe(arn);
  });

  it('gives the function its own environment and nothing of the parent’s', async () => {
    const { json } = await invoke('environment');
    expect(json).toMatchObject({
      OWN: 'environment',
      AWS_LAMBDA_FUNCTION_NAME: 'environment',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_REGION: 'eu-west-1',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/environment',
      TZ: ':UTC',
    });
    expect(json).not.toHaveProperty('BATON_TEST_SECRET');
    expect(json).not.toHaveProperty('JEST_WORKER_ID');
    expect(json).not.toHaveProperty('NODE_OPTIONS');
  });

  it('hands the caller’s trace on, and makes one where there is none', async () => {
    const trace = 'Root=1-67890abc-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1';
    expect((await invoke('echo', {}, {}, { 'X-Amzn-Trace-Id': trace })).json.trace).toBe(trace);
    expect((await invoke('echo')).json.trace).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
    );
  });

  it('hands the client context over', async () => {
    const ClientContext = Buffer.from(JSON.stringify({ custom: { correlationId: 'c1' } })).toString('base64');
    expect((await invoke('echo', {}, { ClientContext })).json.context.clientContext).toEqual({
      custom: { correlationId: 'c1' },
    });
  });

  it('takes handlers with a callback, ES modules, and nothing as a result', async () => {
    expect((await invoke('callback', { value: 3 })).json).toEqual({ got: 3 });
    expect((await invoke('esm', { a: 1 })).json).toEqual({ esm: true, event: { a: 1 } });
    expect((await invoke('nothing')).json).toBeNull();
  });

  it('takes a call without a payload as an empty event', async () => {
    expect((await invoke('echo', {}, { Payload: undefined })).json.event).toEqual({});
  });
});

describe('a function that fails', () => {
  it.each([
    ['fail', 'RangeError', 'out of bounds'],
    ['failText', 'string', 'just text'],
    ['callbackError', 'TypeError', 'by callback'],
    ['exit', 'Runtime.ExitError', expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: .*exit status 3$/)],
    ['hang', 'Sandbox.Timedout', expect.stringMatching(/^RequestId: .* Error: Task timed out after 1\.00 seconds$/)],
    ['spin', 'Sandbox.Timedout', expect.stringContaining('Task timed out')],
    ['big', 'Function.ResponseSizeTooLarge', expect.stringContaining('exceeded maximum')],
    ['broken', 'Runtime.ImportModuleError', expect.stringContaining('does not load')],
    ['nameless', 'Runtime.HandlerNotFound', 'handler is undefined or not exported'],
  ])('%s: 200 with a function error', async (name, errorType, errorMessage) => {
    const result = await invoke(name);
    expect(result.StatusCode).toBe(200);
    expect(result.FunctionError).toBe('Unhandled');
    expect(result.json).toMatchObject({ errorType, errorMessage });
  });

  it('is fit for the next call, in a new process where the old one is gone', async () => {
    const first = await invoke('exit');
    const second = await invoke('exit');
    expect([first.FunctionError, second.FunctionError]).toEqual(['Unhandled', 'Unhandled']);
    expect((await invoke('fail')).json.trace[0]).toBe('RangeError: out of bounds');
  });
});

describe('the log', () => {
  it('has START, the output in Lambda’s format, END and REPORT', async () => {
    const trace = 'Root=1-67890abc-0123456789abcdef01234567';
    const result = await invoke('speak', {}, { LogType: 'Tail' }, { 'X-Amzn-Trace-Id': trace });
    const id = result.$metadata.requestId ?? '';
    const [loaded = '', start, hello, lines, raw, end, report = '', ...more] = log('speak')
      .split('\n')
      .filter((line) => line !== 'unfinished line');
    expect(loaded).toContain('INFO\tmodule loaded');
    expect(start).toBe(`START RequestId: ${id} Version: $LATEST`);
    expect(hello).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\t${id}\tINFO\thello log$`));
    expect(lines).toMatch(new RegExp(`\t${id}\tERROR\ttwo\rlines$`));
    expect(raw).toBe('{"raw":"json"}');
    expect(end).toBe(`END RequestId: ${id}`);
    expect(report).toMatch(
      new RegExp(
        `^REPORT RequestId: ${id}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\t` +
          'Max Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms\tXRAY TraceId: 1-67890abc-0123456789abcdef01234567$',
      ),
    );
    expect(more).toEqual(['']);
    expect(log('speak')).toContain('unfinished line\n');
    const tail = Buffer.from(result.LogResult ?? '', 'base64').toString();
    expect(tail.split('\n').sort()).toEqual([...log('speak').split('\n').slice(1)].sort());
  });

  it('comes back as its last 4 KB with LogType Tail, and not without', async () => {
    expect((await invoke('longLog')).LogResult).toBeUndefined();
    const tail = Buffer.from((await invoke('longLog', {}, { LogType: 'Tail' })).LogResult ?? '', 'base64');
    expect(tail).toHaveLength(4_096);
    expect(tail.toString()).toContain('REPORT RequestId');
  });

  it('says that a task timed out', async () => {
    await invoke('hang');
    expect(log('hang')).toMatch(/Task timed out after 1\.00 seconds\nEND RequestId/);
  });
});

describe('a call that does not wait', () => {
  it('is accepted at once and runs with no client context', async () => {
    const ClientContext = Buffer.from('{"custom":{}}').toString('base64');
    const result = await invoke('speak', {}, { InvocationType: 'Event', ClientContext });
    expect([result.StatusCode, result.json]).toEqual([202, undefined]);
    const id = result.$metadata.requestId ?? '';
    await until(() => log('speak').includes(`END RequestId: ${id}`));
  });

  it('is tried three times, the last one successfully', async () => {
    const file = join(directory, 'attempts');
    await invoke('flaky', { file, failures: 2 }, { InvocationType: 'Event' });
    await until(() => existsSync(file) && readFileSync(file, 'utf8').length === 3);
    await until(() => log('flaky').split('REPORT RequestId').length === 4);
    expect(warnings).toEqual([]);
  });

  it('is given up after three failures', async () => {
    const result = await invoke('fail', {}, { InvocationType: 'Event' });
    await until(() => warnings.length > 0);
    expect(warnings.splice(0)).toEqual([expect.stringContaining('function:fail failed three times')]);
    expect(log('fail').split(`START RequestId: ${result.$metadata.requestId}`)).toHaveLength(4);
  });
});

describe('the service', () => {
  it('checks only with DryRun', async () => {
    expect((await invoke('fail', {}, { InvocationType: 'DryRun' })).StatusCode).toBe(204);
    expect((await refusedWith(invoke('absent', {}, { InvocationType: 'DryRun' })))['name']).toBe(
      'ResourceNotFoundException',
    );
  });

  const refusals: [string, () => Promise<unknown>, string, number][] = [
    ['an unknown function', () => invoke('absent'), 'ResourceNotFoundException', 404],
    ['a name that is none', () => invoke('a b'), 'ValidationException', 400],
    [
      'an unknown type',
      () => invoke('echo', {}, { InvocationType: 'Later' as never }),
      'InvalidParameterValueException',
      400,
    ],
    ['no JSON', () => invoke('echo', {}, { Payload: '{' }), 'InvalidRequestContentException', 400],
    [
      'a client context that is no JSON',
      () => invoke('echo', {}, { ClientContext: 'ew==' }),
      'InvalidRequestContentException',
      400,
    ],
    ['an event above 6 MB', () => invoke('echo', 'x'.repeat(6 * 1024 * 1024)), 'RequestTooLargeException', 413],
    [
      'an asynchronous event above 1 MB',
      () => invoke('echo', 'x'.repeat(1024 * 1024), { InvocationType: 'Event' }),
      'RequestTooLargeException',
      413,
    ],
  ];
  it.each(refusals)('refuses %s', async (_name, call, name, status) => {
    expect(await refusedWith(call())).toMatchObject({ name, $metadata: { httpStatusCode: status } });
  });

  it('takes an event of exactly 6 MB', async () => {
    const text = 'x'.repeat(6 * 1024 * 1024 - 2);
    // The answer repeats the event and is larger: that it was run shows in the kind of error.
    expect((await invoke('echo', text)).json.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  it('runs calls in parallel processes up to its bound, and throttles above it', async () => {
    const meeting = mkdtempSync(join(directory, 'meet-'));
    const both = [invoke('meet', { directory: meeting, others: 3 }), invoke('meet', { directory: meeting, others: 3 })];
    await until(() => readdirSync(meeting).length === 2);
    const third = await refusedWith(invoke('meet', { directory: meeting, others: 3 }));
    expect(third).toMatchObject({
      name: 'TooManyRequestsException',
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      $metadata: { httpStatusCode: 429 },
    });
    rmSync(meeting, { recursive: true });
    await Promise.all(both);
  });

  it('wants a signature and knows only Invoke', async () => {
    const url = `${endpoint.url}/2015-03-31/functions/echo/invocations`;
    const unsigned = await fetch(url, { method: 'POST', body: '{}' });
    expect([unsigned.status, unsigned.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
    expect((await fetch(`${endpoint.url}/2015-03-31/functions/`)).status).toBe(404);
  });
});

describe('startLambdaEndpoint', () => {
  const one = (definition: object): Promise<unknown> =>
    startLambdaEndpoint({ functions: { f: definition as never }, logDirectory: join(directory, 'other') });

  it.each([
    ['a handler file that is not there', { handlerFile: '/nowhere.js', environment: {} }, 'option_invalid'],
    ['a time limit of 0', { handlerFile: __filename, environment: {}, timeoutSeconds: 0 }, 'option_invalid'],
    ['an unknown option', { handlerFile: __filename, environment: {}, timeout: 1 }, 'option_unknown'],
  ])('refuses %s', async (_name, definition, code) => {
    expect((await thrownBy(() => one(definition))).code).toBe(code);
  });

  it('knows no log of a function that is not there', async () => {
    expect((await thrownBy(() => endpoint.logFile('absent'))).code).toBe('function_unknown');
  });

  it('ends every process when it stops, busy ones too', async () => {
    const own = await startLambdaEndpoint({
      functions: {
        echo: { handlerFile: fixture('handlers.js'), handlerName: 'echo', environment: {} },
        meet: { handlerFile: fixture('handlers.js'), handlerName: 'meet', environment: {}, timeoutSeconds: 60 },
      },
      logDirectory: join(directory, 'stopping'),
      runtimeFile,
    });
    const sdk = clientFor(own.url);
    const idle = await sdk.send(new InvokeCommand({ FunctionName: 'echo', Payload: '{}' }));
    const { pid } = JSON.parse(idle.Payload?.transformToString() ?? '') as { pid: number };
    const meeting = mkdtempSync(join(directory, 'busy-'));
    const Payload = JSON.stringify({ directory: meeting, others: 2 });
    const busy = refusedWith(sdk.send(new InvokeCommand({ FunctionName: 'meet', Payload })));
    await until(() => readdirSync(meeting).length === 1);
    const busyPid = Number(readdirSync(meeting)[0]);
    await own.stop();
    for (const ended of [pid, busyPid]) expect(() => process.kill(ended, 0)).toThrow('ESRCH');
    expect((await busy)['name']).toBeDefined();
    sdk.destroy();
  });
});
