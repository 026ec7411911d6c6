import { currentRecord } from '../context/storage';
import { asBatonError } from '../core/errors';
import type { WorkflowStartMeasure } from '../core/metrics';
import type { StartedExecution } from './start';

/** What became of the start of a Standard workflow. */
export const standardOutcome = ({ alreadyStarted }: StartedExecution): 'started' | 'known' =>
  alreadyStarted ? 'known' : 'started';

/** Counts a start where starts are counted. A workflow that the policy does not know is not: its name may be anybody's. */
export async function measuredStart<T>(
  name: string,
  start: () => Promise<T>,
  outcomeOf: (answer: T) => WorkflowStartMeasure['outcome'],
): Promise<T> {
  const metrics = currentRecord()?.metrics;
  if (metrics === undefined) return start();
  const startedAt = performance.now();
  const report = (outcome: WorkflowStartMeasure['outcome']): void => {
    if (outcome === 'workflow_unknown') return;
    metrics.workflowStart({ workflow: name, outcome, durationMs: performance.now() - startedAt });
  };
  try {
    const answer = await start();
    report(outcomeOf(answer));
    return answer;
  } catch (thrown) {
    report(asBatonError(thrown).code);
    throw thrown;
  }
}
