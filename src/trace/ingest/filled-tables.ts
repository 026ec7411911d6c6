import { literal } from '../engine/sql-text';
import type { Engine } from '../engine/engine';
import type { Cell } from '../report-model';
import { GATEWAY_HELPERS } from './gateway-table';
import { SKIPPED, type Account } from './source';
import { W3C_HELPERS } from './w3c-table';
import { WORKFLOW_HELPERS } from './workflow-table';

/** Tables that take all lines of their files, those that are no rows as well, and the columns that say which. */
export const HELPERS = {
  iis: W3C_HELPERS,
  httperr: W3C_HELPERS,
  gateway: GATEWAY_HELPERS,
  workflow_events: WORKFLOW_HELPERS,
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** One of these tables. */
export type HelpedTable = keyof typeof HELPERS;

/** What a file gave. */
export interface Yield {
  rows: number;
  firstMs: number | null;
  lastMs: number | null;
}

/** Adds rows of a file to what it gave. */
export function addYield(yields: Map<number, Yield>, fileId: number, { rows, firstMs, lastMs }: Yield): void {
  const before = yields.get(fileId) ?? { rows: 0, firstMs: null, lastMs: null };
  const pick = (choose: (...values: number[]) => number, values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : choose(...known);
  };
  yields.set(fileId, {
    rows: before.rows + rows,
    firstMs: pick(Math.min, [before.firstMs, firstMs]),
    lastMs: pick(Math.max, [before.lastMs, lastMs]),
  });
}

const numberOf = (cell: Cell | undefined): number | null => (typeof cell === 'number' ? cell : null);
const textOf = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell : '');

/** Counts a file's lines of one problem, or of a word for those that are to be skipped. */
export function addProblem(account: Account, row: Readonly<Record<string, Cell>>, problem: string): void {
  const rows = numberOf(row['rows_found']) ?? 0;
  if (SKIPPED.has(problem)) account.skipped += rows;
  else account.reject(problem, rows, textOf(row['excerpt']));
}

/** A list of fields that held in a file. */
export interface RunYield {
  readonly fileId: number;
  readonly run: number;
  readonly rows: number;
  readonly firstMs: number | null;
  readonly server: string | null;
}

/** What each list of fields of the IIS logs gave. */
export async function runYields(engine: Engine): Promise<RunYield[]> {
  const rows = await engine.rows(
    'SELECT file_id, run, count(*) AS rows_found, min(t_ms) AS first_ms, min(server) AS server FROM iis ' +
      'WHERE problem IS NULL GROUP BY file_id, run',
  );
  return rows.map((row) => ({
    fileId: numberOf(row['file_id']) ?? 0,
    run: numberOf(row['run']) ?? 0,
    rows: numberOf(row['rows_found']) ?? 0,
    firstMs: numberOf(row['first_ms']),
    server: typeof row['server'] === 'string' ? row['server'] : null,
  }));
}

/** Counts what a table's files gave and what was wrong with them, and leaves only rows of the schema behind. */
export async function settle(
  engine: Engine,
  table: HelpedTable,
  accounts: ReadonlyMap<number, Account>,
  yields: Map<number, Yield>,
): Promise<void> {
  const problems = await engine.rows(
    `SELECT file_id, problem, count(*) AS rows_found, min(excerpt) AS excerpt FROM ${table} ` +
      'WHERE problem IS NOT NULL GROUP BY file_id, problem ORDER BY file_id, problem',
  );
  for (const row of problems) {
    const account = accounts.get(numberOf(row['file_id']) ?? 0);
    if (account !== undefined) addProblem(account, row, textOf(row['problem']));
  }
  const good = await engine.rows(
    `SELECT file_id, count(*) AS rows_found, min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM ${table} ` +
      'WHERE problem IS NULL GROUP BY file_id',
  );
  for (const row of good) addYield(yields, numberOf(row['file_id']) ?? 0, yieldOf(row));
  await engine.run(`DELETE FROM ${table} WHERE problem IS NOT NULL`);
  for (const helper of HELPERS[table])
    await engine.run(`ALTER TABLE ${table} DROP COLUMN ${helper.split(' ')[0] ?? ''}`);
}

/** A row of counts as what a file gave. */
export function yieldOf(row: Readonly<Record<string, Cell>>): Yield {
  return {
    rows: numberOf(row['rows_found']) ?? 0,
    firstMs: numberOf(row['first_ms']),
    lastMs: numberOf(row['last_ms']),
  };
}

/** Most rows in one statement. */
const ROWS_AT_ONCE = 500;

/** Adds rows that were made here to a table. */
export async function insertRows(engine: Engine, table: string, rows: readonly (readonly Cell[])[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const values = rows.slice(at, at + ROWS_AT_ONCE).map((row) => `(${row.map(literal).join(', ')})`);
    await engine.run(`INSERT INTO ${table} VALUES ${values.join(', ')}`);
  }
}
