import type { Hop } from '../../report-model';

/** The percentiles of a report, in percent. */
const PERCENTS = [50, 90, 95, 99] as const;

/** Stands for all routes where others have their place. */
export const ALL_ROUTES = -1;

/**
 * How long one hop took, for all requests (place -1) and for each of the top routes.
 *
 * Percentiles are counted, not estimated: how often each duration came, summed up from the shortest; the percentile is the
 * first duration that at least so many percent of the requests did not exceed (nearest rank). That is exact on both
 * engines, and its memory grows with the number of different durations, not of requests.
 */
export function hopLatencySql(hop: Hop): string {
  return `
WITH counted AS (
  SELECT place, ${hop}_tenths AS tenths, count(*) AS n FROM timeline WHERE ${hop}_tenths IS NOT NULL GROUP BY place, ${hop}_tenths
),
both_ways AS (
  SELECT place, tenths, n FROM counted WHERE place > 0
  UNION ALL
  SELECT ${ALL_ROUTES} AS place, tenths, CAST(sum(n) AS bigint) AS n FROM counted GROUP BY tenths
),
running AS (
  SELECT place, tenths, n, sum(n) OVER (PARTITION BY place ORDER BY tenths) AS up_to, sum(n) OVER (PARTITION BY place) AS total
  FROM both_ways
)
SELECT
  r.place,
  max(t.route) AS route,
  CAST(max(r.total) AS bigint) AS requests,
  sum(CAST(r.tenths AS double) * CAST(r.n AS double)) / CAST(sum(r.n) AS double) / 10 AS mean_ms,
  ${PERCENTS.map((p) => `CAST(min(CASE WHEN r.up_to * 100 >= r.total * ${p} THEN r.tenths END) AS double) / 10 AS p${p}_ms`).join(',\n  ')},
  CAST(max(r.tenths) AS double) / 10 AS max_ms,
  CAST(coalesce(sum(CASE WHEN r.tenths < 0 THEN r.n END), 0) AS bigint) AS negative
FROM running r LEFT JOIN top_routes t ON t.place = r.place
GROUP BY r.place
ORDER BY r.place`;
}
