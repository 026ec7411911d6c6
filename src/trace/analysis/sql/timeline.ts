/**
 * Requests as numbers alone: the place of their route among the top routes (0: not one of them), the bucket of time, and the
 * hops. All figures over routes and time are counted from this one; names of routes are looked up at the end.
 */
export const TIMELINE_SQL = `
SELECT
  CAST(coalesce(t.place, 0) AS integer) AS place,
  CAST((r.t_ms - mod(r.t_ms, s.bucket_ms) - (s.first_ms - mod(s.first_ms, s.bucket_ms))) / s.bucket_ms AS integer) AS bucket,
  r.status, r.total_tenths, r.gateway_tenths, r.wire_tenths, r.iis_tenths, r.app_tenths, r.function_tenths
FROM requests r
CROSS JOIN time_scale s
LEFT JOIN top_routes t ON t.route = r.route`;
