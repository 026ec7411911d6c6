import { setImmediate as turn } from 'node:timers/promises';
import { currentRecord } from '../../src/context/storage';
import { nowSeconds } from '../../src/core/clock';
import type { Policy } from '../../src/policy/policy';
import { followRun, type FollowOptions } from '../../src/workflows/follow';
import { Followers } from '../../src/workflows/followers';
import type { LookTerms } from '../../src/workflows/run';
import type { WorkflowEvent } from '../../src/workflows/run-event';
import { Visits } from '../../src/workflows/visits';
import { asCaller } from '../support/as-caller';
import { invoicesPolicy } from '../support/invoices';
import { madeEvents, madeRun, type MadeRun, type MadeStep } from '../support/made-history';
import { ManualTimers } from '../support/manual-timers';
import { recordingLogger } from '../support/recording-logger';
import { NOW, travellingClaims } from '../support/tokens';
import { workflowsOfInvoices } from '../support/workflows';

const ID = `approve-invoice~${'x'.repeat(43)}`;
const { 'approve-invoice': approval } = workflowsOfInvoices;
const withWorkflow = (changes: object = {}): Policy =>
  invoicesPolicy({
    workflows: {
      'approve-invoice': { ...approval, approvals: { Approve: { permission: 'invoice:approve' } }, ...changes },
    },
    routes: undefined,
  });
const viewer = { tctx: { ...travellingClaims.tctx, roles: ['approver'] } };

let timers: ManualTimers;
let policy: Policy;
let followers: Followers;
beforeEach(() => {
  timers = new ManualTimers(new Date(NOW * 1000).toISOString());
  policy = withWorkflow();
  followers = new Followers(timers);
});

/** Lets everything go on that waits for no time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 2; i++) {
    timers.advance(500);
    await settle();
  }
}

interface Followed {
  readonly events: WorkflowEvent[];
  readonly ids: () => number[];
  readonly end: Promise<unknown>;
}

/** Takes all that comes, until the iteration ends: with nothing, or with what it throws. */
function follow(run: MadeRun, options: FollowOptions = {}, { key = 'a', logger = recordingLogger() } = {}): Followed {
  const look = (): LookTerms => ({
    rules: { policy, handOver: policy.handOver! },
    keys: { find: async () => undefined },
    access: run.access,
    clock: () => timers.now(),
    credentialsFor: async () => ({ accessKeyId: key, secretAccessKey: 'x' }),
  });
  const events: WorkflowEvent[] = [];
  const stream = asCaller({ claims: viewer, logger }, () =>
    followRun(ID, options, { look, followers }, currentRecord()),
  );
  const end = (async () => {
    for await (const event of stream) events.push(event);
  })().catch((thrown: unknown) => thrown);
  return { events, ids: () => events.map(({ id }) => id), end };
}

const start: MadeStep[] = [
  { type: 'ExecutionStarted', after: 0 },
  { type: 'TaskStateEntered', name: 'Pay', after: 0 },
];
const ended: MadeStep = { type: 'ExecutionSucceeded' };
/** `count` states after each other. */
const passes = (count: number): MadeStep[] =>
  Array.from({ length: count }, (_, i) => ({
    type: `PassState${i % 2 === 0 ? 'Entered' : 'Exited'}`,
    name: `P${i >> 1}`,
  }));

describe('what happens to a run', () => {
  it('is told in plain events, with names of errors and nobody’s words', async () => {
    const run = madeRun(
      madeEvents([
        ...start,
        { type: 'TaskScheduled' },
        { type: 'TaskStarted' },
        { type: 'TaskFailed', error: 'Busy' },
        { type: 'TaskScheduled' },
        { type: 'TaskSucceeded' },
        { type: 'TaskStateExited', name: 'Pay' },
        { type: 'TaskStateEntered', name: 'Approve' },
        { type: 'TaskScheduled' },
        { type: 'TaskSubmitted' },
        { type: 'TaskTimedOut', error: 'States.Timeout' },
        { type: 'TaskScheduled' },
        { type: 'TaskFailed', error: 'baton.rejected' },
        { type: 'ExecutionFailed', error: 'baton.rejected' },
        { type: 'ExecutionRedriven' },
        { type: 'TaskScheduled' },
        { type: 'TaskSucceeded' },
        { type: 'TaskStateExited', name: 'Approve' },
        ended,
      ]),
    );
    const { events, end } = follow(run);
    expect(await end).toBeUndefined();
    expect(events.map(({ id, at, ...rest }) => [at.getTime() / 1000 === id && id, ...Object.values(rest)])).toEqual([
      [1, 'started'],
      [2, 'state_entered', 'Pay'],
      [3, 'attempt_begun', 'Pay', 1],
      [5, 'attempt_failed', 'Pay', 1, 'Busy'],
      [6, 'attempt_begun', 'Pay', 2],
      [8, 'state_left', 'Pay'],
      [9, 'state_entered', 'Approve'],
      [10, 'approval_pending', 'Approve'],
      [12, 'attempt_failed', 'Approve', 1, 'States.Timeout'],
      [13, 'approval_pending', 'Approve'],
      [14, 'approval_decided', 'Approve', 'reject'],
      [15, 'ended', 'FAILED', 'baton.rejected'],
      [16, 'redriven'],
      [17, 'approval_pending', 'Approve'],
      [18, 'approval_decided', 'Approve', 'approve'],
      [19, 'state_left', 'Approve'],
      [20, 'ended', 'SUCCEEDED'],
    ]);
  });

  it('goes on behind a known event, and knows the states that were entered before it', async () => {
    const run = madeRun(
      madeEvents([...start, { type: 'TaskScheduled' }, { type: 'TaskFailed', error: 'Busy' }, ended]),
    );
    const { events, end } = follow(run, { afterEventId: 3 });
    await end;
    expect(events).toMatchObject([
      { id: 4, state: 'Pay', error: 'Busy' },
      { id: 5, type: 'ended' },
    ]);
    expect(await follow(run, { afterEventId: 5 }).end).toBeUndefined();
  });

  it('is told as it comes, and ends when its signal says so', async () => {
    const run = madeRun(madeEvents(start));
    const stop = new AbortController();
    const { ids, end } = follow(run, { signal: stop.signal });
    await settle();
    expect(ids()).toEqual([1, 2]);
    run.events.push(...madeEvents([{ type: 'TaskScheduled' }], 3));
    await pass(1);
    expect(ids()).toEqual([1, 2, 3]);
    stop.abort();
    expect(await end).toBeUndefined();
    const { length } = run.looks;
    await pass(60);
    expect([run.looks.length, timers.lengths]).toEqual([length, []]);
  });
});

