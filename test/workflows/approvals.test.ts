import { GetExecutionHistoryCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { inspect } from 'node:util';
import { currentUser } from '../../src/context/storage';
import type { FunctionWork } from '../../src/function/perform';
import type { ApprovalDecision } from '../../src/workflows/decision';
import { transitionOf } from '../../src/workflows/auditor/transition';
import type { Workflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import {
  alice,
  approvalPolicy,
  ASK_AGAIN_MS,
  ASK_TIMEOUT_MS,
  askState,
  bob,
  carol,
  startApprovalBench,
  type ApprovalBench,
} from '../support/approvals';
import { thrownBy } from '../support/errors';
import { verifiedParts } from '../support/independent-verifier';
import { relayKeys } from '../support/invoices';
import { leakOf, recordingLogger } from '../support/recording-logger';
import { APP_ISSUER, NOW } from '../support/tokens';
import { waitFor } from '../support/wait';
import { APPROVAL_ARN } from '../support/workflows';

type Json = Readonly<Record<string, unknown>>;
let bench: ApprovalBench;
let app: Workflows;
/** What the function that pays was told. */
let paid: { readonly user: string | undefined; readonly work: FunctionWork }[];

const pay = (_payload: unknown, _context: unknown, work: FunctionWork): void => {
  paid.push({ user: currentUser()?.subject, work });
};

beforeEach(async () => {
  paid = [];
  bench = await startApprovalBench(pay);
  app = bench.app();
});
afterEach(() => bench.stop());

const as = <T>(claims: object, work: () => T, logger = recordingLogger()): T => asCaller({ claims, logger }, work);
const start = async (claims: object = alice, input: object = {}): Promise<string> => {
  const asked = { invoice: 7, wait: 0, ...input };
  return (await as(claims, () => app.start('approve-invoice', asked))).id;
};
/** Starts, and waits until somebody is asked. */
async function asked(claims: object = alice): Promise<string> {
  const id = await start(claims);
  await bench.timers.pass(0);
  await bench.tokens(1);
  return id;
}
const decide = (id: string, claims: object = bob, more: Partial<ApprovalDecision> = {}, logger = recordingLogger()) =>
  as(claims, () => app.decide(id, { state: 'Ask', decision: 'approve', ...more }), logger);
const refusal = (id: string, claims?: object, more?: Partial<ApprovalDecision>) =>
  thrownBy(() => decide(id, claims, more));
const executionOf = (id: string): string =>
  `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${id.replace('~', '-')}`;

function sdk(): SFNClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new SFNClient({ endpoint: bench.states.url, region: 'eu-west-1', credentials });
}
async function ended(id: string, claims: object = alice) {
  await waitFor('the end', async () => (await as(claims, () => app.run(id))).status !== 'RUNNING');
  return as(claims, () => app.run(id));
}
async function outputOfAsk(id: string): Promise<Json> {
  const { events = [] } = await sdk().send(new GetExecutionHistoryCommand({ executionArn: executionOf(id) }));
  const { taskSucceededEventDetails: details } = events.find(
    ({ taskSucceededEventDetails: it }) => it?.resourceType === 'sqs',
  )!;
  return JSON.parse(details!.output!) as Json;
}

describe('a state that waits for a person', () => {
  it('is approved on any server, and the function behind it is shown by whom', async () => {
    const id = await asked();
    const logger = recordingLogger();
    const other = bench.app();
    bench.timers.advance(61_000);
    await as(bob, () => other.decide(id, { state: 'Ask', decision: 'approve', comment: 'as agreed\n– Bob' }), logger);
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED', pendingApprovals: [] });
    const approval = {
      state: 'Ask',
      subject: 'entra:bob',
      decidedAt: new Date((NOW + 61) * 1000),
      comment: 'as agreed\n– Bob',
    };
    expect(paid).toEqual([{ user: 'entra:alice', work: expect.objectContaining({ state: 'Pay', approval }) }]);
    const execution = id.replace('~', '-');
    expect(logger.ofType('audit')).toMatchObject([
      {
        event: 'workflow_decision',
        outcome: 'allowed',
        reason: 'granted',
        workflow: 'approve-invoice',
        execution,
        state: 'Ask',
        decision: 'approve',
        starter: 'entra:alice',
        subject: 'entra:bob',
      },
    ]);
    expect(bench.functionLogger.ofType('audit')).toMatchObject([
      { event: 'function', outcome: 'allowed', subject: 'entra:alice' },
      {
        event: 'function_approval',
        outcome: 'allowed',
        approval: 'Ask',
        approver: 'entra:bob',
        required: 'invoice:approve',
      },
    ]);
  });

  it('has as its output who approved, and a proof that is good for this one state of this one execution', async () => {
    const id = await asked();
    await decide(id);
    const output = await outputOfAsk(id);
    expect(output).toEqual({
      decision: 'approve',
      subject: 'entra:bob',
      decidedAt: new Date(NOW * 1000).toISOString(),
      correlationId: 'c-4711',
      handOver: expect.any(String),
    });
    const { header, claims } = verifiedParts(String(output.handOver), relayKeys.handOver.publicKey);
    expect(header).toMatchObject({ typ: 'baton-approval+jwt' });
    expect(claims).toMatchObject({ iss: APP_ISSUER, aud: APPROVAL_ARN, iat: NOW, exp: NOW + 3630, sub: 'entra:bob' });
    expect(claims.approval).toEqual({ execution: id.replace('~', '-'), state: 'Ask', sha256: expect.any(String) });
    expect(claims).not.toHaveProperty('work');
  });

  it('is rejected, which no state takes for an approval', async () => {
    const id = await asked();
    await decide(id, bob, { decision: 'reject', comment: 'too much' });
    const run = await ended(id);
    expect(run.states.map(({ name, errors }) => [name, errors])).toEqual([
      ['First', []],
      ['Ask', ['baton.rejected']],
      ['Rejected', []],
    ]);
    expect(paid).toEqual([]);
    const { events = [] } = await sdk().send(new GetExecutionHistoryCommand({ executionArn: executionOf(id) }));
    const { cause = '' } = events.find(({ type }) => type === 'TaskFailed')!.taskFailedEventDetails!;
    expect(JSON.parse(cause)).toEqual({
      decision: 'reject',
      subject: 'entra:bob',
      comment: 'too much',
      decidedAt: new Date(NOW * 1000).toISOString(),
      correlationId: 'c-4711',
    });
  });

  it('is decided in the attempt that waits, and in none before', async () => {
    const id = await asked();
    bench.timers.advance(ASK_TIMEOUT_MS);
    await waitFor('the pause', () => bench.timers.lengths.includes(ASK_AGAIN_MS));
    expect(await refusal(id)).toMatchObject({ code: 'approval_not_pending', reason: 'not_waiting' });
    bench.timers.advance(ASK_AGAIN_MS);
    const [first, second] = await bench.tokens(2);
    expect(first).not.toBe(second);
    expect((await as(alice, () => app.run(id))).pendingApprovals).toEqual([
      { state: 'Ask', since: new Date(NOW * 1000 + ASK_TIMEOUT_MS + ASK_AGAIN_MS) },
    ]);
    // Whoever says which attempt they looked at, decides no other.
    const since = new Date(NOW * 1000);
    expect(await refusal(id, bob, { since })).toMatchObject({ code: 'approval_not_pending', reason: 'other_attempt' });
    await decide(id, bob, { since: new Date(NOW * 1000 + ASK_TIMEOUT_MS + ASK_AGAIN_MS) });
    expect((await ended(id)).states.map(({ name }) => name)).toEqual(['First', 'Ask', 'Pay']);
  });

  it('is decided once, however many decide at the same time', async () => {
    const id = await asked();
    const outcomes = await Promise.allSettled([bob, carol, bob].map((who) => decide(id, who)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(failed).toEqual([0, 1].map(() => expect.objectContaining({ code: 'approval_not_pending' })));
    await ended(id);
    expect(paid).toHaveLength(1);
  });
});

describe('nobody decides', () => {
  const actor = (sub: string) => ({ ...bob, act: { sub } });
  const self = { ...bob, sub: 'entra:alice' };
  const denied = (reason: string) => ({ code: 'permission_denied', reason });

  it.each<[string, object, object, object]>([
    ['without the permission', alice, alice, denied('permission_missing')],
    ['a request of their own', bob, bob, denied('own_request')],
    ['a request of their own that a copilot made', { ...bob, act: { sub: 'copilot' } }, bob, denied('own_request')],
    [
      'a request that they made for somebody else',
      { ...alice, act: { sub: 'entra:bob' } },
      bob,
      denied('actor_unknown'),
    ],
    ['a request of their own through a deputy', self, { ...self, act: { sub: 'deputy' } }, denied('own_request')],
    ['as an agent that may not, for a user who may', alice, actor('copilot'), denied('actor_limited')],
    ['as an agent that nobody knows', alice, actor('robot'), denied('actor_unknown')],
  ])('%s', async (_name, starter, approver, error) => {
    // A start that the policy refuses is no request.
    const id = await asked(starter).catch((thrown: unknown) => thrown as { code: string; reason: string });
    const found = typeof id === 'string' ? await refusal(id, approver) : id;
    expect(found).toMatchObject(error);
    expect(paid).toEqual([]);
  });

  it('as the application that acted for who asked, by either of its names', async () => {
    const id = await asked({ ...bob, act: { sub: 'copilot' } });
    const application = { sub: 'entra:copilot-client', tctx: { ...carol.tctx, kind: 'application' } };
    expect(await refusal(id, application)).toMatchObject(denied('own_request'));
  });

  it.each<[string, Partial<ApprovalDecision>, object]>([
    ['with another word', { decision: 'Approve' as never }, { code: 'input_invalid' }],
    ['of no time', { since: 'yesterday' }, { code: 'input_invalid', problems: [{ pointer: '/since' }] }],
    ['with more than that', { by: 'me' } as never, { code: 'input_invalid' }],
    ['in no state', { state: undefined }, { code: 'input_invalid' }],
    ['with a novel', { comment: 'x'.repeat(1001) }, { code: 'input_invalid' }],
    ['with a comment that rewrites its line', { comment: 'no\u001b[2K' }, { code: 'input_invalid' }],
    ['with a comment that turns letters round', { comment: '\u202eon' }, { code: 'input_invalid' }],
    ['in a state that the policy does not name', { state: 'Pay' }, { code: 'run_not_found', reason: 'approval' }],
    ['in a state with a name of all objects', { state: 'constructor' }, { code: 'run_not_found', reason: 'approval' }],
  ])('%s', async (_name, more, error) => {
    expect(await refusal(`approve-invoice~${'x'.repeat(43)}`, bob, more)).toMatchObject(error);
  });

  it.each<[string, string, object]>([
    ['of what is no ID', 'x', { code: 'run_not_found', reason: 'id' }],
    ['of an unknown workflow', `constructor~${'x'.repeat(43)}`, { code: 'run_not_found', reason: 'workflow' }],
    ['of a run that is not there', `approve-invoice~${'x'.repeat(43)}`, { code: 'run_not_found', reason: 'unknown' }],
  ])('%s', async (_name, id, error) => {
    expect(await refusal(id)).toMatchObject(error);
  });

  it('after their own identity has ended', async () => {
    const id = await asked();
    bench.timers.advance(391_000);
    expect(await refusal(id)).toMatchObject({ code: 'token_invalid', reason: 'expired' });
  });

  it('a run that was started by hand: nobody knows whose it is', async () => {
    const id = `approve-invoice~${'x'.repeat(43)}`;
    const seenOnce = await asked();
    const { caller } = await inputOf(seenOnce);
    for (const [name, input] of [
      ['x', { invoice: 7, wait: 0 }],
      // Somebody else's hand-over is none for this one.
      ['y', { invoice: 7, wait: 0, caller }],
    ] as const) {
      const command = {
        stateMachineArn: APPROVAL_ARN,
        name: `approve-invoice-${name.repeat(43)}`,
        input: JSON.stringify(input),
      };
      await sdk().send(new StartExecutionCommand(command));
      const logger = recordingLogger();
      const tried = await thrownBy(() => decide(id.replaceAll('x'.repeat(43), name.repeat(43)), bob, {}, logger));
      expect(tried).toMatchObject({ code: 'run_not_found', reason: 'not_verified' });
      expect(logger.ofType('audit')).toMatchObject([
        { event: 'workflow_decision', outcome: 'denied', reason: 'not_verified' },
      ]);
    }
  });

  it('before it is asked, nor afterwards', async () => {
    const id = await start(alice, { wait: 60 });
    expect(await refusal(id)).toMatchObject({ code: 'approval_not_pending', reason: 'not_waiting' });
    await waitFor('the wait', () => bench.timers.lengths.includes(60_000));
    bench.timers.advance(60_000);
    await bench.tokens(1);
    await as(alice, () => app.cancel(id));
    expect(await refusal(id)).toMatchObject({ code: 'approval_not_pending', reason: 'ended' });
  });
});

async function inputOf(id: string): Promise<Json> {
  const { events = [] } = await sdk().send(new GetExecutionHistoryCommand({ executionArn: executionOf(id) }));
  return JSON.parse(events[0]!.executionStartedEventDetails!.input!) as Json;
}

describe('the policy says', () => {
  const withPolicy = async (changes: Parameters<typeof approvalPolicy>[0], machine?: (url: string) => object) => {
    await bench.stop();
    bench = await startApprovalBench(pay, { policy: approvalPolicy(changes), ...(machine && { machine }) });
    app = bench.app();
  };

  it('whether people decide requests of their own', async () => {
    await withPolicy({ approvals: { Ask: { permission: 'invoice:approve', ownRequests: true } } });
    const id = await asked(bob);
    await decide(id, bob);
    expect(await ended(id, bob)).toMatchObject({ status: 'SUCCEEDED' });
    expect(paid).toMatchObject([{ user: 'entra:bob', work: { approval: { subject: 'entra:bob' } } }]);
  });

  it('until when it can be approved; what is too late can be rejected', async () => {
    await withPolicy({ deadlineSeconds: 60 });
    const id = await asked();
    bench.timers.advance(91_000);
    expect(await refusal(id)).toMatchObject({ code: 'approval_not_pending', reason: 'deadline' });
    await decide(id, bob, { decision: 'reject' });
    expect((await ended(id)).states.at(-1)).toMatchObject({ name: 'Rejected' });
  });

  it('nothing of states that wait several times at once', async () => {
    const each = (url: string): object => ({
      StartAt: 'All',
      States: {
        All: {
          Type: 'Map',
          ItemsPath: '$.items',
          ItemProcessor: { StartAt: 'Ask', States: { Ask: askState(url, { End: true }) } },
          End: true,
        },
      },
    });
    await withPolicy({}, each);
    const id = await start(alice, { items: [{ invoice: 1 }, { invoice: 2 }] });
    await bench.tokens(2);
    expect(await refusal(id)).toMatchObject({ code: 'approval_not_pending', reason: 'several' });
  });

  it.each<[string, object]>([
    ['hands it on elsewhere', { MessageBody: { 'Token.$': '$$.Task.Token', taskToken: { 'a.$': '$.invoice' } } }],
    ['lets data say it', { MessageBody: { 'data.$': '$', 'Token.$': '$$.Task.Token' } }],
  ])('nothing of a token where the state %s', async (_name, parameters) => {
    const machine = (url: string): object => {
      const ask = askState(url, { End: true }) as { Parameters: object };
      return { StartAt: 'Ask', States: { Ask: { ...ask, Parameters: { ...ask.Parameters, ...parameters } } } };
    };
    await withPolicy({}, machine);
    const id = await start(alice, { taskToken: 'of another task' });
    await waitFor('the question', () => bench.sqs.calls.SendMessage === 1);
    expect(await refusal(id)).toMatchObject({ code: 'workflow_failed', reason: 'task_token' });
  });
});

describe('a run that waits', () => {
  it('is shown with what it waits for to who started it, and to whoever may decide it', async () => {
    const id = await asked();
    const logger = recordingLogger();
    const pendingApprovals = [{ state: 'Ask', since: new Date(NOW * 1000) }];
    expect(await as(alice, () => app.run(id), logger)).toMatchObject({ pendingApprovals, currentStates: ['Ask'] });
    // Carol decides, and could start nothing.
    expect(await as(carol, () => app.run(id), logger)).toMatchObject({ id, pendingApprovals });
    expect(logger.ofType('audit')).toMatchObject([
      { event: 'workflow_run', as: 'starter' },
      { event: 'workflow_run', as: 'approver', subject: 'entra:carol' },
    ]);
    expect(await thrownBy(() => as(carol, () => app.cancel(id)))).toMatchObject({ code: 'permission_denied' });
    await decide(id);
    await ended(id);
    // There is nothing to decide for her any more.
    expect(await thrownBy(() => as(carol, () => app.run(id)))).toMatchObject({ code: 'run_not_found' });
  });

  it('is not shown to who could decide requests, but not this one', async () => {
    const id = await asked({ ...bob, act: { sub: 'copilot' } });
    const other = { ...alice, sub: 'entra:other' };
    expect(await thrownBy(() => as(other, () => app.run(id)))).toMatchObject({ code: 'run_not_found' });
  });

  it('is decided with the credentials of whoever decides', async () => {
    const asks: object[] = [];
    const credentials = {
      forTarget: async (_caller: unknown, target: object) => {
        asks.push(target);
        return Promise.resolve(undefined);
      },
    };
    const id = await asked();
    const own = bench.app({ credentials });
    await as(carol, () => own.run(id));
    await as(carol, () => own.decide(id, { state: 'Ask', decision: 'reject' }));
    const look = ['states:DescribeExecution', 'states:GetExecutionHistory'];
    const shared = { kind: 'workflow', name: 'approve-invoice', approval: 'Ask', arn: executionOf(id) };
    expect(asks).toEqual([
      { ...shared, actions: look },
      { ...shared, actions: [...look, 'states:SendTaskFailure'] },
    ]);
  });
});

it.each<[string, string, string, string | undefined]>([
  [
    'baton.rejected',
    '{"decision":"reject","subject":"entra:bob","comment":"no!"}',
    'a rejection',
    '{"decision":"reject","subject":"entra:bob"}',
  ],
  ['baton.rejected', 'no JSON of ours', 'what looks like one', undefined],
  ['Busy', 'too much to do', 'any other failure', 'too much to do'],
])('%s with %s: the trail of transitions has no comment of %s', (error, cause, _what, shown) => {
  const event = { id: 7, type: 'TaskFailed', taskFailedEventDetails: { error, cause } };
  const startedBy = { subject: 'entra:alice' } as never;
  const line = transitionOf(
    event,
    { workflow: 'w', arn: APPROVAL_ARN },
    { visit: undefined, startedBy, causeCharacters: 99 },
  );
  expect(line.cause).toBe(shown);
});

it('shows the task’s token to nobody: in no line, error, answer or trail', async () => {
  const sdkLines: string[] = [];
  const note = (...args: unknown[]): void => void sdkLines.push(inspect(args, { depth: 20, maxStringLength: null }));
  const talkative = bench.app({
    clientConfig: { logger: { trace: note, debug: note, info: note, warn: note, error: note } },
  });
  const id = await asked();
  const logger = recordingLogger();
  const seen: unknown[] = [];
  const deciding = (who: object, more: Partial<ApprovalDecision> = {}) =>
    as(who, () => talkative.decide(id, { state: 'Ask', decision: 'approve', ...more }), logger);
  seen.push(await thrownBy(() => deciding(alice)), await as(alice, () => talkative.run(id), logger));
  const outcomes = await Promise.allSettled([deciding(bob), deciding(bob), deciding(carol, { decision: 'reject' })]);
  seen.push(outcomes, await thrownBy(() => deciding(bob)), await ended(id));
  const [token = ''] = await bench.tokens(1);
  expect(token.length).toBeGreaterThan(100);
  // The SDK's own logger hears of other calls: not every version of it leaves tokens out.
  expect(sdkLines.join()).toContain('GetExecutionHistoryCommand');
  expect(sdkLines.join()).not.toMatch(/SendTask(Success|Failure)Command|includeExecutionData: true/);
  const everything = [
    seen,
    logger.handed,
    logger.lines,
    sdkLines,
    bench.functionLogger.handed,
    paid,
    bench.lambda.calls.map(({ event }) => event),
  ];
  const text = inspect(everything, { depth: 30, maxStringLength: null, maxArrayLength: null, showHidden: true });
  // Behind its MAC and nonce it names the execution, as hand-overs do.
  expect(leakOf(token.slice(0, 72), text)).toBeUndefined();
  expect(text).not.toContain(token);
});
