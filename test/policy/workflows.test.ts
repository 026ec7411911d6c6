import { differenceOf } from '../../src/policy/difference/difference';
import { readExpectations, testPolicy } from '../../src/policy/expectations';
import { isOwnRequest, type Party } from '../../src/policy/own-request';
import { findingsOf } from '../../src/policy/findings';
import { workflowDeadlineSeconds } from '../../src/policy/workflow-schema';
import { invoicesDocument } from '../support/invoices';
import { makeIdentity, makePolicy, policyDocument, problemsOf } from '../support/policies';
import { APPROVAL_ARN, QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

const approve = workflowsOfInvoices['approve-invoice'];
const quote = workflowsOfInvoices['quote-invoice'];
const approved = {
  ...approve,
  approvals: { Ask: { permission: 'invoice:approve' } },
  steps: { ...approve.steps, Pay: { ...approve.steps.Pay, approvedBy: 'Ask' } },
} as const;
const withWorkflows = (workflows: object, more: object = {}): object => policyDocument({ workflows, ...more });

it('takes the workflows of the example', () => {
  expect(problemsOf(withWorkflows(workflowsOfInvoices))).toEqual([]);
  expect(makePolicy({ workflows: workflowsOfInvoices }).workflows).toEqual(workflowsOfInvoices);
  expect(makePolicy().workflows).toEqual({});
});

it.each<[string, object, string, RegExp]>([
  ['a target that is none', { a: { ...approve, target: 'approve' } }, '/workflows/a/target', /ARN of a state machine/],
  ['an unknown type', { a: { ...approve, type: 'standard' } }, '/workflows/a/type', /STANDARD/],
  ['a wait for Standard', { a: { ...approve, timeoutSeconds: 5 } }, '/workflows/a/timeoutSeconds', /EXPRESS/],
  ['a log group of Standard', { a: { ...approve, logGroup: '/a' } }, '/workflows/a/logGroup', /have a history/],
  ['no name of a log group', { a: { ...quote, logGroup: 'a b' } }, '/workflows/a/logGroup', /log group/],
  [
    'a deadline after the name is free again',
    { a: { ...approve, deadlineSeconds: 7_776_001 } },
    '/workflows/a/deadlineSeconds',
    /from 1 to/,
  ],
  [
    'a deadline after the end of Express',
    { a: { ...quote, deadlineSeconds: 301 } },
    '/workflows/a/deadlineSeconds',
    /300/,
  ],
  [
    'a step of an unknown function',
    { a: { ...approve, steps: { 'Pay/1': { function: 'render-invoce', permission: 'invoice:read' } } } },
    '/workflows/a/steps/Pay~11/function',
    /did you mean "render-invoice"/,
  ],
  [
    'an unknown viewer',
    { a: { ...approve, viewers: ['clerk', 'approvr'] } },
    '/workflows/a/viewers',
    /did you mean "approver"/,
  ],
  [
    'an approval that nobody gives',
    { a: { ...approved, steps: { Pay: { ...approve.steps.Pay, approvedBy: 'Aks' } } } },
    '/workflows/a/steps/Pay/approvedBy',
    /approval "Aks".*did you mean "Ask"/,
  ],
  [
    'an approval where there are none',
    { a: { ...approve, steps: { Pay: { ...approve.steps.Pay, approvedBy: 'Ask' } } } },
    '/workflows/a/steps/Pay/approvedBy',
    /"approvals" has none/,
  ],
  [
    'an approval with a name of all objects',
    { a: { ...approved, steps: { Pay: { ...approve.steps.Pay, approvedBy: 'constructor' } } } },
    '/workflows/a/steps/Pay/approvedBy',
    /approval "constructor"/,
  ],
  ['an approval of Express', { a: { ...quote, approvals: approved.approvals } }, '/workflows/a/approvals', /STANDARD/],
  [
    'an approval by whoever',
    { a: { ...approve, approvals: { Ask: {} } } },
    '/workflows/a/approvals/Ask/permission',
    /missing/,
  ],
  [
    'an approval by wildcard',
    { a: { ...approve, approvals: { 'A/b': { permission: 'invoice:*' } } } },
    '/workflows/a/approvals/A~1b/permission',
    /permission/,
  ],
  [
    'an own request that is half allowed',
    { a: { ...approve, approvals: { Ask: { ...approved.approvals.Ask, ownRequests: 'yes' } } } },
    '/workflows/a/approvals/Ask/ownRequests',
    /true or false/,
  ],
  ['one target under two names', { a: approve, b: approve }, '/workflows/b/target', /workflow "a" too/],
])('refuses %s', (_name, workflows, pointer, message) => {
  expect(problemsOf(withWorkflows(workflows))).toEqual([{ pointer, message: expect.stringMatching(message) }]);
});

it('asks who signs the hand-overs', () => {
  const document = withWorkflows(
    { a: { target: QUOTE_ARN, permission: 'invoice:read' } },
    { handOver: undefined, functions: undefined },
  );
  expect(problemsOf(document)).toEqual([
    { pointer: '/handOver', message: expect.stringMatching(/workflows take hand-over/) },
  ]);
});

it('finds workflows and steps that nobody gets through, and knows what they ask for', () => {
  const steps = { Pay: { function: 'render-invoice', permission: 'invoice:pay' } };
  const { document } = makePolicy({ workflows: { a: { target: APPROVAL_ARN, permission: 'invoice:start', steps } } });
  const found = findingsOf(document).filter(({ code }) => code === 'permission_ungranted');
  expect(found.map(({ pointer }) => pointer)).toEqual(['/workflows/a/permission', '/workflows/a/steps/Pay/permission']);
  const approver = { members: ['entra:A'], permissions: ['invoice:start', 'invoice:pay', 'invoice:read'] };
  const granted = makePolicy({
    roles: { clerk: approver, approver },
    workflows: { a: { target: APPROVAL_ARN, permission: 'invoice:start', steps } },
  });
  expect(findingsOf(granted.document).filter(({ code }) => code !== 'route_public')).toEqual([
    expect.objectContaining({ code: 'permission_ungranted', pointer: '/routes/2/permission' }),
  ]);
});

it('finds nothing in a function that nobody may call, and that steps of workflows do', () => {
  const { functions } = invoicesDocument;
  const closed = { 'render-invoice': { ...functions['render-invoice'], permission: 'invoice:nobody' } };
  const steps = { Pay: { function: 'render-invoice', permission: 'invoice:read' } };
  const pointersOf = (workflow: object): string[] =>
    findingsOf(makePolicy({ functions: closed, workflows: { a: { ...approve, ...workflow } } }).document)
      .filter(({ names }) => names.includes('invoice:nobody'))
      .map(({ pointer }) => pointer);
  expect(pointersOf({ steps })).toEqual([]);
  expect(pointersOf({ steps: {} })).toEqual(['/functions/render-invoice/permission']);
});

it('names the AWS role of whoever may start a workflow', () => {
  const roleArn = 'arn:aws:iam::123456789012:role/clerks';
  const clerk = { members: ['entra:C'], permissions: ['invoice:read'], aws: { roleArn } };
  const policy = makePolicy({
    roles: { clerk, approver: { permissions: ['invoice:approve'] } },
    workflows: { approve },
  });
  const decide = (name: string, kind = 'workflow') =>
    policy.decideAwsRole(makeIdentity({ roles: ['clerk'] }), { kind, name });
  expect(decide('approve')).toEqual({ reason: 'granted', role: { name: 'clerk', arn: roleArn } });
  expect(decide('render-invoice')).toEqual({ reason: 'target_unknown' });
  expect(decide('approve', 'function')).toEqual({ reason: 'target_unknown' });
});

it('tells who gains a workflow, and which step asks for something else', () => {
  const before = makePolicy({ workflows: { approve: { ...approve, permission: 'invoice:approve' } } }).document;
  const steps = { ...approve.steps, Pay: { ...approve.steps.Pay, permission: 'invoice:read' } };
  const after = makePolicy({ workflows: { approve: { ...approve, steps } } }).document;
  const { rights, settings } = differenceOf(before, after);
  expect(rights).toEqual([
    { who: { kind: 'role', name: 'clerk' }, change: 'gains', what: { kind: 'workflow', name: 'approve' } },
    { who: { kind: 'role', name: 'auditor' }, change: 'gains', what: { kind: 'workflow', name: 'approve' } },
  ]);
  expect(settings).toEqual([
    { pointer: '/workflows/approve/steps/Pay/permission', before: 'invoice:approve', after: 'invoice:read' },
  ]);
});

it('tells who gains a decision, and that people may decide their own requests, or that a step needs no approval', () => {
  const policyWith = (workflow: object) => makePolicy({ workflows: { approve: workflow } }).document;
  const before = policyWith(approved);
  const { Pay } = approve.steps;
  const lax = { Ask: { permission: 'invoice:read', ownRequests: true } };
  const { rights, settings } = differenceOf(
    before,
    policyWith({ ...approved, approvals: lax, steps: { ...approved.steps, Pay } }),
  );
  expect(rights).toEqual(
    ['clerk', 'auditor'].map((name) => ({
      who: { kind: 'role', name },
      change: 'gains',
      what: { kind: 'approval', name: 'approve/Ask' },
    })),
  );
  expect(settings).toEqual([
    { pointer: '/workflows/approve/steps/Pay/approvedBy', before: 'Ask' },
    { pointer: '/workflows/approve/approvals/Ask/ownRequests', after: true },
  ]);
  expect(differenceOf(policyWith(approve), before).rights).toEqual([
    { who: { kind: 'role', name: 'approver' }, change: 'gains', what: { kind: 'approval', name: 'approve/Ask' } },
  ]);
});

it('finds decisions that nobody may make, and knows what they ask for', () => {
  const { document } = makePolicy({
    workflows: { a: { ...approve, approvals: { Ask: { permission: 'invoice:decide' } }, steps: {} } },
  });
  const found = findingsOf(document).filter(({ names }) => names.includes('invoice:decide'));
  expect(found.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['permission_ungranted', '/workflows/a/approvals/Ask/permission'],
  ]);
});

