import { answers, fails, startLambdaStub, type LambdaStub } from '../../support/lambda-stub';
import { functionArn, startBench, type Bench } from './support';
import { CreateStateMachineCommand, StartSyncExecutionCommand } from '@aws-sdk/client-sfn';

let lambda: LambdaStub;
let bench: Bench;
let made = 0;

beforeAll(async () => {
  lambda = await startLambdaStub();
  bench = await startBench({}, { lambdaUrl: String(lambda.clientConfig['endpoint']) });
});

afterAll(async () => {
  await bench.stop();
  await lambda.close();
});

/** Runs states with an input as an Express execution: what comes out, or the error. */
async function run(states: Record<string, object>, input: unknown = {}): Promise<unknown> {
  made += 1;
  const definition = JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
  const machine = {
    name: `m${made}`,
    definition,
    roleArn: 'arn:aws:iam::123456789012:role/states',
    type: 'EXPRESS' as const,
  };
  const { stateMachineArn } = await bench.client.send(new CreateStateMachineCommand(machine));
  const { status, output, error } = await bench.client.send(
    new StartSyncExecutionCommand({ stateMachineArn, input: JSON.stringify(input), name: 'run' }),
  );
  return status === 'SUCCEEDED' ? JSON.parse(output ?? '') : error;
}

const pass = (more: object): Record<string, object> => ({ P: { Type: 'Pass', End: true, ...more } });
const shop = {
  store: {
    books: [
      { t: 'a', p: 8 },
      { t: 'b', p: 12 },
      { t: 'c', p: 9 },
    ],
  },
  'odd name': 1,
  x: null,
};

describe('paths', () => {
  it.each<[string, unknown]>([
    ['$.store.books[0].t', 'a'],
    ['$.store.books[-1].t', 'c'],
    ["$['odd name']", 1],
    ['$.x', null],
    ['$.store.books[*].p', [8, 12, 9]],
    ['$.store.books[0:2].t', ['a', 'b']],
    ['$.store.books[0,2].t', ['a', 'c']],
    ['$..p', [8, 12, 9]],
    ["$.store.books[0]['t','p']", ['a', 8]],
    ['$.none', 'States.Runtime'],
    ['$.store.books[9]', 'States.Runtime'],
    ['$.store.constructor', 'States.Runtime'],
  ])('%s', async (path, value) => {
    await expect(run(pass({ Parameters: { 'v.$': path }, OutputPath: '$.v' }), shop)).resolves.toEqual(value);
  });
});

