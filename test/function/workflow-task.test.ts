import { currentContext, currentUser } from '../../src/context/storage';
import { withBaton } from '../../src/function/with-baton';
import { canonicalDigest } from '../../src/token/canonical-json';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { handOverToken, NOW, travellingClaims } from '../support/tokens';
import { APPROVAL_ARN, QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

type Json = Readonly<Record<string, unknown>>;
const policy = invoicesPolicy({
  workflows: workflowsOfInvoices,
  functions: {
    ...invoicesDocument.functions,
    'other-function': { ...invoicesDocument.functions['render-invoice'], permission: 'invoice:approve' },
  },
});
const asked = { invoice: 7 };
const work = { id: 'run-1', key: 'k-1', sha256: canonicalDigest(asked), left_at: NOW - 10 };

function wrap(name = 'render-invoice'): { run: (event: unknown) => Promise<unknown>; logger: RecordingLogger } {
  const logger = recordingLogger();
  const report = (payload: unknown, _context: unknown, done: unknown) => ({
    payload,
    work: done,
    subject: currentUser()?.subject,
    correlationId: currentContext()?.correlationId,
  });
  return { run: withBaton(report, { name, policy, clock: testClock, logger }), logger };
}

interface Task {
  readonly claims?: object;
  readonly more?: object;
  /** What the state hands on of the input; by default nothing but the caller. */
  readonly input?: Json;
}

/** What a state of docs/workflows.md hands on. */
function task({ claims = {}, more = {}, input }: Task = {}): Json {
  const handOver = handOverToken(relayKeys.handOver, {
    claims: { aud: APPROVAL_ARN, exp: NOW + 3600, work, ...claims },
  });
  const caller = { subject: travellingClaims.sub, handOver, correlationId: 'c-9' };
  const execution = input === undefined ? 'run-1' : { Name: 'run-1', Input: { ...input, caller } };
  return { caller, execution, state: 'Render', payload: { page: 1 }, ...more };
}

const express = (given: Task): Json => task({ ...given, claims: { aud: QUOTE_ARN, exp: NOW + 300, ...given.claims } });

it.each<[string, Json, string]>([
  ['by the name of its execution', task(), 'approve-invoice'],
  ['by its execution with the input', task({ input: asked }), 'approve-invoice'],
  ['of an Express workflow', express({ input: asked }), 'quote-invoice'],
])('a task is done as who started its execution: %s', async (_name, event, workflow) => {
  const { run, logger } = wrap();
  expect(await run(event)).toEqual({
    payload: { page: 1 },
    work: { source: 'workflow', workflow, execution: 'run-1', state: 'Render' },
    subject: 'entra:7d3c',
    correlationId: 'c-9',
  });
  expect(logger.ofType('audit')).toEqual([
    expect.objectContaining({ event: 'function', outcome: 'allowed', workflow, execution: 'run-1', state: 'Render' }),
  ]);
});

it('asks for the permission of the step, and not for that of the function', async () => {
  const { run, logger } = wrap();
  await expect(run(task({ more: { state: 'Pay' } }))).rejects.toMatchObject({ name: 'baton.permission_denied' });
  expect(logger.ofType('audit')).toEqual([
    expect.objectContaining({ outcome: 'denied', required: 'invoice:approve', state: 'Pay', execution: 'run-1' }),
  ]);
});

const { target } = invoicesDocument.functions['render-invoice'];
it.each<[string, Json, string, string?]>([
  ['of another execution', task({ more: { execution: 'run-2' } }), 'token_invalid', 'binding'],
  ['with another input', task({ input: { invoice: 8 } }), 'token_invalid', 'binding'],
  ['of an Express workflow that shows no input', express({}), 'token_invalid', 'binding'],
  ['of an Express workflow with another input', express({ input: {} }), 'token_invalid', 'binding'],
  ['with a hand-over for the function itself', task({ claims: { aud: target } }), 'token_invalid', 'audience'],
  ['of a workflow that is not in the policy', task({ claims: { aud: `${QUOTE_ARN}x` } }), 'token_invalid', 'audience'],
  ['in a state that the policy does not name', task({ more: { state: 'Else' } }), 'token_invalid', 'audience'],
  ['in a state with a name of all objects', task({ more: { state: 'constructor' } }), 'token_invalid', 'audience'],
  ['after its deadline', task({ claims: { iat: NOW - 3700, exp: NOW - 60 } }), 'token_invalid', 'expired'],
  ['with a longer deadline than the policy’s', task({ claims: { exp: NOW + 4000 } }), 'token_invalid', 'lifetime'],
  [
    'with a deadline that is another workflow’s',
    express({ input: asked, claims: { exp: NOW + 3000 } }),
    'token_invalid',
    'lifetime',
  ],
  [
    'whose hand-over names no execution',
    task({ claims: { work: undefined, exp: NOW + 30 } }),
    'token_invalid',
    'claims',
  ],
  ['without execution', task({ more: { execution: undefined } }), 'event_invalid'],
  ['without state', task({ more: { state: undefined } }), 'event_invalid'],
  ['without hand-over', task({ more: { caller: { correlationId: 'c-9' } } }), 'event_invalid'],
  ['whose caller is null', task({ more: { caller: null } }), 'event_invalid'],
  ['with a member that is misspelt', task({ more: { payLoad: 1 } }), 'event_invalid'],
  [
    'of a caller without role',
    task({ claims: { tctx: { ...travellingClaims.tctx, roles: [] } } }),
    'permission_denied',
  ],
])('a task %s is refused', async (_name, event, code, ...[reason]) => {
  const { run, logger } = wrap();
  await expect(run(event)).rejects.toMatchObject({ name: `baton.${code}` });
  const [line] = logger.ofType('audit');
  expect(line).toMatchObject({ outcome: 'denied', ...(reason !== undefined && { reason }) });
});

it('a function that no step names does no tasks', async () => {
  await expect(wrap('other-function').run(task())).rejects.toMatchObject({ name: 'baton.token_invalid' });
});

it('a workflow’s hand-over is none for a call', async () => {
  const { handOver } = task().caller as { handOver: string };
  const call = { baton: 1, handOver, correlationId: 'c-9', payload: null };
  await expect(wrap().run(call)).rejects.toMatchObject({ name: 'baton.token_invalid' });
});
