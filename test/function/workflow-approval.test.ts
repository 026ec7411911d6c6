import { withBaton } from '../../src/function/with-baton';
import { commentDigest } from '../../src/token/approval-token';
import { canonicalDigest } from '../../src/token/canonical-json';
import { alice, approvalPolicy, approvalWorkflow, bob } from '../support/approvals';
import { relayKeys, testClock } from '../support/invoices';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { approvalToken, handOverToken, makeKey, NOW } from '../support/tokens';
import { APPROVAL_ARN } from '../support/workflows';

type Json = Readonly<Record<string, unknown>>;
const asked = { invoice: 7 };
const sha256 = canonicalDigest(asked);
const work = { id: 'run-1', key: 'k-1', sha256, left_at: NOW - 60 };
const approval = { execution: 'run-1', sha256, state: 'Ask' };
const shared = { aud: APPROVAL_ARN, exp: NOW + 3600 };

const callerToken = (claims: object = {}): string =>
  handOverToken(relayKeys.handOver, { claims: { ...shared, iat: NOW - 60, ...alice, work, ...claims } });
const proof = (claims: object = {}, key = relayKeys.handOver): string =>
  approvalToken(key, { claims: { ...shared, iat: NOW - 10, ...bob, approval, ...claims } });

interface Task {
  readonly proof?: string;
  readonly shown?: Json;
  readonly caller?: string;
  readonly more?: Json;
}

/** What the state behind the approval hands on. */
function task({ proof: handOver = proof(), shown = {}, caller = callerToken(), more = {} }: Task = {}): Json {
  return {
    caller: { subject: 'entra:alice', handOver: caller, correlationId: 'c-9' },
    execution: 'run-1',
    state: 'Pay',
    approval: { decision: 'approve', subject: 'entra:bob', handOver, ...shown },
    payload: 7,
    ...more,
  };
}

function wrap(changes: Parameters<typeof approvalPolicy>[0] = {}): {
  run: (event: unknown) => Promise<unknown>;
  logger: RecordingLogger;
} {
  const logger = recordingLogger();
  const policy = approvalPolicy(changes);
  const report = (payload: unknown, _context: unknown, done: unknown) => ({ payload, work: done });
  return { run: withBaton(report, { name: 'render-invoice', policy, clock: testClock, logger }), logger };
}

const pay = approvalWorkflow.steps!.Pay!;
const own = { approvals: { Ask: { permission: 'invoice:approve', ownRequests: true } } };
const told = { state: 'Ask', subject: 'entra:bob', decidedAt: new Date((NOW - 10) * 1000) };

it.each<[string, Json, object, Parameters<typeof approvalPolicy>[0]?]>([
  ['its approver', task(), told],
  [
    'the comment that the approver wrote',
    task({
      proof: proof({ approval: { ...approval, comment_sha256: commentDigest('fine') } }),
      shown: { comment: 'fine' },
    }),
    { ...told, comment: 'fine' },
  ],
  [
    'no comment that was not handed on',
    task({ proof: proof({ approval: { ...approval, comment_sha256: commentDigest('fine') } }) }),
    told,
  ],
  [
    'who decided their own request, where the policy lets them',
    task({ proof: proof({ sub: 'entra:alice' }) }),
    { ...told, subject: 'entra:alice' },
    own,
  ],
  ['who approved through a deputy that may', task({ proof: proof({ act: { sub: 'deputy' } }) }), told],
])('a step that asks for an approval is told %s', async (_name, event, expected, ...[changes]) => {
  const { run, logger } = wrap(changes);
  expect(await run(event)).toEqual({
    payload: 7,
    work: { source: 'workflow', workflow: 'approve-invoice', execution: 'run-1', state: 'Pay', approval: expected },
  });
  expect(logger.ofType('audit')).toMatchObject([
    { event: 'function', outcome: 'allowed', subject: 'entra:alice' },
    {
      event: 'function_approval',
      outcome: 'allowed',
      reason: 'granted',
      approval: 'Ask',
      required: 'invoice:approve',
      subject: 'entra:alice',
      decidedAt: told.decidedAt.toISOString(),
    },
  ]);
});