it('names the AWS role of whoever may decide', () => {
  const roleArn = 'arn:aws:iam::123456789012:role/approvers';
  const approver = { permissions: ['invoice:approve'], aws: { roleArn } };
  const policy = makePolicy({ roles: { clerk: { permissions: ['invoice:read'] }, approver }, workflows: { approved } });
  const decide = (approval?: string, name = 'approved') =>
    policy.decideAwsRole(makeIdentity({ roles: ['approver'] }), {
      kind: 'workflow',
      name,
      ...(approval !== undefined && { approval }),
    });
  expect(decide('Ask')).toEqual({ reason: 'granted', role: { name: 'approver', arn: roleArn } });
  expect(decide()).toEqual({ reason: 'permission_missing' });
  expect(decide('Pay')).toEqual({ reason: 'target_unknown' });
  expect(decide('Ask', 'constructor')).toEqual({ reason: 'target_unknown' });
});

it.each<[string, object, object, boolean]>([
  ['the same subject', { subject: 'entra:a' }, { subject: 'entra:a' }, true],
  ['two subjects', { subject: 'entra:a' }, { subject: 'entra:b' }, false],
  ['who acted for who asked', { subject: 'entra:a', actor: { subject: 'entra:b' } }, { subject: 'entra:b' }, true],
  [
    'who acted behind an actor',
    { subject: 'entra:a', actor: { subject: 'copilot', actor: { subject: 'entra:b' } } },
    { subject: 'entra:b' },
    true,
  ],
  ['whom who asked acts for', { subject: 'entra:a' }, { subject: 'entra:b', actor: { subject: 'entra:a' } }, true],
  [
    'an actor by its own subject',
    { subject: 'entra:a', actor: { subject: 'copilot' } },
    { subject: 'entra:bot' },
    true,
  ],
  [
    'an actor that asked by its own subject',
    { subject: 'entra:bot' },
    { subject: 'entra:b', actor: { subject: 'copilot' } },
    true,
  ],
  [
    'two whom one service acts for',
    { subject: 'entra:a', actor: { subject: 'copilot' } },
    { subject: 'entra:b', actor: { subject: 'copilot' } },
    false,
  ],
])('a request is one’s own: %s', (_name, asking, deciding, own) => {
  const actorOf = (provider: string, value: string) => (`${provider}:${value}` === 'entra:bot' ? 'copilot' : undefined);
  expect(isOwnRequest({ actorOf }, asking as Party, deciding as Party)).toBe(own);
});

