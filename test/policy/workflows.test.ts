import { differenceOf } from '../../src/policy/difference/difference';
import { readExpectations, testPolicy } from '../../src/policy/expectations';
import { findingsOf } from '../../src/policy/findings';
import { makeIdentity, makePolicy, policyDocument, problemsOf } from '../support/policies';
import { APPROVAL_ARN, QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

const approve = workflowsOfInvoices['approve-invoice'];
const quote = workflowsOfInvoices['quote-invoice'];
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
