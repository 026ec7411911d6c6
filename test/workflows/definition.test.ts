import { besidePolicy, checkDefinition } from '../../src/workflows/definition/check';
import { definitionFindingText } from '../../src/workflows/definition/finding';
import { invoicesDocument } from '../support/invoices';
import { workflowsOfInvoices } from '../support/workflows';

type Json = Readonly<Record<string, unknown>>;
const { functions } = invoicesDocument;

const payload = {
  'caller.$': '$$.Execution.Input.caller',
  'execution.$': '$$.Execution.Name',
  'state.$': '$$.State.Name',
  'payload.$': '$.invoice',
};
const sound = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: functions['render-invoice'].target, Payload: payload },
  TimeoutSeconds: 30,
  Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'] }],
  Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Failed' }],
  ResultPath: '$.rendered',
};
const parameters = (changes: Json): Json => ({
  Parameters: { ...sound.Parameters, Payload: { ...payload, ...changes } },
});

/** A machine of two tasks and whatever is put between them. */
function machine(render: Json = {}, more: Json = {}, pay: Json = {}): object {
  return {
    StartAt: 'Render',
    States: {
      Render: { ...sound, ...render, Next: Object.keys(more)[0] ?? 'Pay' },
      ...more,
      Pay: { ...sound, ...pay, End: true },
      Failed: { Type: 'Fail' },
    },
  };
}

/** Compiling the validator's schemas takes half a second each time, so most tests do without the syntax. */
function found(
  definition: unknown,
  workflow: object = workflowsOfInvoices['approve-invoice'],
  check = besidePolicy,
): string[] {
  const findings = check(JSON.parse(JSON.stringify(definition)), { workflow: workflow as never, functions });
  for (const finding of findings) expect(definitionFindingText(finding)).toMatch(/^\S.{20,}/);
  return findings.map(({ code, pointer, names }) => [code, pointer, ...names].join(' ').trim());
}

const at = '/States/Render';
const sent = `${at}/Parameters/Payload`;
const none = undefined;
const pass = (state: Json): Json => ({ Between: { Type: 'Pass', Next: 'Pay', ...state } });
const reads = parameters({ 'who.$': '$.caller.subject' });
const readsAt = '/States/Pay/Parameters/Payload/who.$';

it.each<[string, object]>([
  ['as docs/workflows.md has it', machine()],
  ['by the ARN of its function', machine({ Resource: functions['render-invoice'].target, Parameters: payload })],
  ['with all of the execution', machine(parameters({ 'execution.$': '$$.Execution' }))],
  ['with a task token', machine(parameters({ 'payload.$': none, payload: { 'token.$': '$$.Task.Token' } }))],
  ['with a role in the definition', machine({ Credentials: { RoleArn: 'arn:aws:iam::123456789012:role/render' } })],
  ['with a pass that keeps the caller', machine({}, pass({ Parameters: { 'caller.$': '$$.Execution.Input.caller' } }))],
])('finds nothing in a machine that is sound: %s', (_name, definition) => {
  expect(found(definition)).toEqual([]);
});

const asking = {
  ...sound,
  Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  Parameters: {
    QueueUrl: 'https://sqs.example.com/q',
    MessageBody: { 'taskToken.$': '$$.Task.Token', 'for.$': '$.invoice' },
  },
  Retry: [{ ErrorEquals: ['States.Timeout'] }],
  ResultPath: '$.approval',
};
const approved = {
  ...workflowsOfInvoices['approve-invoice'],
  approvals: { Ask: { permission: 'invoice:approve' } },
  steps: {
    ...workflowsOfInvoices['approve-invoice'].steps,
    Pay: { ...workflowsOfInvoices['approve-invoice'].steps.Pay, approvedBy: 'Ask' },
  },
};
const shows = parameters({ 'approval.$': '$.approval' });
const asks = (changes: Json = {}): object => machine({}, { Ask: { ...asking, Next: 'Pay', ...changes } }, shows);
const askAt = '/States/Ask';
const inLambda = (Payload: Json): Json => ({
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Parameters: { FunctionName: functions['render-invoice'].target, Payload },
});