it('are asked for in a table of expectations', () => {
  const policy = makePolicy({ workflows: { approve: { ...approve, permission: 'invoice:approve' } } });
  const callers = { clerk: { roles: ['clerk'] }, approver: { roles: ['approver'] } };
  const table = (workflow: string): unknown => ({
    callers,
    expectations: [
      { caller: 'approver', workflow, outcome: 'allowed' },
      { caller: 'clerk', workflow, outcome: 'denied', reason: 'permission_missing' },
    ],
  });
  const { results } = testPolicy(policy, readExpectations(table('approve'), policy, 'table'), 0);
  expect(results.map(({ passed, asked }) => [passed, asked])).toEqual([
    [true, 'approve'],
    [true, 'approve'],
  ]);
  expect(() => readExpectations(table('aprove'), policy, 'table')).toThrow(/workflow "aprove".*did you mean "approve"/);
});

it('have decisions that are asked for in a table of expectations', () => {
  const policy = makePolicy({ workflows: { approved } });
  const callers = { clerk: { roles: ['clerk'] }, approver: { roles: ['approver'] } };
  const table = (approval: string): unknown => ({
    callers,
    expectations: [
      { caller: 'approver', approval, outcome: 'allowed' },
      { caller: 'clerk', approval, outcome: 'denied', reason: 'permission_missing' },
    ],
  });
  const { results } = testPolicy(policy, readExpectations(table('approved/Ask'), policy, 'table'), 0);
  expect(results.map(({ passed }) => passed)).toEqual([true, true]);
  expect(() => readExpectations(table('approved/Aks'), policy, 'table')).toThrow(/did you mean "approved\/Ask"/);
  expect(() => readExpectations(table('approved'), policy, 'table')).toThrow(/<workflow>\/<state>/);
});

