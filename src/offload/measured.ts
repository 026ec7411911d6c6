import { currentRecord } from '../context/storage';
import { asBatonError } from '../core/errors';
import type { ErrorCode } from '../core/error-codes';
import type { EnqueuedWork } from './outbox/enqueue';

/** Counts a call where calls are counted. A function that the policy does not know is not: its name may be anybody's. */
export function measured<T>(name: string, call: () => Promise<T>): Promise<T> {
  const metrics = currentRecord()?.metrics;
  if (metrics === undefined) return call();
  return counted(
    call,
    () => 'succeeded' as const,
    (outcome, durationMs) => metrics.functionCall({ function: name, outcome, durationMs }),
  );
}

/** Counts work that is left behind, where it is counted; under unknown names as little as calls. */
export function measuredWork(name: string, leave: () => Promise<EnqueuedWork>): Promise<EnqueuedWork> {
  const metrics = currentRecord()?.metrics;
  if (metrics === undefined) return leave();
  return counted(
    leave,
    ({ alreadyKnown }) => (alreadyKnown ? 'known' : 'left'),
    (outcome, durationMs) => {
      if (outcome !== 'function_unknown') metrics.workLeft({ function: name, outcome, durationMs });
    },
  );
}

async function counted<T, Outcome>(
  call: () => Promise<T>,
  outcomeOf: (answer: T) => Outcome,
  report: (outcome: Outcome | ErrorCode, durationMs: number) => void,
): Promise<T> {
  const startedAt = performance.now();
  let outcome: Outcome | ErrorCode = 'internal';
  try {
    const answer = await call();
    outcome = outcomeOf(answer);
    return answer;
  } catch (thrown) {
    outcome = asBatonError(thrown).code;
    throw thrown;
  } finally {
    report(outcome, performance.now() - startedAt);
  }
}
