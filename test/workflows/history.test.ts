import { PassedStates } from '../../src/workflows/history';
import type { HistoryEvent } from '../../src/workflows/visits';
import { madeEvents, type MadeStep } from '../support/made-history';

const at = (id: number): Date => new Date(id * 1000);
const event = (id: number, previousEventId: number, type: string, details: object = {}): HistoryEvent => ({
  id,
  previousEventId,
  type,
  timestamp: at(id),
  ...details,
});
const entered = (id: number, before: number, name: string): HistoryEvent =>
  event(id, before, 'StateEntered', { stateEnteredEventDetails: { name } });
const exited = (id: number, before: number, name: string): HistoryEvent =>
  event(id, before, 'StateExited', { stateExitedEventDetails: { name } });

function passed(...events: HistoryEvent[]): PassedStates['states'] {
  const states = new PassedStates();
  events.forEach((one) => states.add(one));
  return states.states;
}

it('counts attempts and errors of a state, whatever is new in between', () => {
  const states = passed(
    event(1, 0, 'ExecutionStarted'),
    entered(2, 0, 'Pay'),
    event(3, 2, 'TaskScheduled'),
    event(4, 3, 'TaskStarted'),
    event(5, 4, 'TaskFailed', { taskFailedEventDetails: { error: 'Busy', cause: 'inner' } }),
    event(6, 5, 'SomethingNewHappened'),
    event(7, 6, 'TaskScheduled'),
    event(8, 7, 'TaskTimedOut', { taskTimedOutEventDetails: {} }),
    exited(9, 8, 'Pay'),
    entered(10, 9, 'Done'),
  );
  expect(states).toEqual([
    { name: 'Pay', enteredAt: at(2), exitedAt: at(9), attempts: 2, errors: ['Busy', 'TaskTimedOut'] },
    { name: 'Done', enteredAt: at(10), attempts: 0, errors: [] },
  ]);
});

it('keeps branches apart, and closes a parallel state whose last event is a branch’s', () => {
  const states = passed(
    entered(1, 0, 'Both'),
    entered(2, 1, 'Left'),
    entered(3, 1, 'Right'),
    event(4, 3, 'LambdaFunctionScheduled'),
    event(5, 4, 'LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: { error: 'Right.Gone' } }),
    exited(6, 2, 'Left'),
    exited(7, 5, 'Right'),
    event(8, 7, 'ParallelStateSucceeded'),
    exited(9, 8, 'Both'),
  );
  expect(states.map(({ name, exitedAt, errors }) => [name, exitedAt, errors])).toEqual([
    ['Both', at(9), []],
    ['Left', at(6), []],
    ['Right', at(7), ['Right.Gone']],
  ]);
});

it('keeps the items of a map apart: each is left once', () => {
  const states = passed(entered(1, 0, 'Item'), entered(2, 0, 'Item'), exited(3, 1, 'Item'), exited(4, 2, 'Item'));
  expect(states.map(({ exitedAt }) => exitedAt)).toEqual([at(3), at(4)]);
});

describe('the states at work', () => {
  const current = (...steps: MadeStep[]): readonly string[] => {
    const states = new PassedStates();
    madeEvents(steps).forEach((one) => states.add(one));
    return states.current;
  };
  const fork: MadeStep[] = [
    { type: 'ParallelStateEntered', name: 'Both', after: 0 },
    { type: 'ParallelStateStarted' },
    { type: 'TaskStateEntered', name: 'Left', after: 2 },
    { type: 'WaitStateEntered', name: 'Right', after: 2 },
    { type: 'TaskScheduled', after: 3 },
  ];
  const failed: MadeStep[] = [
    ...fork,
    { type: 'TaskFailed', error: 'Busy' },
    { type: 'WaitStateAborted' },
    { type: 'ParallelStateFailed', after: 6 },
  ];

  it.each<[string, MadeStep[], string[]]>([
    ['of all branches', fork, ['Both', 'Left', 'Right']],
    ['none of a branch that a failure beside it ended', failed, ['Both']],
    [
      'those of the group’s next try',
      [...failed, { type: 'ParallelStateStarted' }, { type: 'PassStateEntered', name: 'Left' }],
      ['Both', 'Left'],
    ],
    ['none of a group that was left', [...failed, { type: 'ParallelStateExited', name: 'Both' }], []],
    [
      'what comes after it',
      [...failed, { type: 'ParallelStateExited', name: 'Both' }, { type: 'PassStateEntered', name: 'Caught' }],
      ['Caught'],
    ],
    [
      'what goes on after a redrive',
      [...failed, { type: 'ExecutionFailed' }, { type: 'ExecutionRedriven' }, { type: 'TaskScheduled', after: 6 }],
      ['Both', 'Left'],
    ],
    [
      'what a redrive comes to anew',
      [
        { type: 'TaskStateEntered', name: 'Pay', after: 0 },
        { type: 'TaskScheduled' },
        { type: 'TaskFailed', error: 'Busy' },
        { type: 'ExecutionFailed' },
        { type: 'ExecutionRedriven' },
        { type: 'TaskStateEntered', name: 'Pay' },
        { type: 'TaskScheduled' },
        { type: 'TaskStateExited', name: 'Pay' },
        { type: 'SucceedStateEntered', name: 'Done' },
      ],
      ['Done'],
    ],
  ])('are %s', (_what, steps, names) => {
    expect(current(...steps)).toEqual(names);
  });

  it('of a map in a map are told apart by the line of states that they are in', () => {
    const inner = (after: number): MadeStep[] => [
      { type: 'MapIterationStarted', name: 'Outer', after },
      { type: 'MapStateEntered', name: 'Inner' },
      { type: 'MapStateStarted' },
      { type: 'MapIterationStarted', name: 'Inner' },
      { type: 'TaskStateEntered', name: 'Item' },
    ];
    const steps: MadeStep[] = [
      { type: 'MapStateEntered', name: 'Outer', after: 0 },
      { type: 'MapStateStarted' },
      ...inner(2),
      ...inner(2),
      // The first inner map's item, and then that map: not the one that was entered last.
      { type: 'TaskStateExited', name: 'Item', after: 7 },
      { type: 'MapIterationSucceeded', name: 'Inner' },
      { type: 'MapStateSucceeded' },
      { type: 'MapStateExited', name: 'Inner' },
    ];
    const states = new PassedStates();
    madeEvents(steps).forEach((one) => states.add(one));
    expect(states.current).toEqual(['Outer', 'Inner', 'Item']);
    expect(states.states.filter(({ name }) => name === 'Inner').map(({ exitedAt }) => exitedAt?.getTime())).toEqual([
      16_000,
      undefined,
    ]);
  });
});

it('keeps the last 1000 states and the last 100 errors of each, and says so', () => {
  const states = new PassedStates();
  const many = Array.from({ length: 2500 }, (_, i): MadeStep[] => [
    { type: 'TaskStateEntered', name: `S${i}` },
    { type: 'TaskStateExited', name: `S${i}` },
  ]).flat();
  const tries = Array.from({ length: 150 }, (_, i): MadeStep[] => [
    { type: 'TaskScheduled' },
    { type: 'TaskFailed', error: `E${i}` },
  ]).flat();
  madeEvents([...many, { type: 'TaskStateEntered', name: 'Last' }, ...tries]).forEach((one) => states.add(one));
  expect([states.states.length, states.states[0]?.name, states.truncated]).toEqual([1000, 'S1501', true]);
  const { attempts, errors } = states.states.at(-1)!;
  expect([attempts, errors.length, errors.at(-1)]).toEqual([150, 100, 'E149']);
});
