const COLUMNS = `i.file_id, i.server, i.t_ms, i.method, i.path, i.status, i.client_ip, i.user_agent, i.sent_id, i.answered_id,
    i.correlation_id, i.answered_logged`;

/**
 * Requests that reached IIS without the gateway, as far as the logs tell:
 *
 * - `without_id`: IIS logs the sender's ID, and there was none. The gateway always sends one.
 * - `unknown_id`: there was one, in the time that both were logged, and the gateway's log does not have it. Its delivery is
 *   best effort, so this alone is a suspicion.
 *
 * With the verdict of the app: `refused`, `public` (open to everybody by the policy), `let_in`, `unanswered` (the app never
 * saw it: a file that IIS served, or a refusal of IIS), `unknown` (no audit trail).
 */
export const BYPASS_SQL = `
WITH strangers AS (SELECT correlation_id, logged_ms FROM unmatched WHERE NOT in_gateway),
rows_beside AS (
  SELECT ${COLUMNS}, 'without_id' AS class
  FROM iis i LEFT JOIN strangers s ON s.correlation_id = i.answered_id
  WHERE i.sent_logged AND i.sent_id IS NULL AND (i.answered_id IS NULL OR s.correlation_id IS NOT NULL)
  UNION ALL
  SELECT ${COLUMNS}, 'unknown_id' AS class
  FROM iis i
  JOIN strangers s ON s.correlation_id = i.sent_id
  CROSS JOIN common_window w
  WHERE s.logged_ms BETWEEN w.from_ms AND w.to_ms
),
verdicts AS (
  SELECT a.correlation_id,
    CAST(count_if(a.outcome = 'denied') AS bigint) AS refusals,
    CAST(count_if(a.event = 'access' AND a.outcome = 'allowed' AND a.reason = 'public') AS bigint) AS open_doors,
    CAST(count_if(a.event = 'access' AND a.outcome = 'allowed') AS bigint) AS admissions,
    max(CASE WHEN a.event = 'authenticate' AND a.outcome = 'denied' THEN coalesce(a.reason, a.code) END) AS token_fault,
    max(CASE WHEN a.outcome = 'denied' THEN coalesce(a.reason, a.code) END) AS refusal,
    max(a.subject) AS subject
  FROM audit a JOIN (SELECT DISTINCT correlation_id FROM rows_beside) b ON b.correlation_id = a.correlation_id
  WHERE a.event IN ('access', 'authenticate')
  GROUP BY a.correlation_id
)
SELECT b.*, v.token_fault, v.refusal, v.subject,
  CASE
    WHEN v.refusals > 0 THEN 'refused'
    WHEN v.open_doors > 0 THEN 'public'
    WHEN v.admissions > 0 THEN 'let_in'
    WHEN b.answered_logged AND b.answered_id IS NULL THEN 'unanswered'
    ELSE 'unknown'
  END AS verdict
FROM rows_beside b LEFT JOIN verdicts v ON v.correlation_id = b.correlation_id`;
