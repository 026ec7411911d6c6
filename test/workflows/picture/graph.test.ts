import { approvalDefinition } from '../../support/approval-runs';
import { allStates, machineGraph } from '../../../src/workflows/picture/graph';
import { ruleText } from '../../../src/workflows/picture/rule-text';

it('draws what follows below what it follows, what only errors lead to at the end', () => {
  const machine = machineGraph(approvalDefinition());
  expect(machine.states.map(({ name }) => name)).toEqual([
    'Validate',
    'ByAmount',
    'Checks',
    'Approval',
    'Pay',
    'PaySmall',
    'Notify',
    'Paid',
    'Rejected',
    'Undecided',
    'Failed',
  ]);
  const approval = machine.states.find(({ name }) => name === 'Approval');
  expect(approval).toMatchObject({ type: 'Task', detail: 'ask-approval', waits: true, ends: false });
  expect(approval?.transitions.map(({ kind, to, label }) => [kind, to, label])).toEqual([
    ['next', 'Pay', ''],
    ['catch', 'Rejected', 'baton.rejected'],
    ['catch', 'Undecided', 'States.Timeout'],
    ['catch', 'Failed', 'States.ALL'],
  ]);
  const within = allStates(machine).map(({ name }) => name);
  expect(within.slice(2, 7)).toEqual(['Checks', 'CheckSupplier', 'SupplierRefused', 'CheckBudget', 'OverBudget']);
});

it('a loop ends, and a state that nothing leads to is drawn last', () => {
  const States = {
    Lost: { Type: 'Pass', End: true },
    Ask: { Type: 'Task', Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:ask', Next: 'Done?' },
    'Done?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.done', BooleanEquals: true, Next: 'End' }],
      Default: 'Sleep',
    },
    Sleep: { Type: 'Wait', Seconds: 30, Next: 'Ask' },
    End: { Type: 'Succeed' },
  };
  const { states } = machineGraph({ StartAt: 'Ask', States });
  expect(states.map(({ name, detail }) => [name, detail])).toEqual([
    ['Ask', 'ask'],
    ['Done?', undefined],
    ['Sleep', '30 s'],
    ['End', undefined],
    ['Lost', undefined],
  ]);
});

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['a list', []],
  ['states that are none', { StartAt: 'A', States: { A: 7 } }],
  ['a start that is not there', { StartAt: 'B', States: { A: { Type: 'Succeed' } } }],
  ['a way to nowhere', { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } }],
])('%s is no reason to fail', (_what, definition) => {
  expect(machineGraph(definition).states.length).toBeLessThanOrEqual(1);
});

it.each<[object, string]>([
  [{ Variable: '$.amount', NumericLessThanEquals: 100 }, '$.amount ≤ 100'],
  [{ Variable: '$.amount', NumericGreaterThanPath: '$.limit' }, '$.amount > $.limit'],
  [{ Variable: '$.name', StringEquals: 'a"b' }, String.raw`$.name = "a\"b"`],
  [{ Variable: '$.paid', BooleanEquals: true }, '$.paid'],
  [{ Variable: '$.paid', BooleanEquals: false }, '$.paid = false'],
  [{ Variable: '$.name', StringMatches: 'a*' }, '$.name like "a*"'],
  [{ Variable: '$.name', IsPresent: false }, '$.name is not present'],
  [{ Not: { Variable: '$.a', IsNull: true } }, 'not $.a is null'],
  [
    {
      Or: [
        { Variable: '$.a', BooleanEquals: true },
        {
          And: [
            { Variable: '$.b', IsString: true },
            { Variable: '$.c', NumericEquals: 1 },
          ],
        },
      ],
    },
    '$.a or ($.b is string and $.c = 1)',
  ],
  [{ Condition: '{% $amount > 100 %}' }, '$amount > 100'],
  [{}, ''],
])('the rule %j is written %j', (rule, text) => {
  expect(ruleText({ ...rule, Next: 'X' })).toBe(text);
});