describe('intrinsic functions', () => {
  it.each<[string, unknown]>([
    ["States.Format('{} is {}', $.name, $.n)", 'anna is 3'],
    ["States.Format('\\{\\} {}', 'it\\'s')", "{} it's"],
    ["States.Format('{}')", 'States.IntrinsicFailure'],
    ['States.StringToJson(\'{"a":1}\')', { a: 1 }],
    ["States.StringToJson('nope')", 'States.IntrinsicFailure'],
    ['States.JsonToString($.list)', '[1,2,3,3]'],
    ["States.Array($.n, 'x', null, true, States.Array())", [3, 'x', null, true, []]],
    ['States.ArrayPartition($.list, 3)', [[1, 2, 3], [3]]],
    ['States.ArrayContains($.list, 2)', true],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(5, 1, -2)', [5, 3, 1]],
    ['States.ArrayGetItem($.list, 1)', 2],
    ['States.ArrayGetItem($.list, 9)', 'States.IntrinsicFailure'],
    ['States.ArrayLength($.list)', 4],
    ['States.ArrayUnique($.list)', [1, 2, 3]],
    ["States.Base64Encode('Data to encode')", 'RGF0YSB0byBlbmNvZGU='],
    ["States.Base64Decode('RGF0YSB0byBkZWNvZGU=')", 'Data to decode'],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['States.JsonMerge($.a, $.b, false)', { x: 1, y: { b: 2 }, z: 3 }],
    ['States.JsonMerge($.a, $.b, true)', 'States.IntrinsicFailure'],
    ['States.MathAdd($.n, -1)', 2],
    ["States.StringSplit('1,2;3', ',;')", ['1', '2', '3']],
    ['States.ArrayLength(States.Array(1, States.MathAdd(1, 1)))', 2],
  ])('%s', async (call, value) => {
    const input = { name: 'anna', n: 3, list: [1, 2, 3, 3], a: { x: 1, y: { a: 1 } }, b: { y: { b: 2 }, z: 3 } };
    await expect(run(pass({ Parameters: { 'v.$': call }, OutputPath: '$.v' }), input)).resolves.toEqual(value);
  });

  it('makes other numbers and IDs each time, the same number for the same seed', async () => {
    const parameters = {
      'a.$': 'States.MathRandom(1, 1000000, 7)',
      'b.$': 'States.MathRandom(1, 1000000, 7)',
      'id.$': 'States.UUID()',
    };
    const result = (await run(pass({ Parameters: parameters }))) as { a: number; b: number; id: string };
    expect(result.a).toBe(result.b);
    expect(result.a).toBeGreaterThanOrEqual(1);
    expect(result.id).toMatch(/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  });
});

describe('choices', () => {
  it.each<[object, boolean | string]>([
    [{ Variable: '$.n', NumericEquals: 5 }, true],
    [{ Variable: '$.n', NumericGreaterThanEquals: 6 }, false],
    [{ Variable: '$.n', NumericLessThanPath: '$.m' }, true],
    [{ Variable: '$.s', NumericEquals: 5 }, false],
    [{ Variable: '$.s', StringEquals: 'report-1.csv' }, true],
    [{ Variable: '$.s', StringMatches: 'report-*.csv' }, true],
    [{ Variable: '$.s', StringMatches: 'report.*' }, false],
    [{ Variable: '$.star', StringMatches: 'a\\*b' }, true],
    [{ Variable: '$.s', StringMatches: '*\\**' }, false],
    [{ Variable: '$.s', StringLessThan: 'z' }, true],
    [{ Variable: '$.b', BooleanEquals: false }, true],
    [{ Variable: '$.b', BooleanEqualsPath: '$.b' }, true],
    [{ Variable: '$.t', TimestampGreaterThan: '2026-11-20T09:00:00+02:00' }, true],
    [{ Variable: '$.t', IsTimestamp: true }, true],
    [{ Variable: '$.s', IsTimestamp: false }, true],
    [{ Variable: '$.none', IsPresent: false }, true],
    [{ Variable: '$.nothing', IsNull: true }, true],
    [{ Variable: '$.n', IsString: true }, false],
    [{ Variable: '$.none', StringEquals: 'x' }, 'States.Runtime'],
    [{ And: [{ Variable: '$.n', IsNumeric: true }, { Not: { Variable: '$.n', NumericEquals: 6 } }] }, true],
    [
      {
        Or: [
          { Variable: '$.n', NumericEquals: 6 },
          { Variable: '$.b', BooleanEquals: true },
        ],
      },
      false,
    ],
  ])('%j', async (rule, expected) => {
    const states = {
      C: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Pass', Result: true, End: true },
      No: { Type: 'Pass', Result: false, End: true },
    };
    const input = { n: 5, m: 6, s: 'report-1.csv', star: 'a*b', b: false, t: '2026-11-20T08:00:00Z', nothing: null };
    await expect(run(states, input)).resolves.toBe(expected);
  });

  it('fails where nothing matches and there is no default', async () => {
    const states = {
      C: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: 1, Next: 'S' }] },
      S: { Type: 'Succeed' },
    };
    await expect(run(states, { a: 2 })).resolves.toBe('States.NoChoiceMatched');
  });
});