const other = (changes: object): Task => ({ proof: proof({ approval: { ...approval, ...changes } }) });
const stranger = makeKey('ES256', { kid: 'key-1' });
it.each<[string, Task, string, string?]>([
  ['of another execution', other({ execution: 'run-2' }), 'token_invalid', 'binding'],
  ['of another input', other({ sha256: canonicalDigest({ invoice: 8 }) }), 'token_invalid', 'binding'],
  ['of another state', other({ state: 'Check' }), 'token_invalid', 'binding'],
  ['with another comment', { shown: { comment: 'pay double' } }, 'token_invalid', 'binding'],
  ['of another workflow', { proof: proof({ aud: `${APPROVAL_ARN}-2` }) }, 'token_invalid', 'audience'],
  ['of this workflow and another', { proof: proof({ aud: [APPROVAL_ARN, 'x'] }) }, 'token_invalid', 'audience'],
  ['that has ended', { proof: proof({ iat: NOW - 3700, exp: NOW - 60 }) }, 'token_invalid', 'expired'],
  ['of tomorrow', { proof: proof({ iat: NOW + 600, exp: NOW + 700 }) }, 'token_invalid', 'not_yet_valid'],
  ['that lives longer than the workflow', { proof: proof({ exp: NOW + 4000 }) }, 'token_invalid', 'lifetime'],
  ['whose approver had signed out', { proof: proof({ rctx: { idp_exp: NOW - 600 } }) }, 'token_invalid', 'expired'],
  ['by another issuer', { proof: proof({ iss: 'https://gateway.example.com' }) }, 'token_invalid', 'issuer'],
  ['by another key', { proof: proof({}, stranger) }, 'token_invalid', 'signature'],
  ['that says nothing of a state', { proof: proof({ approval: undefined }) }, 'token_invalid', 'claims'],
  ['that is the starter’s hand-over', { proof: callerToken() }, 'token_invalid', 'type'],
  ['that is a hand-over of the approver', { proof: callerToken(bob) }, 'token_invalid', 'type'],
  ['in the place of the caller’s hand-over', { caller: proof() }, 'token_invalid', 'type'],
  ['that is the starter’s own', { proof: proof({ sub: 'entra:alice' }) }, 'permission_denied', 'own_request'],
  [
    'by whom the starter acted for',
    { caller: callerToken({ ...bob, act: { sub: 'copilot' } }) },
    'permission_denied',
    'own_request',
  ],
  [
    'by who may not approve',
    { proof: proof({ ...alice, sub: 'entra:clerk' }) },
    'permission_denied',
    'permission_missing',
  ],
  ['by an agent that may not', { proof: proof({ act: { sub: 'copilot' } }) }, 'permission_denied', 'actor_limited'],
  ['that is missing', { more: { approval: undefined } }, 'permission_denied', 'not_approved'],
  ['that is null', { more: { approval: null } }, 'event_invalid'],
  ['that is the bare word', { more: { approval: 'approve' } }, 'event_invalid'],
  ['without its proof', { shown: { handOver: undefined } }, 'event_invalid'],
])('an approval %s is refused', async (_name, given, code, ...[reason]) => {
  const { run, logger } = wrap();
  await expect(run(task(given))).rejects.toMatchObject({ name: `baton.${code}` });
  const [line] = logger.ofType('audit').slice(-1);
  expect(line).toMatchObject({ outcome: 'denied', ...(reason !== undefined && { reason }) });
});

it('an approval that the policy’s step does not ask for is not passed over', async () => {
  const { approvedBy: _none, ...step } = pay;
  const { run } = wrap({ steps: { Pay: step } });
  await expect(run(task())).rejects.toMatchObject({ name: 'baton.event_invalid' });
  await expect(run(task({ more: { approval: undefined } }))).resolves.toMatchObject({ payload: 7 });
});

it('the task’s token, where a function asks somebody, does not reach its handler', async () => {
  const { approvedBy: _none, ...step } = pay;
  const { run, logger } = wrap({ steps: { Ask: step } });
  const event = task({ more: { state: 'Ask', approval: undefined, taskToken: 'AAAAKgAAAAIAAAAAAAA' } });
  expect(JSON.stringify([await run(event), logger.handed])).not.toContain('AAAAKgAAAAI');
});

it('an approval is no hand-over for a call', async () => {
  const { target } = approvalPolicy().functions['render-invoice']!;
  for (const claims of [{}, { aud: target, exp: NOW + 30, work }]) {
    const call = { baton: 1, handOver: proof(claims), correlationId: 'c-9', payload: null };
    await expect(wrap().run(call)).rejects.toMatchObject({ name: 'baton.token_invalid' });
  }
});
