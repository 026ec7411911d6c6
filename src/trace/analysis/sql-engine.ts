import { literal } from '../engine/sql-text';
import type { Cell } from '../report-model';

/** What the analysis needs of an engine: it runs SQL, and gives rows as plain values (`bigint` columns as numbers). */
export interface SqlEngine {
  run(sql: string): Promise<unknown>;
  rows(sql: string): Promise<Record<string, Cell>[]>;
}

/** Several texts, for `IN (…)`; no text at all is a list that nothing is in. */
export function sqlTexts(values: readonly string[]): string {
  return values.length === 0 ? '(CAST(NULL AS varchar))' : `(${values.map(literal).join(', ')})`;
}
