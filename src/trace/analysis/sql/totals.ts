/** One row: counts that add up. */
export const TOTALS_SQL = `
SELECT
  (SELECT count(*) FROM gateway) AS gateway_requests,
  (SELECT count(*) FROM iis) AS iis_requests,
  (SELECT count(*) FROM app) AS app_requests,
  (SELECT count(*) FROM requests WHERE in_gateway AND in_iis) AS matched,
  (SELECT count(DISTINCT correlation_id) FROM repeated_ids) AS duplicate_ids,
  (SELECT count(*) FROM bypass WHERE class = 'without_id') AS bypass_without_id,
  (SELECT count(*) FROM bypass WHERE class = 'unknown_id') AS bypass_unknown_id,
  (SELECT count(*) FROM lost) AS never_reached_iis`;

/** The requests that took longest, with an ID to look them up by. */
export function slowestSql(count: number): string {
  return `
SELECT correlation_id FROM requests
WHERE correlation_id IS NOT NULL AND total_tenths IS NOT NULL
ORDER BY total_tenths DESC, correlation_id
LIMIT ${count}`;
}
