import { literal, selectColumns } from '../engine/sql-text';
import type { LogKind } from '../inputs/kind';
import {
  duration,
  isoTime,
  JSON_PART,
  members,
  PREFIX_TIME,
  TEXT_PART,
  traceIdOf,
  validJson,
  withoutQuery,
} from './json-line';
import { IS_BLANK, linesOf, problemOrCut } from './line-reader';
import type { Source } from './source';
import type { TableName } from '../schema';

/** The table that the lines wait in until they are told apart. */
export const STAGE = 'record_stage';

/** Members of Baton's lines (docs/logging.md) and of Lambda's (`time`, `record`) that are read. */
const MEMBERS = [
  ...[
    'timestamp',
    'level',
    'message',
    'type',
    'correlationId',
    'traceId',
    'subject',
    'actor',
    'transactionId',
    'policy',
  ],
  ...['method', 'path', 'status', 'durationMs', 'aborted', 'host'],
  ...['event', 'outcome', 'code', 'reason', 'rule', 'function', 'workflow', 'execution', 'state', 'eventType', 'at'],
  ...['workId', 'attempts', 'gatewayPolicy', 'previousPolicy', 'requestId', 'source', 'coldStart'],
  ...['time', 'record', '_aws', 'seq'],
];

/** Lines of the trail that are about the trail. */
const ABOUT_THE_TRAIL = ['audit_chain', 'audit_checkpoint', 'audit_end'].map(literal).join(', ');

/** What a line is: the row of a table, a problem, or a word of SKIPPED. */
function whatItIs(kind: LogKind): string {
  const isFunction = kind === 'function';
  const noJson = isFunction
    ? // Handlers print what they like; what begins like JSON was meant to be a line of Baton's.
      `CASE WHEN starts_with(part, '{"') THEN ${problemOrCut('json')} ELSE 'other' END`
    : problemOrCut('json');
  return [
    `CASE WHEN ${IS_BLANK} THEN 'blank'`,
    ...(isFunction ? [`WHEN valid IS NULL AND starts_with(text, 'REPORT RequestId: ') THEN 'report'`] : []),
    ...(isFunction ? [`WHEN valid IS NULL AND contains(text, ' Task timed out after ') THEN 'timeout'`] : []),
    `WHEN valid IS NULL THEN ${noJson}`,
    `WHEN j._aws IS NOT NULL THEN 'other'`,
    `WHEN j.type = 'platform.report' THEN 'platform_report'`,
    `WHEN starts_with(j.type, 'platform.') THEN 'other'`,
    `WHEN j.seq IS NOT NULL AND j.type IN (${ABOUT_THE_TRAIL}) THEN 'other'`,
    `WHEN t_ms IS NULL THEN ${isFunction ? `'other'` : `'time'`}`,
    `WHEN j.type IN ('request', 'audit', 'function') THEN j.type`,
    `ELSE 'event' END`,
  ].join(' ');
}

/** The statement that reads lines of app, audit trail and functions, each told what it is. */
export function stageRecords(kind: LogKind, sources: readonly Source[]): string {
  // Lambda's JSON format wraps what was printed; what was printed may be a line of Baton's.
  const isWrapped = `outer_j.type IS NULL AND starts_with(outer_j.message, '{') AND json_valid(outer_j.message)`;
  const unwrapped = `CASE WHEN ${isWrapped} THEN ${members('outer_j.message', MEMBERS)} ELSE outer_j END`;
  const time = `coalesce(${isoTime('j.timestamp')}, ${isoTime('j.time')}, before_ms)`;
  return [
    `CREATE TEMP TABLE ${STAGE} AS`,
    `SELECT file_id, server, j, t_ms, what, CASE WHEN what IN ('report', 'timeout') THEN left(line, 4000) END AS text,`,
    `CASE WHEN what IN ('json', 'time', 'truncated') THEN left(line, 400) END AS excerpt`,
    `FROM (SELECT *, ${whatItIs(kind)} AS what FROM (SELECT *, ${time} AS t_ms,`,
    `CASE WHEN valid IS NULL THEN ${TEXT_PART} END AS text`,
    `FROM (SELECT * EXCLUDE (outer_j), ${kind === 'function' ? unwrapped : 'outer_j'} AS j`,
    `FROM (SELECT *, ${members('valid', MEMBERS)} AS outer_j, ${PREFIX_TIME} AS before_ms`,
    `FROM (SELECT *, ${validJson('part')} AS valid`,
    `FROM (SELECT file_id, server, unfinished, line, ${JSON_PART} AS part FROM ${linesOf(sources)}))))))`,
  ].join('\n');
}

const COMMON = {
  file_id: 'file_id',
  t_ms: 't_ms',
  correlation_id: 'j.correlationId',
  subject: 'j.subject',
  actor: 'j.actor',
  transaction_id: 'j.transactionId',
  policy: 'j.policy',
};

const only = (names: readonly (keyof typeof COMMON)[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, COMMON[name]]));

const APP = {
  ...COMMON,
  server: 'coalesce(j.host, server)',
  trace_id: 'j.traceId',
  method: 'j.method',
  path: withoutQuery('j.path'),
  status: 'TRY_CAST(j.status AS integer)',
  duration_ms: duration('j.durationMs'),
  aborted: 'TRY_CAST(j.aborted AS boolean)',
};

