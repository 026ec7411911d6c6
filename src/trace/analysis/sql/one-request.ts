import { durationSql } from '../../duration';

/**
 * What all logs have of one request, as one list: for Athena, where nobody draws a waterfall. Put the correlation ID in the
 * place of THE-ID.
 */
export const ONE_REQUEST_SQL = `
WITH wanted AS (SELECT 'THE-ID' AS id)
SELECT 'gateway' AS log, g.t_ms AS began_ms, CAST(g.latency_ms AS double) AS duration_ms, g.method || ' ' || g.path AS what,
  CAST(g.status AS varchar) AS outcome
FROM gateway g JOIN wanted w ON w.id = g.correlation_id
UNION ALL
SELECT 'iis', i.t_ms - coalesce(i.time_taken_ms, 0), CAST(i.time_taken_ms AS double), i.method || ' ' || i.path,
  CAST(i.status AS varchar)
FROM iis i JOIN wanted w ON w.id = i.sent_id OR w.id = i.answered_id
UNION ALL
SELECT 'app', a.t_ms - CAST(coalesce(${durationSql('a.duration_ms')}, 0) AS bigint), a.duration_ms, a.method || ' ' || a.path, CAST(a.status AS varchar)
FROM app a JOIN wanted w ON w.id = a.correlation_id
UNION ALL
SELECT 'audit', d.t_ms, CAST(NULL AS double), d.event, coalesce(d.outcome, '') || ' ' || coalesce(d.reason, '')
FROM audit d JOIN wanted w ON w.id = d.correlation_id
UNION ALL
SELECT 'event', e.t_ms, CAST(NULL AS double), e.type, coalesce(e.code, e.outcome, e.level)
FROM app_events e JOIN wanted w ON w.id = e.correlation_id
UNION ALL
SELECT 'function', f.t_ms - CAST(coalesce(${durationSql('f.duration_ms')}, 0) AS bigint), f.duration_ms, f.function_name, f.outcome
FROM functions f JOIN wanted w ON w.id = f.correlation_id
ORDER BY began_ms, duration_ms DESC NULLS LAST`;
