import { startStepFunctionsEndpoint } from '../../../src/local/step-functions/endpoint';
import { thrownBy } from '../../support/errors';
import { functionArn } from './support';

const end = { End: true };
const pass = { Type: 'Pass', ...end };
const task = (more: object): object => ({ Type: 'Task', Resource: functionArn('work'), ...end, ...more });
const one = (state: object): object => ({ StartAt: 'A', States: { A: state } });
const inner = one(pass);

/** What the load says to a definition. */
async function refusal(definition: object | string, type: 'STANDARD' | 'EXPRESS' = 'STANDARD'): Promise<string> {
  const error = await thrownBy(() => startStepFunctionsEndpoint({ stateMachines: { m: { definition, type } } }));
  expect(error.code).toBe('option_invalid');
  return error.message;
}

// What AWS runs and this interpreter does not. Each would otherwise give a wrong result without a word.
it.each<[string, object, string]>([
  [
    'JSONata for the whole machine',
    { QueryLanguage: 'JSONata', ...inner },
    'JSONata is not run here: what it says would be passed over at /QueryLanguage',
  ],
  ['JSONata for a state', one({ ...pass, QueryLanguage: 'JSONata' }), 'at /States/A/QueryLanguage'],
  [
    'Output',
    one({ ...pass, Output: '{% $x %}' }),
    "The field 'Output' belongs to JSONata, which is not run here at /States/A/Output",
  ],
  ['Arguments', one(task({ Arguments: {} })), "The field 'Arguments' belongs to JSONata"],
  [
    'Condition',
    one({ Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'A' }] }),
    "'Condition' belongs to JSONata",
  ],
  [
    'the distributed Map',
    one({ Type: 'Map', ItemProcessor: { ...inner, ProcessorConfig: { Mode: 'DISTRIBUTED' } }, ...end }),
    'The distributed Map is not run here',
  ],
  [
    'ItemReader',
    one({ Type: 'Map', ItemReader: {}, ItemProcessor: inner, ...end }),
    "'ItemReader' belongs to the distributed Map",
  ],
  [
    'another service',
    one(task({ Resource: 'arn:aws:states:::sns:publish' })),
    "'arn:aws:states:::sns:publish' cannot be called here",
  ],
  ['an activity', one(task({ Resource: 'arn:aws:states:eu-west-1:123456789012:activity:a' })), 'cannot be called here'],
  [
    'waiting for a nested execution',
    one(task({ Resource: 'arn:aws:states:::states:startExecution.sync:2' })),
    "'.sync:2' is not run here",
  ],
  [
    'a filter in a path',
    one({ ...pass, InputPath: '$.a[?(@.b > 1)]' }),
    "The filter in the JSONPath '$.a[?(@.b > 1)]' is not run here",
  ],
])('%s is refused', async (_what, definition, message) => {
  await expect(refusal(definition)).resolves.toContain(`NOT_RUN_HERE: `);
  await expect(refusal(definition)).resolves.toContain(message);
});

// What AWS refuses, too.
it.each<[string, object | string, string]>([
  ['no JSON', '{', 'INVALID_JSON_DESCRIPTION'],
  ['no states', { StartAt: 'A' }, 'These fields are required: [States] at /'],
  [
    'an unknown start',
    { ...inner, StartAt: 'B' },
    'MISSING_TRANSITION_TARGET: Missing \'StartAt\' target: "B" at /StartAt',
  ],
  [
    'an unknown next',
    one({ Type: 'Pass', Next: 'B' }),
    "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next",
  ],
  [
    'an unknown next of a catcher',
    one(task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] })),
    '/States/A/Catch/0/Next',
  ],
  [
    'a state that nothing leads to',
    { StartAt: 'A', States: { A: pass, B: pass } },
    'State "B" is not reachable. at /States/B',
  ],
  ['no way on', one({ Type: 'Pass' }), 'exactly one of [Next, End] at /States/A'],
  ['an unknown type', one({ Type: 'Loop' }), 'A state must have a Type'],
  ['a misspelt field', one(task({ TimeoutSecond: 3 })), 'did you mean "TimeoutSeconds"'],
  [
    'a name twice',
    one({ Type: 'Parallel', Branches: [one(pass)], ...end }),
    'must be unique in the whole state machine at /States/A/Branches/0/States/A',
  ],
  ['a field that its type has not', one({ ...pass, Retry: [] }), '"Retry" is not known here'],
  ['a path that is none', one({ ...pass, OutputPath: 'a.b' }), 'must be a valid JSONPath at /States/A/OutputPath'],
  ['a ResultPath to many places', one({ ...pass, ResultPath: '$.a[*]' }), 'must be a valid Reference Path'],
  ['a ResultPath into the context', one({ ...pass, ResultPath: '$$.a' }), 'must be a valid Reference Path'],
  [
    'an unknown function',
    one({ ...pass, Parameters: { 'a.$': 'States.Wish()' } }),
    'valid intrinsic function call at /States/A/Parameters/a.$',
  ],
  [
    'a function with too few arguments',
    one({ ...pass, Parameters: { 'a.$': 'States.MathAdd(1)' } }),
    'valid intrinsic function call',
  ],
  ['a path that is text', one({ ...pass, Parameters: { 'a.$': 'plain' } }), 'valid intrinsic function call'],
  ['States.ALL with others', one(task({ Retry: [{ ErrorEquals: ['States.ALL', 'A'] }] })), 'States.ALL must be alone'],
  [
    'States.ALL before others',
    one(task({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }] })),
    'in the last of them',
  ],
  [
    'an interval of 0',
    one(task({ Retry: [{ ErrorEquals: ['A'], IntervalSeconds: 0 }] })),
    '/States/A/Retry/0/IntervalSeconds',
  ],
  [
    'heartbeats rarer than the end',
    one(task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 })),
    'must be smaller than TimeoutSeconds',
  ],
  [
    'two times to wait',
    one({ Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z', ...end }),
    'exactly one of [Seconds',
  ],
  ['no choice', one({ Type: 'Choice', Choices: [] }), 'non-empty list of Choices'],
  [
    'two comparisons',
    one({ Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, IsString: true, Next: 'A' }] }),
    'exactly one comparison',
  ],
  [
    'a comparison with another type',
    one({ Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: '1', Next: 'A' }] }),
    'must be a number',
  ],
  ['credentials without a role', one(task({ Credentials: {} })), 'exactly one of [RoleArn, RoleArn.$]'],
  [
    'an unknown parameter',
    one(task({ Resource: 'arn:aws:states:::lambda:invoke', Parameters: { Function: 'a' } })),
    'The field "Function" is not supported by Step Functions at /States/A/Parameters',
  ],
  ['a reserved variable', one({ ...pass, Assign: { states: 1 } }), 'reserved'],
  ['another version', { ...inner, Version: '2.0' }, "must be '1.0'"],
])('%s is refused', async (_what, definition, message) => {
  await expect(refusal(definition)).resolves.toContain(message);
});

it('a task token is refused in an Express machine', async () => {
  const waiting = one(task({ Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', Parameters: {} }));
  await expect(refusal(waiting, 'EXPRESS')).resolves.toContain(
    "Express state machine does not support '.waitForTaskToken'",
  );
});

it('tells all faults at once', async () => {
  const text = await refusal({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'X' }, B: { ...pass, Output: 1 } } });
  expect(text.match(/ at \//g)).toHaveLength(3);
});
