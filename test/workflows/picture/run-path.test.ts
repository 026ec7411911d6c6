import { RunPathReader, wayKey } from '../../../src/workflows/picture/run-path';
import type { HistoryEvent } from '../../../src/workflows/visits';
import { startApprovalRuns, type ApprovalRuns } from '../../support/approval-runs';

let runs: ApprovalRuns;
beforeAll(async () => {
  runs = await startApprovalRuns();
});
afterAll(() => runs.stop());

async function pathOf(arn: string): Promise<RunPathReader> {
  const path = new RunPathReader();
  for (const event of await runs.bench.history(arn)) path.add(event);
  return path;
}

const outcomes = ({ states }: RunPathReader): Record<string, string> =>
  Object.fromEntries([...states].map(([name, { outcome }]) => [name, outcome]));

const waysOf = ({ ways }: RunPathReader): string[] => [...ways.keys()];

it('a run that waits: what it passed, what is at work, and the retry on the way', async () => {
  const path = await pathOf(await runs.run('busy'));
  expect(outcomes(path)).toEqual({
    Validate: 'passed',
    ByAmount: 'passed',
    Checks: 'passed',
    CheckSupplier: 'passed',
    CheckBudget: 'passed',
    Approval: 'running',
  });
  expect(path.states.get('CheckBudget')).toMatchObject({
    visits: 1,
    attempts: 2,
    errors: [{ name: 'BudgetServiceBusy', cause: expect.stringContaining('because') }],
  });
  expect(waysOf(path)).toEqual([
    wayKey('Validate', 'ByAmount', false),
    wayKey('ByAmount', 'Checks', false),
    wayKey('Checks', 'Approval', false),
  ]);
});

it('a run that was rejected goes by the Catch', async () => {
  const path = await pathOf(await runs.run('rejected'));
  expect(outcomes(path)).toMatchObject({ Approval: 'caught', Rejected: 'failed' });
  expect(waysOf(path).at(-1)).toBe(wayKey('Approval', 'Rejected', true));
});

it('a branch that fails stops the other one, and the Parallel is left by its Catch', async () => {
  const path = await pathOf(await runs.run('refused'));
  expect(outcomes(path)).toMatchObject({
    CheckSupplier: 'caught',
    SupplierRefused: 'failed',
    Checks: 'caught',
    Failed: 'failed',
  });
  expect(['stopped', 'passed']).toContain(outcomes(path)['CheckBudget']);
  expect(waysOf(path)).toEqual(
    expect.arrayContaining([wayKey('CheckSupplier', 'SupplierRefused', true), wayKey('Checks', 'Failed', true)]),
  );
});

/** Events as AWS numbers them, each after the one before unless said otherwise. */
function history(...events: readonly (readonly [type: string, name?: string, previous?: number])[]): HistoryEvent[] {
  return events.map(([type, name, previous], index) => ({
    id: index + 1,
    previousEventId: previous ?? index,
    type,
    timestamp: new Date(1000 * index),
    ...(type.endsWith('Entered') && { stateEnteredEventDetails: { name } }),
    ...(type.endsWith('Exited') && { stateExitedEventDetails: { name } }),
    ...(type === 'TaskFailed' && { taskFailedEventDetails: { error: name } }),
  }));
}

function read(events: readonly HistoryEvent[]): RunPathReader {
  const path = new RunPathReader();
  for (const event of events) path.add(event);
  return path;
}

it('the items of a Map are one state, with how often and the worst of them', () => {
  const path = read(
    history(
      ['ExecutionStarted'],
      ['MapStateEntered', 'Each'],
      ['MapStateStarted'],
      ['MapIterationStarted'],
      ['PassStateEntered', 'Item'],
      ['MapIterationStarted', undefined, 3],
      ['PassStateEntered', 'Item'],
      ['PassStateExited', 'Item', 5],
      ['FailStateEntered', 'Broken', 7],
    ),
  );
  expect(outcomes(path)).toEqual({ Each: 'running', Item: 'running', Broken: 'running' });
  expect(path.states.get('Item')).toMatchObject({ visits: 2 });
});

it('a redrive goes on where the run failed', () => {
  const failed = history(
    ['ExecutionStarted'],
    ['TaskStateEntered', 'Pay'],
    ['TaskScheduled'],
    ['TaskFailed', 'Busy'],
    ['ExecutionFailed'],
  );
  expect(outcomes(read(failed))).toEqual({ Pay: 'failed' });
  const again = [
    ...failed,
    ...[
      { id: 6, previousEventId: 5, type: 'ExecutionRedriven' },
      { id: 7, previousEventId: 4, type: 'TaskScheduled' },
      { id: 8, previousEventId: 7, type: 'TaskSucceeded' },
      { id: 9, previousEventId: 8, type: 'TaskStateExited', stateExitedEventDetails: { name: 'Pay' } },
    ].map((event) => ({ ...event, timestamp: new Date(60_000) })),
  ];
  const path = read(again);
  expect(outcomes(path)).toEqual({ Pay: 'passed' });
  expect(path.states.get('Pay')).toMatchObject({ visits: 1, attempts: 2, totalMs: 59_000 });
});

it('a redrive that comes to the state anew is no way from there to there, and what failed before is over', () => {
  const path = read([
    ...history(
      ['ExecutionStarted'],
      ['TaskStateEntered', 'Pay'],
      ['TaskScheduled'],
      ['TaskFailed', 'Busy'],
      ['ExecutionFailed'],
    ),
    { id: 6, previousEventId: 5, type: 'ExecutionRedriven' },
    { id: 7, previousEventId: 4, type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Pay' } },
    { id: 8, previousEventId: 7, type: 'TaskStateExited', stateExitedEventDetails: { name: 'Pay' } },
    { id: 9, previousEventId: 8, type: 'SucceedStateEntered', stateEnteredEventDetails: { name: 'Paid' } },
  ]);
  expect([outcomes(path), waysOf(path)]).toEqual([{ Pay: 'passed', Paid: 'running' }, [wayKey('Pay', 'Paid', false)]]);
});

it('an execution that was stopped or timed out stops what is at work; unknown events change nothing', () => {
  const open = history(['ExecutionStarted'], ['WaitStateEntered', 'Sleep'], ['SomethingNew'], ['ExecutionAborted']);
  expect(outcomes(read(open))).toEqual({ Sleep: 'stopped' });
});
