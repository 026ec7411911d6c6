import type { Drift } from '../report-model';
import type { SqlEngine } from './sql-engine';
import { DRIFT_SQL } from './sql/drift';

/** What changed in the set-up, in the order of time. */
export async function readDrift(engine: SqlEngine): Promise<Drift[]> {
  return (await engine.rows(DRIFT_SQL)).map((row) => {
    const what = String(row['what']);
    const [before, after] = [String(row['value_before']), String(row['value_after'])];
    const isList = what === 'fields' || what.startsWith('access log format');
    return {
      what,
      server: row['server'] === null ? null : String(row['server']),
      fromMs: Number(row['from_ms']),
      ...(isList ? onlyDifference(before, after) : { before, after }),
    };
  });
}

/** Of two lists the names that are in one alone: twenty fields side by side are read by nobody. */
function onlyDifference(before: string, after: string): Pick<Drift, 'before' | 'after'> {
  const [old, now] = [before.split(/[\s,]+/), after.split(/[\s,]+/)];
  const [gone, come] = [old.filter((name) => !now.includes(name)), now.filter((name) => !old.includes(name))];
  if (gone.length === 0 && come.length === 0) return { before, after };
  return {
    before: gone.length === 0 ? 'without them' : gone.join(' '),
    after: come.length === 0 ? 'without them' : come.join(' '),
  };
}