describe('however many follow a run, its history is read once', () => {
  it('less and less often while nothing happens', async () => {
    const run = madeRun(madeEvents(start));
    const stop = new AbortController();
    const all = [1, 2, 3].map(() => follow(run, { signal: stop.signal }));
    await pass(120);
    // 1 s, then half as long again each time, up to 15 s.
    expect(run.looks.length).toBeGreaterThan(10);
    expect(run.looks.length).toBeLessThan(18);
    run.events.push(...madeEvents([ended], 3));
    await pass(15);
    await Promise.all(all.map(({ end }) => end));
    expect(all.map(({ ids }) => ids())).toEqual([1, 2, 3].map(() => [1, 2, 3]));
    expect(followers.size).toBe(0);
  });

  it('for who is behind too, without a gap and without an event twice', async () => {
    const run = madeRun(madeEvents([...start, ...passes(3000)]));
    const stop = new AbortController();
    const first = follow(run, { signal: stop.signal });
    await settle();
    const second = follow(run, { signal: stop.signal });
    const third = follow(run, { afterEventId: 2500, signal: stop.signal });
    await settle();
    run.events.push(...madeEvents([ended], 3003));
    await pass(3);
    const all = Array.from({ length: 3003 }, (_, i) => i + 1);
    expect(first.ids()).toEqual(all);
    expect(second.ids()).toEqual(all);
    expect(third.ids()).toEqual(all.slice(2500));
  });

  it('and a client that comes back does not have it read from its start again', async () => {
    const run = madeRun(madeEvents([...start, ...passes(2000)]));
    const once = async (afterEventId: number): Promise<number[]> => {
      const stop = new AbortController();
      const { ids, end } = follow(run, { afterEventId, signal: stop.signal });
      await pass(2);
      stop.abort();
      await end;
      return ids();
    };
    expect((await once(0)).length).toBe(2002);
    run.looks.splice(0);
    run.events.push(...madeEvents([{ type: 'PassStateEntered', name: 'New' }], 2003));
    expect(await once(2002)).toEqual([2003]);
    expect(run.looks.every(({ reverseOrder, maxResults }) => reverseOrder && maxResults === 100)).toBe(true);
  });

  it('seldomer for each, the more runs are followed; those that nobody follows are forgotten', async () => {
    const join = (name: string) =>
      followers.join(
        { executionArn: name, workflow: 'approve-invoice', document: () => ({}) },
        { signIn: () => Promise.reject(new Error('not asked')) },
      );
    const joined = Array.from({ length: 99 }, (_, i) => join(`arn:${i}`));
    const run = madeRun(madeEvents(start));
    const stop = new AbortController();
    const { end } = follow(run, { signal: stop.signal });
    await pass(100);
    // 100 runs, 5 looks a second for all of them.
    expect(run.looks).toHaveLength(5);
    stop.abort();
    await end;
    joined.forEach(({ leave }) => leave());
    expect(followers.size).toBe(50);
    timers.advance(60_000);
    join('arn:new').leave();
    expect(followers.size).toBe(1);
  });

  it('and goes on in another’s name where one may not read it, and after AWS was away', async () => {
    const run = madeRun(madeEvents(start));
    const stop = new AbortController();
    const refused = follow(run, { signal: stop.signal }, { key: 'a' });
    const other = follow(run, { signal: stop.signal }, { key: 'b' });
    await settle();
    run.fails = (caller) => {
      if (caller === 'a') throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    };
    run.events.push(...madeEvents([{ type: 'TaskScheduled' }], 3));
    await pass(3);
    expect(await refused.end).toMatchObject({ code: 'workflow_access_denied' });
    expect(other.ids()).toEqual([1, 2, 3]);
    run.fails = () => {
      throw Object.assign(new Error('gone'), { name: 'TimeoutError' });
    };
    run.events.push(...madeEvents([ended], 4));
    await pass(5);
    expect(other.ids()).toEqual([1, 2, 3]);
    run.fails = () => undefined;
    await pass(15);
    expect(other.ids()).toEqual([1, 2, 3, 4]);
  });

  it('and by nobody for whom nobody waits: the next events are asked for when the last was taken', async () => {
    const run = madeRun(madeEvents([...start, ...passes(5000)]));
    const look = (): LookTerms =>
      ({
        rules: { policy, handOver: policy.handOver },
        access: run.access,
        clock: () => timers.now(),
        credentialsFor: async () => undefined,
      }) as unknown as LookTerms;
    const stream = asCaller({ claims: viewer }, () => followRun(ID, {}, { look, followers }, currentRecord()));
    const iterator = stream[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ id: 1 });
    await pass(30);
    expect(run.looks).toHaveLength(1);
    await iterator.return?.();
    expect(timers.lengths).toEqual([]);
  });
});

