/**
 * IDs that one log has more than once. Joined, n rows on one side and m on the other are n times m, so they are kept out of
 * the join and listed.
 *
 * IIS has two IDs a row; where they differ, the row counts for both.
 */
export const REPEATED_IDS_SQL = `
SELECT correlation_id, 'gateway' AS log, count(*) AS copies
FROM gateway WHERE correlation_id IS NOT NULL GROUP BY correlation_id HAVING count(*) > 1
UNION ALL
SELECT correlation_id, 'iis' AS log, count(*) AS copies
FROM (
  SELECT coalesce(sent_id, answered_id) AS correlation_id FROM iis
  UNION ALL
  SELECT answered_id AS correlation_id FROM iis WHERE sent_id <> answered_id
) keys
WHERE correlation_id IS NOT NULL GROUP BY correlation_id HAVING count(*) > 1
UNION ALL
SELECT correlation_id, 'app' AS log, count(*) AS copies
FROM app WHERE correlation_id IS NOT NULL GROUP BY correlation_id HAVING count(*) > 1`;
