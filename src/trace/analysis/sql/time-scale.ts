const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Lengths of time that people count in. */
const ROUND_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 7].map((n) => n * DAY_MS),
];

/** At most so many steps over the whole time. */
const MAX_BUCKETS = 120;

/** One row: over how long a time requests are summed up, by how long the logs are. */
export const TIME_SCALE_SQL = `
SELECT
  CASE
    ${ROUND_MS.map((ms) => `WHEN last_ms - first_ms < ${ms * (MAX_BUCKETS - 1)} THEN CAST(${ms} AS bigint)`).join('\n    ')}
    ELSE CAST(ceil(CAST(last_ms - first_ms AS double) / ${(MAX_BUCKETS - 1) * DAY_MS}) AS bigint) * ${DAY_MS}
  END AS bucket_ms,
  first_ms,
  last_ms
FROM (SELECT min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM requests) ends`;
