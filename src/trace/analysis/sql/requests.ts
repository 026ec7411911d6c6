import { durationSql } from '../../duration';
import { routeSql } from './route';

/** A duration in whole tenths of a millisecond: exact to add and to count. A connection may have been open for days. */
const tenths = (expression: string): string => `CAST(round((${durationSql(`(${expression})`)}) * 10) AS bigint)`;

const double = (column: string): string => `CAST(${column} AS double)`;

const isHashed = (subject: string): string => `${subject} LIKE 'hmac-sha256:%'`;

/** The ID that the app took, where it is another than was sent. Null is all but always, so that it costs nothing. */
const OTHER_ID = 'CASE WHEN t.sent_id <> t.answered_id THEN t.answered_id END';

/** A row of `table` whose ID no log has twice. Rows without an ID stay: they are requests too. */
const once = (table: string, keys: readonly string[], columns: string): string => `
  SELECT ${columns} FROM ${table} t
  ${keys.map((key, n) => `LEFT JOIN repeated r${n} ON r${n}.correlation_id = ${key}`).join('\n  ')}
  WHERE ${keys.map((_, n) => `r${n}.correlation_id IS NULL`).join(' AND ')}`;

/**
 * One row a request, whatever logs have it: gateway, IIS and app joined by ID where each has it once, and how long each hop
 * took. Clocks are not compared: a hop is the difference of two durations, so it may be below zero where two ways to measure
 * differ.
 *
 * A function that a queue or a workflow started runs outside of the request, and takes nothing of its time.
 */
export const REQUESTS_SQL = `
WITH repeated AS (SELECT DISTINCT correlation_id FROM repeated_ids),
g AS (${once(
  'gateway',
  ['t.correlation_id'],
  `t.correlation_id, t.t_ms, ${routeSql('t.route', 't.method', 't.path')} AS route, t.status, t.latency_ms, t.integration_ms,
    t.principal, true AS is_there`,
)}
),
i AS (${once(
  'iis',
  // Where the app took another ID than was sent, either may be somebody else's.
  ['coalesce(t.sent_id, t.answered_id)', OTHER_ID],
  `coalesce(t.sent_id, t.answered_id) AS join_id, ${OTHER_ID} AS other_id, t.server, t.t_ms, t.method, t.path, t.status,
    t.time_taken_ms, t.user_hash, t.user_agent NOT LIKE 'AmazonAPIGateway%' AS other_agent, true AS is_there`,
)}
),
a AS (${once(
  'app',
  ['t.correlation_id'],
  `t.correlation_id, t.server, t.t_ms, t.method, t.path, t.status, t.duration_ms, t.subject, true AS is_there`,
)}
),
f AS (
  SELECT correlation_id, sum(duration_ms) AS duration_ms FROM functions
  WHERE correlation_id IS NOT NULL AND duration_ms IS NOT NULL AND coalesce(source, 'call') IN ('call', 'gateway')
  GROUP BY correlation_id
)
SELECT
  coalesce(g.correlation_id, i.join_id, a.correlation_id) AS correlation_id,
  coalesce(g.t_ms, i.t_ms - coalesce(i.time_taken_ms, 0), a.t_ms - CAST(coalesce(${durationSql('a.duration_ms')}, 0) AS bigint)) AS t_ms,
  ${routeSql('g.route', 'coalesce(i.method, a.method)', 'coalesce(i.path, a.path)')} AS route,
  coalesce(i.server, a.server) AS server,
  coalesce(g.status, i.status, a.status) AS status,
  g.is_there IS NOT NULL AS in_gateway,
  i.is_there IS NOT NULL AS in_iis,
  a.is_there IS NOT NULL AS in_app,
  ${tenths(`coalesce(${double('g.latency_ms')}, ${double('i.time_taken_ms')}, a.duration_ms)`)} AS total_tenths,
  ${tenths(`${double('g.latency_ms')} - g.integration_ms`)} AS gateway_tenths,
  ${tenths(`${double('g.integration_ms')} - i.time_taken_ms`)} AS wire_tenths,
  ${tenths('i.time_taken_ms - a.duration_ms')} AS iis_tenths,
  ${tenths('a.duration_ms - coalesce(f.duration_ms, 0)')} AS app_tenths,
  ${tenths('f.duration_ms')} AS function_tenths,
  CASE WHEN g.principal = a.subject THEN false WHEN (${isHashed('g.principal')}) = (${isHashed('a.subject')}) THEN true END
    AS principal_differs,
  CASE WHEN i.user_hash IS NOT NULL AND ${isHashed('a.subject')} THEN a.subject <> 'hmac-sha256:' || i.user_hash END
    AS user_hash_differs,
  CASE WHEN g.is_there THEN i.other_agent END AS other_agent
FROM g
FULL OUTER JOIN i ON i.join_id = g.correlation_id
FULL OUTER JOIN a ON a.correlation_id = coalesce(i.other_id, i.join_id, g.correlation_id)
LEFT JOIN f ON f.correlation_id = coalesce(a.correlation_id, i.other_id, i.join_id, g.correlation_id)`;
