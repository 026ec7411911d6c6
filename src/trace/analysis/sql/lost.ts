/** What has no ID is compared by method, path and time; clocks and whole seconds leave so much room. */
const STEP_MS = 30_000;

const step = (time: string): string => `${time} - mod(${time}, ${STEP_MS})`;

/** Which of the missing requests may be among the rows of `table`, which have no ID. */
const nearby = (table: string, reason: string): string => `
  SELECT m.correlation_id, min(${reason}) AS reason
  FROM missing m
  CROSS JOIN UNNEST(ARRAY[${-STEP_MS}, 0, ${STEP_MS}]) AS u (offset_ms)
  JOIN ${table} e ON e.method = m.method AND e.path = m.server_path
    AND e.step_ms = ${step('m.end_ms')} + u.offset_ms
  WHERE m.kind <> 'gateway'
  GROUP BY m.correlation_id`;

/**
 * Gateway's requests that IIS never logged, in the time that both were logged:
 *
 * - `gateway`: nothing behind was asked, the gateway answered itself;
 * - `failed`: the integration failed (502, 503, 504, or an error of the integration);
 * - `vanished`: something behind answered, and no log of IIS has it.
 *
 * What was answered and may be a row of an IIS whose log has no field with an ID, is not among them: nobody can tell.
 */
export const LOST_SQL = `
WITH ids AS (
  SELECT u.correlation_id FROM unmatched u CROSS JOIN common_window w
  WHERE u.in_gateway AND u.logged_ms BETWEEN w.from_ms AND w.to_ms
),
missing AS (
  SELECT g.*,
    CASE
      WHEN g.integration_ms IS NULL AND g.integration_status IS NULL AND g.integration_error IS NULL
        AND g.status NOT IN (502, 503, 504) THEN 'gateway'
      WHEN g.integration_error IS NOT NULL OR g.integration_status IN (502, 503, 504) OR g.status IN (502, 503, 504) THEN 'failed'
      ELSE 'vanished'
    END AS kind,
    g.t_ms + coalesce(g.latency_ms, 0) AS end_ms,
    -- A REST API logs the path with the stage, which the server never sees.
    CASE WHEN strpos(g.path, '/' || g.stage || '/') = 1 THEN substr(g.path, length(g.stage) + 2) ELSE g.path END AS server_path
  FROM gateway g JOIN ids ON ids.correlation_id = g.correlation_id
),
refused_early AS (
  SELECT method, path, ${step('t_ms')} AS step_ms, min(reason) AS reason
  FROM httperr GROUP BY method, path, ${step('t_ms')}
),
nameless AS (
  SELECT method, path, ${step('t_ms')} AS step_ms, min(server) AS server
  FROM iis WHERE NOT coalesce(sent_logged, false) AND NOT coalesce(answered_logged, false)
  GROUP BY method, path, ${step('t_ms')}
),
-- Paths may be mapped on the way, so that those without an ID need not be alike: where no row has one, nothing can be missed.
named AS (SELECT count(*) AS n FROM iis WHERE sent_logged OR answered_logged),
in_httperr AS (${nearby('refused_early', 'e.reason')}
),
unjoined AS (${nearby('nameless', 'e.server')}
)
SELECT m.*, h.reason AS httperr_reason
FROM missing m
CROSS JOIN named
LEFT JOIN in_httperr h ON h.correlation_id = m.correlation_id
LEFT JOIN unjoined u ON u.correlation_id = m.correlation_id
WHERE m.kind <> 'vanished' OR (u.correlation_id IS NULL AND named.n > 0)`;
