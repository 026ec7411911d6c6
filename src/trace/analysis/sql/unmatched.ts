/**
 * IDs that only one of gateway and IIS has, and when: the gateway's time, or IIS's, which is that of the end.
 *
 * A table of its own, and not a part of what reads it: they are few, and an engine that knows so joins them the right way
 * round.
 */
export const UNMATCHED_SQL = `
SELECT correlation_id, in_gateway,
  CASE WHEN in_gateway THEN t_ms ELSE t_ms + CAST(coalesce(total_tenths, 0) / 10 AS bigint) END AS logged_ms
FROM requests WHERE correlation_id IS NOT NULL AND in_gateway <> in_iis`;
