import { literal } from '../engine/sql-text';
import type { Waterfall } from '../report-model';
import type { SqlEngine } from './sql-engine';
import { readExecutions, readRecords, recordsOf, valuesOf, type LogRow, type Records } from './waterfall/records';
import { lambdaSpan, type TimedSpan } from './waterfall/spans';
import { waterfallFrom, waterfallOf } from './waterfall/waterfall';
import { workflowSpans } from './waterfall/workflow-spans';

/** A transaction may cover a working day: so many of its requests are shown. */
const MOST_REQUESTS = 50;

/** Where an ID other than the correlation ID leads to one. */
const OTHER_IDS = [
  ['gateway', 'request_id'],
  ['gateway', 'trace_id'],
  ['app', 'transaction_id'],
  ['app', 'trace_id'],
  ['audit', 'execution'],
  ['audit', 'transaction_id'],
  ['functions', 'request_id'],
  ['workflow_events', 'execution'],
  ['app_events', 'work_id'],
] as const;

/**
 * Everything that the logs have of one request.
 *
 * @param id a correlation ID; or what leads to some: the ID of a request of the gateway, of an invocation of Lambda, of an
 *   execution, a transaction, a trace, or of work in the outbox
 * @returns undefined where no log has the ID
 */
export async function traceOne(engine: SqlEngine, id: string): Promise<Waterfall | undefined> {
  const direct = waterfallOf(id, await readRecords(engine, [id]));
  if (direct !== undefined) return direct;
  const ids = await correlationIdsOf(engine, id);
  if (ids.length === 0) return traceAlone(engine, id);
  const records = await readRecords(engine, ids);
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return waterfallOf(only, records);
  return together(id, ids, records);
}

async function correlationIdsOf(engine: SqlEngine, id: string): Promise<string[]> {
  const parts = OTHER_IDS.map(
    ([table, column]) =>
      `SELECT correlation_id FROM ${table} WHERE ${column} = ${literal(id)} AND correlation_id IS NOT NULL`,
  );
  const rows = await engine.rows(
    `SELECT DISTINCT correlation_id FROM (${parts.join(' UNION ALL ')}) found ORDER BY correlation_id LIMIT ${MOST_REQUESTS}`,
  );
  return valuesOf(rows, 'correlation_id');
}

/** What no request is known for: an invocation whose function said nothing, an execution that somebody else started. */
async function traceAlone(engine: SqlEngine, id: string): Promise<Waterfall | undefined> {
  const read = (sql: string): Promise<LogRow[]> => engine.rows(sql);
  const reports = await read(`SELECT * FROM lambda_reports WHERE request_id = ${literal(id)} ORDER BY t_ms`);
  const spans = [
    ...reports.map((row) => lambdaSpan(row, undefined)),
    ...workflowSpans(await readExecutions(read, [id])),
  ];
  return waterfallFrom(id, { gateway: [], iis: [], app: [] }, spans);
}

/** Several requests on one scale of time, each with its ID at every span. */
function together(id: string, ids: readonly string[], records: Records): Waterfall | undefined {
  const waterfalls = ids
    .map((one) => waterfallOf(one, recordsOf(records, one)))
    .filter((one): one is Waterfall => one !== undefined)
    .sort((a, b) => a.startedMs - b.startedMs);
  const [first] = waterfalls;
  if (first === undefined) return undefined;
  const spans: TimedSpan[] = waterfalls.flatMap(({ correlationId, startedMs, spans: own }) =>
    own.map(({ startMs, ...span }) => ({
      ...span,
      beganMs: startedMs + startMs,
      details: { ...span.details, correlation_id: correlationId },
    })),
  );
  const all = waterfallFrom(id, { gateway: [], iis: [], app: [] }, spans);
  if (all === undefined) return undefined;
  const totalMs = Math.max(...all.spans.map(({ startMs, durationMs }) => startMs + (durationMs ?? 0)));
  return { ...all, totalMs, subject: first.subject, actor: first.actor };
}
