import type { Cell } from '../../report-model';
import { sqlTexts, type SqlEngine } from '../sql-engine';

/** A row of a log. */
export type LogRow = Readonly<Record<string, Cell>>;

/** All rows that have to do with some requests, by log. */
export interface Records {
  readonly gateway: readonly LogRow[];
  readonly iis: readonly LogRow[];
  readonly app: readonly LogRow[];
  readonly audit: readonly LogRow[];
  readonly events: readonly LogRow[];
  readonly functions: readonly LogRow[];
  readonly reports: readonly LogRow[];
  readonly workflow: readonly LogRow[];
}

/** A column's value as text, where it is one. */
export const textOf = (row: LogRow, column: string): string | undefined => {
  const value = row[column];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** A column's value as a number, where it is one. */
export const numberOf = (row: LogRow, column: string): number | undefined => {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
};

/** The values of a column, each once. */
export const valuesOf = (rows: readonly LogRow[], column: string): string[] => [
  ...new Set(rows.flatMap((row) => textOf(row, column) ?? [])),
];

/** A request that somebody repeats for hours must not fill a report. */
const MOST_ROWS = 2000;

/**
 * Reads what all logs have of these correlation IDs. IIS has two of them a row: where the app took another than was sent,
 * its own lines are found by that.
 */
export async function readRecords(engine: SqlEngine, ids: readonly string[]): Promise<Records> {
  const read = (sql: string): Promise<LogRow[]> => engine.rows(`${sql} LIMIT ${MOST_ROWS}`);
  const asked = sqlTexts(ids);
  const gateway = await read(`SELECT * FROM gateway WHERE correlation_id IN ${asked} ORDER BY t_ms`);
  const iis = await read(`SELECT * FROM iis WHERE sent_id IN ${asked} OR answered_id IN ${asked} ORDER BY t_ms`);
  const known = sqlTexts([...new Set([...ids, ...valuesOf(iis, 'answered_id')])]);
  const of = (table: string): Promise<LogRow[]> =>
    read(`SELECT * FROM ${table} WHERE correlation_id IN ${known} ORDER BY t_ms`);
  const [app, audit, events, functions] = [
    await of('app'),
    await of('audit'),
    await of('app_events'),
    await of('functions'),
  ];
  const requestIds = valuesOf(functions, 'request_id');
  const reports =
    requestIds.length === 0
      ? []
      : await read(`SELECT * FROM lambda_reports WHERE request_id IN ${sqlTexts(requestIds)}`);
  return { gateway, iis, app, audit, events, functions, reports, workflow: await readWorkflows(read, known, audit) };
}

async function readWorkflows(
  read: (sql: string) => Promise<LogRow[]>,
  ids: string,
  audit: readonly LogRow[],
): Promise<LogRow[]> {
  const begun = await read(
    `SELECT execution FROM workflow_events WHERE correlation_id IN ${ids} AND execution IS NOT NULL ORDER BY execution`,
  );
  const executions = [...new Set([...valuesOf(begun, 'execution'), ...valuesOf(audit, 'execution')])];
  return executions.length === 0 ? [] : readExecutions(read, executions);
}

/** The histories of executions, in their order. */
export function readExecutions(
  read: (sql: string) => Promise<LogRow[]>,
  executions: readonly string[],
): Promise<LogRow[]> {
  return read(
    `SELECT * FROM workflow_events WHERE execution IN ${sqlTexts(executions)} ORDER BY execution, event_id, t_ms`,
  );
}

/** The rows of one request among those of many. */
export function recordsOf(all: Records, id: string): Records {
  const iis = all.iis.filter(
    (row) => row['sent_id'] === id || ((row['sent_id'] ?? null) === null && row['answered_id'] === id),
  );
  const ids = new Set<Cell | undefined>([id, ...valuesOf(iis, 'answered_id')]);
  const mine = (rows: readonly LogRow[]): LogRow[] => rows.filter((row) => ids.has(row['correlation_id']));
  const [audit, functions] = [mine(all.audit), mine(all.functions)];
  const requestIds = new Set(valuesOf(functions, 'request_id'));
  const executions = new Set([...valuesOf(audit, 'execution'), ...valuesOf(mine(all.workflow), 'execution')]);
  return {
    gateway: mine(all.gateway),
    iis,
    app: mine(all.app),
    audit,
    events: mine(all.events),
    functions,
    reports: all.reports.filter((row) => requestIds.has(textOf(row, 'request_id') ?? '')),
    workflow: all.workflow.filter((row) => executions.has(textOf(row, 'execution') ?? '')),
  };
}