describe('a run is followed only as long as its caller may', () => {
  it('until the identity ends', async () => {
    const run = madeRun(madeEvents(start));
    const { end, ids } = follow(run);
    await settle();
    timers.advance(359_000);
    await settle();
    expect(ids()).toEqual([1, 2]);
    timers.advance(1000);
    await settle();
    expect(await end).toMatchObject({ code: 'token_invalid', reason: 'expired' });
    expect(nowSeconds(() => timers.now())).toBe(NOW + 360);
  });

  it.each<[string, object, string]>([
    ['the workflow’s permission', { permission: 'invoice:pay' }, 'permission_denied'],
    ['the role that sees it', { viewers: 'suspended' }, 'permission_denied'],
  ])('until a new policy takes away %s, within a second, and the audit trail says so', async (_what, changes, code) => {
    const run = madeRun(madeEvents(start));
    const logger = recordingLogger();
    const { end } = follow(run, {}, { logger });
    await settle();
    policy = withWorkflow();
    await pass(1);
    policy = withWorkflow(changes);
    await pass(1);
    expect(await end).toMatchObject({ code });
    expect(logger.ofType('audit')).toMatchObject([
      { event: 'workflow_run', action: 'follow', outcome: 'allowed', as: 'viewer' },
      { event: 'workflow_run', action: 'follow', outcome: 'denied', subject: 'entra:7d3c' },
    ]);
  });

  it('and not at all where it may not be seen', async () => {
    policy = withWorkflow({ viewers: 'suspended' });
    const { end, events } = follow(madeRun(madeEvents(start)));
    expect([await end, events]).toMatchObject([{ code: 'run_not_found', reason: 'not_starter' }, []]);
  });
});

describe('a history of 25,000 events', () => {
  /** A Map whose items have a task that is tried twice. */
  function* longHistory(): Generator<MadeStep> {
    yield* [
      { type: 'ExecutionStarted', after: 0 },
      { type: 'MapStateEntered', name: 'Each', after: 0 },
      { type: 'MapStateStarted' },
    ];
    for (let id = 3; id < 24_990; id += 8) {
      yield { type: 'MapIterationStarted', name: 'Each', after: 3 };
      yield { type: 'TaskStateEntered', name: 'Pay' };
      yield { type: 'TaskScheduled' };
      yield { type: 'TaskFailed', error: 'Busy' };
      yield { type: 'TaskScheduled' };
      yield { type: 'TaskSucceeded' };
      yield { type: 'TaskStateExited', name: 'Pay' };
      yield { type: 'MapIterationSucceeded', name: 'Each' };
    }
    yield { type: 'MapStateSucceeded' };
    yield { type: 'MapStateExited', name: 'Each' };
    yield ended;
  }
  const events = madeEvents([...longHistory()]);

  it('is read in constant memory: what is known of it does not grow', () => {
    const visits = new Visits();
    let most = 0;
    for (const event of events) {
      visits.add(event);
      most = Math.max(most, visits.size);
    }
    expect([events.length > 24_990, most < 1100, visits.open]).toEqual([true, true, []]);
  });

  it('is followed whole, by two, one of them from the middle', async () => {
    const run = madeRun(events);
    const all = follow(run);
    const rest = follow(run, { afterEventId: 20_000 });
    await Promise.all([all.end, rest.end]);
    const known = all.events.filter(({ type }) => type === 'attempt_failed');
    expect(known.every((event) => 'state' in event && event.state === 'Pay')).toBe(true);
    expect(known).toHaveLength(Math.ceil((24_990 - 3) / 8));
    expect(rest.events).toEqual(all.events.filter(({ id }) => id > 20_000));
    // Each page once for both, or once more for who was behind.
    expect(run.looks.length).toBeLessThan(60);
  });
});
