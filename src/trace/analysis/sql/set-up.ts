/** Which policies decided, on which server, from when to when. */
export const APP_POLICIES_SQL = `
SELECT server, policy, count(*) AS requests, min(t_ms) AS first_at, max(t_ms) AS last_at
FROM app WHERE policy IS NOT NULL GROUP BY server, policy`;

/** Which formats the access logs had. */
export const GATEWAY_FORMATS_SQL = `
SELECT api, stage, format, count(*) AS requests, min(t_ms) AS first_at, max(t_ms) AS last_at
FROM gateway WHERE format IS NOT NULL GROUP BY api, stage, format`;

/** Under which addresses the servers were reached. */
export const SERVER_ADDRESSES_SQL = `
SELECT server, server_ip || ':' || coalesce(CAST(server_port AS varchar), '?') AS address, requests, first_at, last_at
FROM (
  SELECT server, server_ip, server_port, count(*) AS requests, min(t_ms) AS first_at, max(t_ms) AS last_at
  FROM iis WHERE server_ip IS NOT NULL GROUP BY server, server_ip, server_port
) a`;
