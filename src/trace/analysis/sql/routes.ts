/** How many routes have their latency by hop in the report. */
export const ROUTES_WITH_LATENCY = 40;
/** How many routes can be looked at over time. */
export const ROUTES_OVER_TIME = 12;

/** The routes with the most requests, the first is 1. */
export const TOP_ROUTES_SQL = `
SELECT route, requests, place
FROM (
  SELECT route, count(*) AS requests, row_number() OVER (ORDER BY count(*) DESC, route) AS place
  FROM requests WHERE route IS NOT NULL GROUP BY route
) ranked
WHERE place <= ${ROUTES_WITH_LATENCY}`;