it.each<[string, object, readonly string[]]>([
  ['is sound', asks(), []],
  [
    'hands its token on under another name',
    asks({ Parameters: { MessageBody: { 'token.$': '$$.Task.Token' } } }),
    [
      `approval_without_token ${askAt}/Parameters Ask MessageBody`,
      `token_elsewhere ${askAt}/Parameters/MessageBody/token.$ Ask`,
    ],
  ],
  [
    'hands its token on from data',
    asks({ Parameters: { MessageBody: { 'taskToken.$': '$.token', 'a.$': "States.Format('{}', $$.Task.Token)" } } }),
    [
      `approval_without_token ${askAt}/Parameters Ask MessageBody`,
      `token_elsewhere ${askAt}/Parameters/MessageBody/a.$ Ask`,
    ],
  ],
  [
    'keeps its token in the data',
    asks({ ResultSelector: { 'token.$': '$$.Task.Token' } }),
    [`token_elsewhere ${askAt}/ResultSelector/token.$ Ask`],
  ],
  [
    'waits by another service',
    asks({
      Resource: 'arn:aws:states:::sns:publish.waitForTaskToken',
      Parameters: { Message: { 'taskToken.$': '$$.Task.Token' } },
    }),
    [
      `approval_without_token ${askAt}/Parameters Ask sns:publish.waitForTaskToken`,
      `token_elsewhere ${askAt}/Parameters/Message/taskToken.$ Ask`,
    ],
  ],
  [
    'waits for nobody',
    asks({ Resource: 'arn:aws:states:::sqs:sendMessage' }),
    ['approval_without_state /approvals/Ask Ask'],
  ],
  [
    'asks again until it is approved',
    asks({ Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 0 }, { ErrorEquals: ['Sqs.X', 'States.TaskFailed'] }] }),
    [`rejection_retried ${askAt}/Retry/1 Ask`],
  ],
  ['asks for heartbeats', asks({ HeartbeatSeconds: 60 }), [`approval_with_heartbeat ${askAt}/HeartbeatSeconds Ask`]],
  ['has no time-out', asks({ TimeoutSeconds: undefined }), [`task_without_timeout ${askAt} Ask`]],
  [
    'asks by a function of the app',
    asks(inLambda({ ...payload, 'taskToken.$': '$$.Task.Token' })),
    [`task_without_permission ${askAt} Ask`],
  ],
  [
    'is in a map',
    machine(
      {},
      {
        All: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'Ask', States: { Ask: { ...asking, Next: undefined, End: true } } },
          ResultPath: '$.all',
          Next: 'Pay',
        },
      },
      shows,
    ),
    ['approval_in_map /States/All/ItemProcessor/States/Ask Ask'],
  ],
])('an approval that %s', (_name, definition, findings) => {
  expect(found(definition, approved)).toEqual(findings);
});

it('an approval is handed on to the steps that ask for it, and to no others', () => {
  const ask = { Ask: { ...asking, Next: 'Pay' } };
  expect(found(machine({}, ask), approved)).toEqual(['task_without_approval /States/Pay/Parameters/Payload Pay Ask']);
  const jsonata = { ...shows, QueryLanguage: 'JSONata', Arguments: {} };
  expect(found(machine(jsonata, ask, shows), approved)).toContain(
    'task_without_caller /States/Render/Arguments/Payload caller execution state',
  );
  expect(found(machine(shows, ask, shows), approved)).toEqual([
    'approval_unasked /States/Render/Parameters/Payload Render',
  ]);
});

it('reads JSONata as well', () => {
  const event = {
    caller: '{% $states.context.Execution.Input.caller %}',
    execution: '{% $states.context.Execution.Name %}',
    state: '{% $states.context.State.Name %}',
    payload: '{% $states.input.invoice %}',
  };
  const task = (Payload: object): object => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: 'render-invoice', Payload },
    TimeoutSeconds: 30,
    Retry: [{ ErrorEquals: ['States.ALL'] }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
    End: true,
  });
  const of = (Payload: object): object => ({
    QueryLanguage: 'JSONata',
    StartAt: 'Render',
    States: { Render: task(Payload), Failed: { Type: 'Fail' } },
  });
  const workflow = {
    ...workflowsOfInvoices['approve-invoice'],
    steps: { Render: { function: 'render-invoice', permission: 'x' } },
  };
  expect(found(of(event), workflow)).toEqual([]);
  expect(found(of({ ...event, caller: '{% $states.input.caller %}' }), workflow)).toEqual([
    `task_without_caller ${at}/Arguments/Payload caller`,
    `caller_from_data ${at}/Arguments/Payload/caller`,
  ]);
});

