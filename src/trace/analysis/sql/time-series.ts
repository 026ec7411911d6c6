import type { Hop } from '../../report-model';
import { ALL_ROUTES } from './hop-latency';
import { ROUTES_OVER_TIME } from './routes';

/** Routes that are shown over time keep their place, all others are 0. */
const SHOWN_PLACE = `CASE WHEN place <= ${ROUTES_OVER_TIME} THEN place ELSE 0 END`;

/** How many requests there were in each bucket of time, of each route that is shown, and of the others (place 0). */
export const REQUESTS_OVER_TIME_SQL = `
SELECT
  ${SHOWN_PLACE} AS place,
  bucket,
  count(*) AS requests,
  CAST(count_if(status >= 500) AS bigint) AS errors,
  CAST(count_if(status IN (401, 403, 429)) AS bigint) AS refused
FROM timeline
GROUP BY ${SHOWN_PLACE}, bucket`;

/** The 95th percentile of one hop in each bucket of time, of all (place -1) and of each route; exact, see {@link hopLatencySql}. */
export function hopOverTimeSql(hop: Hop): string {
  return `
WITH counted AS (
  SELECT ${SHOWN_PLACE} AS place, bucket, ${hop}_tenths AS tenths, count(*) AS n
  FROM timeline
  WHERE ${hop}_tenths IS NOT NULL
  GROUP BY ${SHOWN_PLACE}, bucket, ${hop}_tenths
),
both_ways AS (
  SELECT place, bucket, tenths, n FROM counted WHERE place > 0
  UNION ALL
  SELECT ${ALL_ROUTES} AS place, bucket, tenths, CAST(sum(n) AS bigint) AS n FROM counted GROUP BY bucket, tenths
),
running AS (
  SELECT place, bucket, tenths,
    sum(n) OVER (PARTITION BY place, bucket ORDER BY tenths) AS up_to,
    sum(n) OVER (PARTITION BY place, bucket) AS total
  FROM both_ways
)
SELECT place, bucket, CAST(min(CASE WHEN up_to * 100 >= total * 95 THEN tenths END) AS double) / 10 AS p95_ms
FROM running
GROUP BY place, bucket`;
}

/** Lower edges of the heat map's rows, in milliseconds. */
export const LATENCY_EDGES_MS: readonly number[] = [
  0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000,
];

const EDGE = `CASE ${[...LATENCY_EDGES_MS]
  .reverse()
  .map((ms) => (ms === 0 ? 'ELSE 0' : `WHEN total_tenths >= ${ms * 10} THEN ${ms}`))
  .join(' ')} END`;

/** How many requests took how long in each bucket of time, of each route that is shown, and of the others (place 0). */
export const HEAT_MAP_SQL = `
SELECT place, bucket, edge_ms, count(*) AS requests
FROM (
  SELECT ${SHOWN_PLACE} AS place, bucket, ${EDGE} AS edge_ms
  FROM timeline WHERE total_tenths IS NOT NULL
) e
GROUP BY place, bucket, edge_ms`;
