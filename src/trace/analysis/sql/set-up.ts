/** Which policies decided, on which server, from when to when. */
export const APP_POLICIES_SQL = `
SELECT server, policy, count(*) AS requests, min(t_ms) AS first_at, max(t_ms) AS last_at
FROM app WHERE policy IS NOT NULL GROUP BY server, policy`;

/** Formats that come side by side in so many steps of ten minutes are of two APIs: one that changes shares a step or two. */
const STEPS_OF_TWO_APIS = 3;

/**
 * Which formats the access logs had, and whether a stage changed from or to it. A line does not name its API, and many have a
 * stage of the same name.
 */
export const GATEWAY_FORMATS_SQL = `
WITH steps AS (
  SELECT coalesce(api, '') AS api, coalesce(stage, '') AS stage, format, t_ms - mod(t_ms, 600000) AS step_ms,
    count(*) AS requests, min(t_ms) AS first_at, max(t_ms) AS last_at
  FROM gateway WHERE format IS NOT NULL
  GROUP BY coalesce(api, ''), coalesce(stage, ''), format, t_ms - mod(t_ms, 600000)
),
formats AS (
  SELECT api, stage, format, CAST(sum(requests) AS bigint) AS requests, min(first_at) AS first_at, max(last_at) AS last_at
  FROM steps GROUP BY api, stage, format
),
side_by_side AS (
  SELECT a.api, a.stage, a.format, b.format AS other, count(*) AS steps
  FROM steps a JOIN steps b ON b.api = a.api AND b.stage = a.stage AND b.step_ms = a.step_ms AND b.format <> a.format
  GROUP BY a.api, a.stage, a.format, b.format
),
changes AS (
  SELECT f.api, f.stage, f.format, count_if(coalesce(s.steps, 0) < ${STEPS_OF_TWO_APIS}) > 0 AS changed
  FROM formats f
  JOIN formats o ON o.api = f.api AND o.stage = f.stage AND o.format <> f.format
  LEFT JOIN side_by_side s ON s.api = f.api AND s.stage = f.stage AND s.format = f.format AND s.other = o.format
  GROUP BY f.api, f.stage, f.format
)
SELECT nullif(f.api, '') AS api, nullif(f.stage, '') AS stage, f.format, f.requests, f.first_at, f.last_at,
  coalesce(c.changed, false) AS changed
FROM formats f
LEFT JOIN changes c ON c.api = f.api AND c.stage = f.stage AND c.format = f.format`;

/** Under which addresses the servers were reached. */
export const SERVER_ADDRESSES_SQL = `
SELECT server, server_ip || ':' || coalesce(CAST(server_port AS varchar), '?') AS address, requests, first_at, last_at
FROM (
  SELECT server, server_ip, server_port, count(*) AS requests, min(t_ms) AS first_at, max(t_ms) AS last_at
  FROM iis WHERE server_ip IS NOT NULL GROUP BY server, server_ip, server_port
) a`;