describe('data', () => {
  const echo = { Type: 'Task', Resource: functionArn('work'), End: true };

  it.each<[string, object, unknown]>([
    ['the result replaces the input', {}, { ok: 1, n: 2 }],
    [
      'the result beside the input',
      { ResultPath: '$.deep.result' },
      { a: { b: 1 }, deep: { result: { ok: 1, n: 2 } } },
    ],
    ['no result', { ResultPath: null }, { a: { b: 1 } }],
    ['part of the result', { ResultSelector: { 'picked.$': '$.n' } }, { picked: 2 }],
    ['part of what comes out', { ResultPath: '$.r', OutputPath: '$.r.ok' }, 1],
    ['nothing', { OutputPath: null }, {}],
    ['a result that has no place', { ResultPath: '$.a.b.c' }, 'States.ResultPathMatchFailure'],
  ])('%s', async (_what, more, expected) => {
    lambda.answer = answers({ ok: 1, n: 2 });
    await expect(run({ T: { ...echo, ...more } }, { a: { b: 1 } })).resolves.toEqual(expected);
  });

  it('gives a task what InputPath and Parameters leave, with the context object', async () => {
    lambda.answer = answers(null);
    const Parameters = {
      'b.$': '$.b',
      fixed: [{ 'who.$': '$$.Execution.Input.caller' }],
      'name.$': '$$.State.Name',
      'id.$': '$$.Execution.Id',
      'tries.$': '$$.State.RetryCount',
    };
    await run({ Task: { ...echo, InputPath: '$.a', Parameters } }, { a: { b: 1 }, caller: 'anna' });
    expect(lambda.calls.at(-1)?.event).toEqual({
      b: 1,
      fixed: [{ who: 'anna' }],
      name: 'Task',
      id: expect.stringMatching(/:express:m\d+:run:/) as string,
      tries: 0,
    });
  });

  it('keeps variables through states and branches, where only the own ones change', async () => {
    const states = {
      Keep: { Type: 'Pass', Assign: { 'who.$': '$.caller', n: 1 }, ResultPath: null, Next: 'Gone' },
      Gone: { Type: 'Pass', Result: 'gone', Next: 'Both' },
      Both: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'In',
            States: {
              In: { Type: 'Pass', Assign: { n: 2 }, Next: 'In2' },
              In2: { Type: 'Pass', Parameters: { 'n.$': '$n', 'who.$': '$who' }, End: true },
            },
          },
        ],
        Next: 'Out',
      },
      Out: { Type: 'Pass', Parameters: { 'n.$': '$n', 'inner.$': '$[0]' }, End: true },
    };
    await expect(run(states, { caller: 'anna' })).resolves.toEqual({ n: 1, inner: { n: 2, who: 'anna' } });
  });

  it('gives iterations their item and index, in the order of the items', async () => {
    const states = {
      M: {
        Type: 'Map',
        ItemsPath: '$.items',
        MaxConcurrency: 2,
        ItemSelector: { 'i.$': '$$.Map.Item.Index', 'v.$': '$$.Map.Item.Value', 'all.$': '$.base' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'Add',
          States: {
            Add: { Type: 'Pass', Parameters: { 'sum.$': 'States.MathAdd($.v, $.all)', 'i.$': '$.i' }, End: true },
          },
        },
        End: true,
      },
    };
    const items = [5, 6, 7];
    await expect(run(states, { items, base: 10 })).resolves.toEqual(items.map((v, i) => ({ sum: v + 10, i })));
    await expect(run(states, { items: [], base: 10 })).resolves.toEqual([]);
    await expect(run(states, { items: 'none', base: 10 })).resolves.toBe('States.Runtime');
  });

  it('lets no result through that is larger than 256 KB', async () => {
    lambda.answer = answers({ text: 'x'.repeat(262_144) });
    await expect(
      run({ T: { ...echo, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Never' }] }, Never: { Type: 'Succeed' } }),
    ).resolves.toBe('States.DataLimitExceeded');
  });
});

describe('errors', () => {
  const failing = (...names: string[]): Record<string, object> => ({
    T: {
      Type: 'Task',
      Resource: functionArn('work'),
      Catch: [{ ErrorEquals: names, ResultPath: '$.e', Next: 'Caught' }],
      End: true,
    },
    Caught: { Type: 'Pass', Parameters: { 'e.$': '$.e.Error' }, End: true },
  });

  it.each<[string, object, unknown]>([
    ['by its name', failing('Odd', 'Broken'), { e: 'Broken' }],
    ['as a failed task', failing('States.TaskFailed'), { e: 'Broken' }],
    ['as anything', failing('States.ALL'), { e: 'Broken' }],
    ['not by another name', failing('States.Timeout', 'Odd'), 'Broken'],
  ])('an error is caught %s', async (_how, states, expected) => {
    lambda.answer = fails({ errorType: 'Broken', errorMessage: 'x' });
    await expect(run(states as Record<string, object>, {})).resolves.toEqual(expected);
  });

  it('names errors of Lambda itself as Step Functions does', async () => {
    lambda.answer = (response) =>
      response.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' }).end('{"message":"Rate exceeded"}');
    await expect(run(failing('Lambda.TooManyRequestsException'))).resolves.toEqual({
      e: 'Lambda.TooManyRequestsException',
    });
  });

  it('tries nothing again where the retrier says 0 times', async () => {
    lambda.answer = fails({ errorType: 'Busy' });
    const before = lambda.calls.length;
    const never = {
      ...failing('Nothing')['T'],
      Catch: undefined,
      Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }],
    };
    await expect(run({ T: never })).resolves.toBe('Busy');
    expect(lambda.calls.length - before).toBe(1);
  });

  it('fails with what a Fail state reads from its input', async () => {
    await expect(
      run({ F: { Type: 'Fail', ErrorPath: "States.Format('E{}', $.n)", CausePath: '$.why' } }, { n: 7, why: 'so' }),
    ).resolves.toBe('E7');
  });
});
