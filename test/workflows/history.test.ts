import { PassedStates, type HistoryEvent } from '../../src/workflows/history';

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
