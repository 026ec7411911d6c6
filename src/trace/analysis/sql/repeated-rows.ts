/** The rows of one log that have a repeated ID: how many variants there are of them, and where they are from. */
const log = (name: string, table: string, key: string, client: string, values: readonly string[]): string => `
SELECT r.correlation_id, '${name}' AS log, count(DISTINCT ${values
  .map((value) => `coalesce(CAST(${value} AS varchar), '')`)
  .join(" || '|' || ")}) AS variants, min(t.t_ms) AS first_at, max(t.t_ms) AS last_at, min(${client}) AS a_client,
  max(${client}) AS other_client, min(f.path) AS a_file, max(f.path) AS other_file
FROM ${table} t
JOIN (SELECT correlation_id FROM repeated_ids WHERE log = '${name}') r ON r.correlation_id = ${key}
LEFT JOIN files f ON f.file_id = t.file_id
GROUP BY r.correlation_id`;

/** A row of IIS stands for both of its IDs where they differ, as in the table `repeated_ids`. */
const IIS_BY_EITHER_ID = `(
  SELECT i.*, coalesce(i.sent_id, i.answered_id) AS either_id FROM iis i
  UNION ALL
  SELECT i.*, i.answered_id AS either_id FROM iis i WHERE i.sent_id <> i.answered_id
)`;

/** For each ID that a log has more than once: whether its rows are the same, and where they are from. */
export const REPEATED_ROWS_SQL = [
  log('gateway', 'gateway', 't.correlation_id', 't.source_ip', ['t.t_ms', 't.path', 't.status', 't.latency_ms']),
  log('iis', IIS_BY_EITHER_ID, 't.either_id', 't.client_ip', [
    ...['t.t_ms', 't.server', 't.method', 't.path', 't.status', 't.time_taken_ms', 't.client_ip'],
    ...['t.sent_id', 't.answered_id'],
  ]),
  log('app', 'app', 't.correlation_id', 'CAST(NULL AS varchar)', [
    ...['t.t_ms', 't.server', 't.path', 't.status', 't.duration_ms'],
  ]),
].join('\nUNION ALL');
