import { currentRecord } from '../context/storage';
import { asBatonError } from '../core/errors';
import type { FunctionCallMeasure, MetricsSink } from '../core/metrics';

/** Counts a call where calls are counted. A function that the policy does not know is not: its name may be anybody's. */
export function measured<T>(name: string, call: () => Promise<T>): Promise<T> {
  const metrics = currentRecord()?.metrics;
  return metrics === undefined ? call() : counted(metrics, name, call);
}

async function counted<T>(metrics: MetricsSink, name: string, call: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  let outcome: FunctionCallMeasure['outcome'] = 'internal';
  try {
    const answer = await call();
    outcome = 'succeeded';
    return answer;
  } catch (thrown) {
    outcome = asBatonError(thrown).code;
    throw thrown;
  } finally {
    metrics.functionCall({ function: name, outcome, durationMs: performance.now() - startedAt });
  }
}
