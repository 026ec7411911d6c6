/**
 * One row: the time in which both gateway and IIS were logged, margin taken off. Nulls where one of the logs is missing;
 * `from_ms` after `to_ms` where they share less than the margins.
 */
export const COMMON_WINDOW_SQL = `
SELECT
  CASE WHEN g.first_ms IS NOT NULL AND i.first_ms IS NOT NULL THEN greatest(g.first_ms, i.first_ms) + s.margin_ms END AS from_ms,
  CASE WHEN g.last_ms IS NOT NULL AND i.last_ms IS NOT NULL THEN least(g.last_ms, i.last_ms) - s.margin_ms END AS to_ms
FROM (SELECT min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM gateway) g
CROSS JOIN (SELECT min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM iis) i
CROSS JOIN settings s`;
