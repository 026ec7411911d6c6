import { siteSql } from './site';

/**
 * Facts of the set-up that changed: each value of a fact by when it was first seen, beside the one before. `#Fields` and
 * `#Software` in the order of the log, so that going back and forth shows each time.
 */
export const DRIFT_SQL = `
WITH seen AS (
  SELECT 'fields' AS what, l.server, ${siteSql('f.path')} AS site, l.from_ms AS t_ms, l.fields AS value
  FROM iis_fields l LEFT JOIN files f ON f.file_id = l.file_id
  UNION ALL
  SELECT 'software' AS what, server, '' AS site, from_ms AS t_ms, software AS value FROM iis_fields
  UNION ALL
  SELECT 'policy of the app' AS what, server, '' AS site, first_at AS t_ms, policy AS value FROM app_policies
  UNION ALL
  SELECT 'policy of the authorizer' AS what, CAST(NULL AS varchar) AS server, '' AS site, min(t_ms) AS t_ms, policy AS value
  FROM audit WHERE event = 'authenticate' GROUP BY policy
  UNION ALL
  SELECT 'access log format of ' || coalesce(api, 'the') || ' API, stage ' || coalesce(stage, 'unknown') AS what,
    CAST(NULL AS varchar) AS server, '' AS site, first_at AS t_ms, format AS value FROM gateway_formats WHERE changed
  UNION ALL
  SELECT 'address of the server' AS what, server, '' AS site, first_at AS t_ms, address AS value FROM server_addresses
),
ordered AS (
  SELECT what, server, t_ms, value, lag(value) OVER (PARTITION BY what, server, site ORDER BY t_ms, value) AS value_before
  FROM seen WHERE value IS NOT NULL AND t_ms IS NOT NULL
)
SELECT what, server, t_ms AS from_ms, value_before, value AS value_after
FROM ordered
WHERE value_before IS NOT NULL AND value_before <> value
ORDER BY t_ms, what, server
LIMIT 200`;
