import type { Cell } from '../report-model';

/** What the analysis needs of an engine: it runs SQL, and gives rows as plain values (`bigint` columns as numbers). */
export interface SqlEngine {
  run(sql: string): Promise<unknown>;
  rows(sql: string): Promise<Record<string, Cell>[]>;
}

/**
 * A text as SQL. IDs and paths come from logs, so from anybody: in the standard's literals, which both engines take, nothing
 * but the quote itself means anything.
 */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Several texts, for `IN (…)`; no text at all is a list that nothing is in. */
export function sqlTexts(values: readonly string[]): string {
  return values.length === 0 ? '(CAST(NULL AS varchar))' : `(${values.map(sqlText).join(', ')})`;
}
