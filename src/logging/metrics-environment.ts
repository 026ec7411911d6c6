import { resolve } from 'node:path';
import { createMetrics, type Metrics } from './metrics';

/** One a process and file, however many apps and routers have a `baton()` of their own. */
const byFile = new Map<string, Metrics>();

/**
 * The metrics that `BATON_METRICS_FILE` asks for; undefined where it is not set.
 *
 * @param application names the app, asked only where it is set
 * @throws BatonError `option_invalid` for a file that cannot be written
 */
export function environmentMetrics(application: () => string): Metrics | undefined {
  const { BATON_METRICS_FILE: name } = process.env;
  if (!name) return undefined;
  const file = resolve(name);
  let metrics = byFile.get(file);
  if (metrics === undefined) {
    metrics = createMetrics({ application: application(), file });
    byFile.set(file, metrics);
  }
  return metrics;
}