const AUDIT = {
  ...COMMON,
  // The auditor of workflows writes later than it happens.
  t_ms: `coalesce(CASE WHEN j.event = 'workflow_transition' THEN ${isoTime('j."at"')} END, t_ms)`,
  event: 'j.event',
  outcome: 'j.outcome',
  code: 'j.code',
  reason: 'j.reason',
  rule: 'j.rule',
  function_name: 'j."function"',
  workflow: 'j.workflow',
  execution: 'j.execution',
  state: 'j.state',
  event_type: 'j.eventType',
};

const EVENTS = {
  ...only(['file_id', 't_ms', 'correlation_id', 'policy']),
  level: 'lower(j.level)',
  type: 'j.type',
  code: 'j.code',
  reason: 'j.reason',
  function_name: 'j."function"',
  outcome: 'j.outcome',
  work_id: 'j.workId',
  attempts: 'TRY_CAST(j.attempts AS integer)',
  other_policy: 'coalesce(j.gatewayPolicy, j.previousPolicy)',
  message: 'j.message',
};

const FUNCTIONS = {
  ...only(['file_id', 't_ms', 'correlation_id', 'subject', 'actor']),
  request_id: 'j.requestId',
  function_name: 'j."function"',
  outcome: 'j.outcome',
  source: 'j.source',
  duration_ms: duration('j.durationMs'),
  cold_start: 'TRY_CAST(j.coldStart AS boolean)',
};

const found = (pattern: string): string => `nullif(regexp_extract(text, '${pattern}', 1), '')`;
const amount = (name: string, unit: string): string => found(String.raw`[\t ]${name}: ([0-9.]+) ${unit}`);

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html */
const REPORT = {
  file_id: 'file_id',
  t_ms: isoTime(`regexp_extract(text, '^\\S+')`),
  request_id: found(String.raw`RequestId: (\S+)`),
  duration_ms: duration(found(String.raw`RequestId: \S+\s+Duration: ([0-9.]+) ms`)),
  billed_ms: duration(amount('Billed Duration', 'ms')),
  init_ms: duration(amount('Init Duration', 'ms')),
  memory_mb: amount('Memory Size', 'MB'),
  max_memory_mb: amount('Max Memory Used', 'MB'),
  status: found(String.raw`[\t ]Status: (\w+)`),
  trace_id: traceIdOf(found(String.raw`XRAY TraceId: (\S+)`)),
};

const RECORD = ['requestId', 'status', 'metrics', 'tracing'];
const METRICS = ['durationMs', 'billedDurationMs', 'initDurationMs', 'memorySizeMB', 'maxMemoryUsedMB'];

/** @see https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html */
const PLATFORM_REPORT = {
  file_id: 'file_id',
  t_ms: 't_ms',
  request_id: 'r.requestId',
  duration_ms: duration('m.durationMs'),
  billed_ms: duration('m.billedDurationMs'),
  init_ms: duration('m.initDurationMs'),
  memory_mb: 'TRY_CAST(m.memorySizeMB AS integer)',
  max_memory_mb: 'TRY_CAST(m.maxMemoryUsedMB AS integer)',
  status: `CASE WHEN r.status <> 'success' THEN r.status END`,
  trace_id: traceIdOf('r.tracing'),
};

const insert = (table: TableName, columns: Readonly<Record<string, string>>, what: string, from = STAGE): string =>
  `INSERT INTO ${table} SELECT ${selectColumns(table, columns)} FROM ${from} WHERE what = '${what}'`;

const PLATFORM_STAGE = [
  `(SELECT *, ${members(validJson('r.metrics'), METRICS)} AS m`,
  `FROM (SELECT *, ${members(validJson('j.record'), RECORD)} AS r FROM ${STAGE} WHERE what = 'platform_report'))`,
].join(' ');

/** Runtimes say in a line of their own that a handler ran out of time; newer ones also in the report. */
const TIMEOUTS = [
  `UPDATE lambda_reports SET status = 'timeout' WHERE status IS NULL AND request_id IN (SELECT`,
  String.raw`regexp_extract(text, '([0-9a-f-]{36}) Task timed out', 1) FROM ${STAGE} WHERE what = 'timeout')`,
].join(' ');

/** The statements that bring the staged lines into their tables. */
export function insertRecords(kind: LogKind): readonly string[] {
  const lines = [
    insert('app', APP, 'request'),
    insert('audit', AUDIT, 'audit'),
    insert('functions', FUNCTIONS, 'function'),
    insert('app_events', EVENTS, 'event'),
  ];
  if (kind !== 'function') return lines;
  return [
    ...lines,
    insert('lambda_reports', REPORT, 'report'),
    insert('lambda_reports', PLATFORM_REPORT, 'platform_report', PLATFORM_STAGE),
    TIMEOUTS,
  ];
}

/** The query for what became of each file's lines. */
export const COUNT_STAGE = [
  'SELECT file_id, what, count(*) AS rows_found, min(excerpt) AS excerpt, min(t_ms) AS first_ms, max(t_ms) AS last_ms',
  `FROM ${STAGE} GROUP BY file_id, what`,
].join(' ');