it('finds a way to a step that another pass through the approval was for', () => {
  const toPay = [
    { ErrorEquals: ['baton.rejected'], ResultPath: '$.no', Next: 'Failed' },
    { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Note' },
  ];
  const note = { Note: { Type: 'Pass', Next: 'Pay' } };
  const of = (ask: Json, pay: Json): object => {
    const { States, ...rest } = asks(ask) as { States: { Pay: Json } };
    const { End: _, ...paying } = States.Pay;
    return { ...rest, States: { ...States, ...note, Pay: { ...paying, ...pay } } };
  };
  const again = { Next: 'Ask' };
  expect(found(of({ Catch: toPay }, again), approved)).toEqual([`approval_outlived ${askAt}/Catch/1 Ask Pay`]);
  expect(found(of({ Catch: toPay }, { End: true }), approved)).toEqual([]);
  expect(found(of({}, again), approved)).toEqual([]);
});

const askBody = '/States/Ask/Parameters/MessageBody';
const asksWith = (member: Json): object => {
  const { Parameters: given } = asking;
  return asks({ Parameters: { ...given, MessageBody: { ...given.MessageBody, ...member } } });
};
it.each([
  '$$',
  '$$.Task',
  '$$.*',
  '$$..Token',
  "$$['Task']['Token']",
  '$$["Task"].Token',
  '$$.Task["Token"]',
  'States.JsonToString($$)',
])('finds the token elsewhere, handed on as %s', (path) => {
  expect(found(asksWith({ 'x.$': path }), approved)).toEqual([`token_elsewhere ${askBody}/x.$ Ask`]);
});
it.each(['$$.Execution.Name', '$$.State', "$$['Execution']", '$.Task.Token', '$$.Tasks'])(
  'takes %s for no token',
  (path) => {
    expect(found(asksWith({ 'x.$': path }), approved)).toEqual([]);
  },
);
it.each([
  ['{% $states %}', 1],
  ['{% $string($states.context) %}', 1],
  ['{% $states.context.Task %}', 1],
  ["{% $lookup($states.context.Task, 'Token') %}", 1],
  ['{% $states.context.*.Token %}', 1],
  ['{% $states.context.Execution.Name & $states.input.Task.Token %}', 0],
])('finds the token elsewhere in JSONata: %s', (x, count) => {
  const { Parameters: _, ...state } = asking;
  const MessageBody = { taskToken: '{% $states.context.Task.Token %}', x };
  const findings = found(
    asks({ ...state, QueryLanguage: 'JSONata', Parameters: none, Arguments: { MessageBody } }),
    approved,
  );
  expect(findings.filter((line) => line.startsWith('token_elsewhere'))).toHaveLength(count);
});

it.each<[string, object, readonly string[]]>([
  ['no retry', machine({ Retry: [] }), [`task_without_retry ${at} Render`]],
  ['no catch', machine({ Catch: [] }), [`task_without_catch ${at} Render`]],
  ['no time-out', machine({ TimeoutSeconds: none }), [`task_without_timeout ${at} Render`]],
  [
    'a task in a branch',
    machine(
      {},
      {
        Both: {
          Type: 'Parallel',
          ResultPath: '$.both',
          Branches: [
            {
              StartAt: 'Inner',
              States: { Inner: { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true } },
            },
          ],
          Next: 'Pay',
        },
      },
    ),
    [
      'task_without_retry /States/Both/Branches/0/States/Inner Inner',
      'task_without_catch /States/Both/Branches/0/States/Inner Inner',
      'task_without_timeout /States/Both/Branches/0/States/Inner Inner',
    ],
  ],
  [
    'a task that the policy does not know',
    machine({}, { Archive: { ...sound, Next: 'Pay' } }),
    ['task_without_permission /States/Archive Archive'],
  ],
  ...['invoke', 'invokeAsync', 'invoke.waitForTaskToken'].map((call): [string, object, string[]] => [
    `a call by the SDK that the policy does not know: ${call}`,
    machine({}, { Archive: { ...sound, Resource: `arn:aws:states:::aws-sdk:lambda:${call}`, Next: 'Pay' } }),
    ['task_without_permission /States/Archive Archive'],
  ]),
  [
    'a step that is no task',
    machine({ Resource: 'arn:aws:states:::sns:publish' }),
    ['step_without_task /steps/Render Render'],
  ],
  [
    'another function',
    machine({ Parameters: { ...sound.Parameters, FunctionName: 'pay-invoice' } }),
    [`step_of_other_function ${at} Render pay-invoice render-invoice`],
  ],
  [
    'nothing handed on',
    machine(parameters({ 'caller.$': none, 'execution.$': '$.execution', 'state.$': none })),
    [`task_without_caller ${sent} caller execution state`],
  ],
  [
    'the caller out of the data, which two states leave it out of',
    machine({}, pass({ Result: { a: 1 } }), reads),
    [`caller_from_data ${readsAt}`, 'caller_dropped /States/Between/ResultPath Pay'],
  ],
  [
    'the caller out of the data, cut by a path and a catch',
    machine({ OutputPath: '$.rendered', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }] }, {}, reads),
    [`caller_from_data ${readsAt}`, `caller_dropped ${at}/OutputPath Pay`, `caller_dropped ${at}/Catch/0 Pay`],
  ],
  ...['$["caller"]', "$['caller'].name", '$..caller', "States.Format('{}', $[ 'caller' ])"].map(
    (path): [string, object, string[]] => [
      `the caller out of the data, spelled ${path}`,
      machine({}, {}, parameters({ 'who.$': path })),
      [`caller_from_data ${readsAt}`],
    ],
  ),
  ['a result over the caller', machine({ ResultPath: '$.caller' }), [`caller_overwritten ${at}`]],
  ['the same in brackets', machine({ ResultPath: '$["caller"]' }), [`caller_overwritten ${at}`]],
  [
    'a caller that is made up',
    machine({}, pass({ Result: { caller: {} } })),
    ['caller_overwritten /States/Between/Result/caller'],
  ],
  ['no caller in data of another name', machine({}, pass({ Result: { caller: {} }, ResultPath: '$.form' })), []],
  [
    'a caller of another path',
    machine({}, pass({ Parameters: { 'caller.$': '$.boss' } })),
    ['caller_overwritten /States/Between/Parameters/caller.$'],
  ],
  [
    'a role out of the input',
    machine({ Credentials: { 'RoleArn.$': '$.role' } }),
    [`role_from_data ${at}/Credentials/RoleArn.$`],
  ],
  [
    'a role that is put together',
    machine({ Credentials: { 'RoleArn.$': "States.Format('arn:aws:iam::1:role/{}', $.role)" } }),
    [`role_from_data ${at}/Credentials/RoleArn.$`],
  ],
  ['a password', machine(parameters({ dbPassword: 'hunter2' })), [`secret_written ${sent}/dbPassword dbPassword`]],
  [
    'a key under another name',
    machine({}, pass({ Result: { note: 'AKIAIOSFODNN7EXAMPLE' }, ResultPath: '$.note' })),
    ['secret_written /States/Between/Result/note note'],
  ],
  ['a secret of the input', machine(parameters({ 'pw.$': '$.user.api_key' })), [`secret_in_data ${sent}/pw.$ api_key`]],
])('finds %s', (_name, definition, expected) => {
  expect(found(definition)).toEqual(expected);
});

it.each<[string, object, readonly string[]]>([
  ['nothing in a machine that is sound', machine(), []],
  [
    'what is no ASL',
    machine({ Retry: 'always' }),
    [`definition_invalid ${at}/Retry`, `task_without_retry ${at} Render`],
  ],
  [
    'targets that are not there',
    machine({}, pass({ Next: 'Nowhere' })),
    [
      'definition_invalid  MISSING_TRANSITION_TARGET: State Pay',
      'definition_invalid  MISSING_TRANSITION_TARGET: Missing',
    ],
  ],
  ['no machine at all', [], ['definition_invalid', 'step_without_task', 'step_without_task']],
])('with the syntax finds %s', (_name, definition, beginnings) => {
  const all = found(definition, workflowsOfInvoices['approve-invoice'], checkDefinition);
  expect(all.map((line, index) => line.slice(0, beginnings[index]?.length))).toEqual(beginnings);
});

it('leaves the definition as it is', () => {
  const definition = JSON.parse(JSON.stringify(machine())) as object;
  const before = JSON.stringify(definition);
  checkDefinition(definition, { workflow: workflowsOfInvoices['approve-invoice'], functions });
  expect(JSON.stringify(definition)).toBe(before);
});
