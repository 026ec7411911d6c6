/** Tokens that app, authorizer or a function refused, with the request that brought them where the app has it. */
export const REFUSED_TOKENS_SQL = `
SELECT a.t_ms AS logged_at, a.code, a.reason, coalesce(q.server, f.server) AS server, a.function_name, q.method, q.path, a.correlation_id,
  f.path AS file
FROM audit a
LEFT JOIN files f ON f.file_id = a.file_id
LEFT JOIN (
  SELECT p.correlation_id, min(p.server) AS server, min(p.method) AS method, min(p.path) AS path
  FROM app p JOIN (SELECT DISTINCT correlation_id FROM audit WHERE event = 'authenticate' AND outcome = 'denied') d
    ON d.correlation_id = p.correlation_id
  GROUP BY p.correlation_id
) q ON q.correlation_id = a.correlation_id
WHERE a.event = 'authenticate' AND a.outcome = 'denied'`;