it.each<[string, object]>([
  ['what only Express has', { ...quote, timeoutSeconds: 300, deadlineSeconds: 300, logGroup: '/aws/vendedlogs/quote' }],
  ['deadlines of ninety days', { ...approve, deadlineSeconds: 7_776_000 }],
])('takes %s', (_what, workflow) => {
  expect(problemsOf(withWorkflows({ a: workflow }))).toEqual([]);
});

it.each<[Parameters<typeof workflowDeadlineSeconds>[0]['type'], number | undefined, number]>([
  [undefined, undefined, 86_400],
  ['STANDARD', undefined, 86_400],
  ['EXPRESS', undefined, 300],
  [undefined, 60, 60],
  ['EXPRESS', 60, 60],
])('a step of the type %s with the deadline %s begins within %d s', (type, deadlineSeconds, seconds) => {
  const { target, permission } = approve;
  expect(workflowDeadlineSeconds({ target, permission, type, deadlineSeconds })).toBe(seconds);
});

it('knows an application by its name and its subject, and a subject without provider by nothing else', () => {
  const isOwn = (asking: string, deciding: string): boolean =>
    isOwnRequest({ actorOf: () => 'bot' }, { subject: asking }, { subject: deciding });
  expect([isOwn('entra:a', 'entra:b'), isOwn('a', 'b'), isOwn('entra:a', 'b')]).toEqual([true, false, false]);
});
