import { siteSql } from '../sql/site';
import { figure, grouped, many, percent, type Rule } from './rule';

/** A server is silent, and not only little used, after so many times its usual distance between two requests. */
const GAPS = 20;

/** Whether an address was silent for so long, beside how much it is used; a wrong date makes products that no whole number holds. */
const isSilentFor = (stretch: string): string =>
  `CAST(${stretch} AS double) * a.requests > ${GAPS} * (a.last_at - a.first_at)`;

/** Whether a third policy was in use for half or more of the time in which both `a` and `b` were. */
const coversBoth = (third: string): string =>
  `2 * (least(a.last_at, b.last_at, ${third}.last_at) - greatest(a.first_at, b.first_at, ${third}.first_at)) ` +
  '>= least(a.last_at, b.last_at) - greatest(a.first_at, b.first_at)';

export const DRIFT_RULES: readonly Rule[] = [
  {
    id: 'policy-differs-servers',
    group: 'drift',
    severity: 'warning',
    certainty: 'certain',
    about: 'servers that decided by different policies in the same time',
    rows: `
SELECT p.server, p.policy, p.requests, p.first_at, p.last_at
FROM app_policies p
JOIN (
  SELECT DISTINCT a.server, a.policy FROM app_policies a
  JOIN app_policies b ON a.policy <> b.policy AND a.server <> b.server AND a.first_at <= b.last_at AND b.first_at <= a.last_at
  LEFT JOIN app_policies c ON c.policy = a.policy AND c.server = b.server AND ${coversBoth('c')}
  LEFT JOIN app_policies e ON e.policy = b.policy AND e.server = a.server AND ${coversBoth('e')}
  -- Both servers have both policies most of that time: these are two apps.
  WHERE c.policy IS NULL OR e.policy IS NULL
) d ON d.server = p.server AND d.policy = p.policy`,
    order: 'first_at, server, policy',
    figures: { servers: 'count(DISTINCT server)', policies: 'count(DISTINCT policy)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'servers'), 'server')} decided by ${many(figure(figures, 'policies'), 'policy', 'policies')} in the same time`,
      explanation:
        'The same request was allowed or refused depending on the server that it came to. A deployment looks so for minutes, and ' +
        'so do servers with different apps.',
      advice: 'Bring the same policy file to all servers; last_at says which of them stayed behind.',
    }),
  },
  {
    id: 'policy-differs-authorizer',
    group: 'drift',
    severity: 'warning',
    certainty: 'certain',
    about: 'requests whose app decided by another policy than the authorizer that gave the roles',
    rows: `
SELECT e.policy AS app_policy, e.other_policy AS authorizer_policy, count(*) AS times_told, min(e.t_ms) AS first_at,
  max(e.t_ms) AS last_at, min(f.path) AS file
FROM app_events e LEFT JOIN files f ON f.file_id = e.file_id
WHERE e.type = 'policy_drift'
GROUP BY e.policy, e.other_policy
UNION ALL
SELECT a.policy AS app_policy, z.policy AS authorizer_policy, CAST(NULL AS bigint) AS times_told,
  greatest(a.first_ms, z.first_ms) AS first_at, least(a.last_ms, z.last_ms) AS last_at, CAST(NULL AS varchar) AS file
FROM (SELECT policy, min(first_at) AS first_ms, max(last_at) AS last_ms FROM app_policies GROUP BY policy) a
JOIN (
  SELECT policy, min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM audit
  WHERE event = 'authenticate' AND policy IS NOT NULL GROUP BY policy
) z ON z.policy <> a.policy AND a.first_ms <= z.last_ms AND z.first_ms <= a.last_ms
LEFT JOIN (SELECT DISTINCT policy, other_policy FROM app_events WHERE type = 'policy_drift') t
  ON t.policy = a.policy AND t.other_policy = z.policy
WHERE t.policy IS NULL`,
    order: 'first_at, app_policy, authorizer_policy',
    say: (figures) => ({
      title: `App and authorizer decided by different policies (${many(figure(figures, 'found'), 'pair')})`,
      explanation:
        'The authorizer gives the roles and the app decides with them. Where their files differ, a role can be given that means ' +
        'something else in the app. times_told counts the lines of type policy_drift; a pair without was in use in the same time.',
      advice: 'Deploy the policy to app and authorizer together; `baton policy diff` shows what the difference allows.',
    }),
  },
  {
    id: 'policy-changed',
    group: 'drift',
    severity: 'info',
    certainty: 'certain',
    about: 'policies that followed one another on a server',
    rows: `
SELECT server, policy_before, policy, first_at
FROM (
  SELECT server, policy, first_at, lag(policy) OVER (PARTITION BY server ORDER BY first_at, policy) AS policy_before
  FROM app_policies
) o
WHERE policy_before IS NOT NULL`,
    order: 'first_at, server',
    figures: { servers: 'count(DISTINCT server)' },
    say: (figures) => ({
      title: `The policy changed ${many(figure(figures, 'found'), 'time')} on ${many(figure(figures, 'servers'), 'server')}`,
      explanation:
        'The digest in the lines of the app became another one: what was decided before and after is not the same policy.',
      advice: 'Nothing, where it was a deployment.',
    }),
  },
  {
    id: 'fields-changed',
    group: 'drift',
    severity: 'warning',
    certainty: 'certain',
    about: 'lists of fields (#Fields) that changed on a server',
    rows: `
SELECT o.server, o.site, o.from_ms AS changed_at, o.fields_before, o.fields, o.file
FROM (
  SELECT i.server, i.site, i.from_ms, i.fields, i.file,
    lag(i.fields) OVER (PARTITION BY i.server, i.site ORDER BY i.from_ms, i.file_id) AS fields_before
  FROM (
    SELECT l.*, f.path AS file, ${siteSql('f.path')} AS site FROM iis_fields l LEFT JOIN files f ON f.file_id = l.file_id
  ) i
) o
WHERE o.fields_before IS NOT NULL AND o.fields_before <> o.fields`,
    order: 'changed_at, server',
    figures: { servers: 'count(DISTINCT server)' },
    say: (figures) => ({
      title: `IIS changed what it logs ${many(figure(figures, 'found'), 'time')}, on ${many(figure(figures, 'servers'), 'server')}`,
      explanation:
        'The fields are a setting of the site. Rows are read by the list above them, so nothing is misread here; tools that know ' +
        'one list for all files do misread them.',
      advice: 'Find out who changed the logging, and whether the fields with the correlation ID are still among them.',
    }),
  },
  {
    id: 'fields-differ',
    group: 'drift',
    severity: 'warning',
    certainty: 'certain',
    about: 'servers that log different fields in the end',
    rows: `
WITH lasting AS (
  SELECT server, site, fields, from_ms
  FROM (
    SELECT i.server, i.site, i.fields, i.from_ms,
      row_number() OVER (PARTITION BY i.server, i.site ORDER BY i.from_ms DESC, i.file_id DESC) AS place
    FROM (
      SELECT l.*, ${siteSql('f.path')} AS site FROM iis_fields l LEFT JOIN files f ON f.file_id = l.file_id
      WHERE l.server IS NOT NULL
    ) i
  ) k WHERE place = 1
)
SELECT l.server, l.site, l.fields, l.from_ms AS since_at
FROM lasting l
JOIN (SELECT site FROM lasting GROUP BY site HAVING count(DISTINCT fields) > 1) n ON n.site = l.site`,
    order: 'site, fields, server',
    figures: { lists: 'count(DISTINCT fields)', servers: 'count(DISTINCT server)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'servers'), 'server')} log ${grouped(figure(figures, 'lists'))} different lists of fields`,
      explanation: 'Behind one gateway they should be set up alike. The last list of each server is in the evidence.',
      advice: '`npx baton logs field-script` prints the script that gives a site the fields; run it on each.',
    }),
  },
  {
    id: 'correlation-field-missing',
    group: 'drift',
    severity: 'error',
    certainty: 'certain',
    about: 'IIS logs without cs-correlation-id or sc-correlation-id, whose rows cannot be joined',
    rows: `
SELECT i.server, f.path AS file, i.from_ms AS from_at, i.rows_read AS requests,
  ' ' || i.fields || ' ' LIKE '% cs-correlation-id %' AS has_request_field,
  ' ' || i.fields || ' ' LIKE '% sc-correlation-id %' AS has_answer_field
FROM iis_fields i LEFT JOIN files f ON f.file_id = i.file_id
WHERE i.rows_read > 0
  AND NOT (' ' || i.fields || ' ' LIKE '% cs-correlation-id %' AND ' ' || i.fields || ' ' LIKE '% sc-correlation-id %')`,
    order: 'requests DESC, server, from_at',
    figures: {
      requests: 'CAST(sum(requests) AS bigint)',
      joinless:
        'CAST(coalesce(sum(CASE WHEN NOT has_request_field AND NOT has_answer_field THEN requests END), 0) AS bigint)',
      all_rows: '(SELECT CAST(sum(rows_read) AS bigint) FROM iis_fields)',
    },
    say: (figures) => {
      const joinless = figure(figures, 'joinless');
      return {
        title:
          joinless > 0
            ? `Without any field for a correlation ID: ${many(joinless, 'row')} of IIS (${percent(joinless, figure(figures, 'all_rows'))})`
            : `With only one of the two fields for a correlation ID: ${many(figure(figures, 'requests'), 'row')} of IIS`,
        explanation:
          'cs-correlation-id says what the sender sent and tells who came without the gateway; sc-correlation-id is what the ' +
          'app took and all its lines have. Without both, requests cannot be followed, or bypasses not be seen.',
        advice:
          '`npx baton logs field-script` prints the script that adds both to a site. A site that is not behind the gateway needs ' +
          'neither: leave its folder out.',
        ...(joinless === 0 && { severity: 'warning' as const }),
        count: figure(figures, 'requests'),
      };
    },
  },
  {
    id: 'log-names-alternate',
    group: 'drift',
    severity: 'info',
    certainty: 'certain',
    about: 'servers with logs of both names, u_ex….log and u_ex…_x.log',
    rows: `
SELECT f.server, ${siteSql('f.path')} AS site, min(f.path) AS a_file, max(f.path) AS other_file,
  CAST(count_if(regexp_like(f.path, '_x\\.log(\\.gz)?$')) AS bigint) AS with_custom_fields, count(*) AS files,
  min(f.first_ms) AS first_at, max(f.last_ms) AS last_at
FROM files f WHERE f.kind = 'iis'
GROUP BY f.server, ${siteSql('f.path')}
HAVING count_if(regexp_like(f.path, '_x\\.log(\\.gz)?$')) > 0 AND count_if(NOT regexp_like(f.path, '_x\\.log(\\.gz)?$')) > 0`,
    order: 'server, site',
    figures: { servers: 'count(DISTINCT server)' },
    say: (figures) => ({
      title: `On ${many(figure(figures, 'servers'), 'server')} custom fields were switched on or off`,
      explanation: 'IIS names a log with custom fields …_x.log. Who collects only one of the names loses the other.',
      advice: 'Collect both names. If the custom fields were lost, add them again.',
    }),
  },
  {
    id: 'gateway-format-changed',
    group: 'drift',
    severity: 'warning',
    certainty: 'certain',
    about: 'stages whose access log changed its format',
    rows: `
SELECT p.api, p.stage, p.format, p.requests, p.first_at, p.last_at
FROM gateway_formats p WHERE p.changed`,
    order: 'first_at, format',
    figures: { stages: "count(DISTINCT coalesce(api, '') || ' ' || coalesce(stage, ''))" },
    say: (figures) => ({
      title: `The access log of ${many(figure(figures, 'stages'), 'stage')} has lines of ${many(figure(figures, 'found'), 'format')}`,
      explanation:
        'The keys of its lines changed. A key that is missing is a question that cannot be answered for that time.',
      advice: '`npx baton logs gateway-format` prints the format that has all of them.',
    }),
  },
  {
    id: 'id-share-changed',
    group: 'drift',
    severity: 'warning',
    certainty: 'likely',
    about: 'hours in which a server has far more or fewer requests without an ID than in the others',
    rows: `
SELECT server, hour_at, requests, without_id, CAST(without_id AS double) / requests * 100 AS percent_without_id,
  CAST(all_without_id - without_id AS double) / (all_requests - requests) * 100 AS percent_in_other_hours
FROM (
  SELECT server, hour_at, requests, without_id, sum(requests) OVER (PARTITION BY server) AS all_requests,
    sum(without_id) OVER (PARTITION BY server) AS all_without_id, count(*) OVER (PARTITION BY server) AS hours
  FROM (
    SELECT server, t_ms - mod(t_ms, 3600000) AS hour_at, count(*) AS requests,
      sum(CASE WHEN sent_id IS NULL THEN 1 ELSE 0 END) AS without_id
    FROM iis WHERE sent_logged GROUP BY server, t_ms - mod(t_ms, 3600000)
  ) hours
) shares
WHERE requests >= 50 AND all_requests - requests >= 50
  AND abs(CAST(without_id AS double) / requests - CAST(all_without_id - without_id AS double) / (all_requests - requests)) >= 0.1
  -- Health checks come at the same pace by night, when they are all there is: their number must have changed too.
  AND (without_id * (hours - 1) > 2 * (all_without_id - without_id) OR 2 * without_id * (hours - 1) < all_without_id - without_id)`,
    order: 'hour_at, server',
    figures: { servers: 'count(DISTINCT server)' },
    say: (figures) => ({
      title: `In ${many(figure(figures, 'found'), 'hour')} the share of requests without an ID changed, on ${many(figure(figures, 'servers'), 'server')}`,
      explanation:
        'By ten percentage points or more against the other hours of the same server, and their number by half or double. A deployment of the gateway that lost the ' +
        'mapping looks so, and so does somebody who sends much past it.',
      advice: 'Compare with the deployments of the gateway, and with the bypass findings.',
    }),
  },
  {
    id: 'address-new',
    group: 'drift',
    severity: 'info',
    certainty: 'certain',
    about: 'addresses and ports of servers that came or went while logs were written',
    rows: `
SELECT a.server, a.address, a.requests, a.first_at, a.last_at, ${isSilentFor('a.first_at - e.first_ms')} AS came,
  ${isSilentFor('e.last_ms - a.last_at')} AS went
FROM server_addresses a
CROSS JOIN (SELECT min(first_at) AS first_ms, max(last_at) AS last_ms FROM server_addresses) e
CROSS JOIN settings s
WHERE (a.first_at - e.first_ms > 10 * s.margin_ms AND ${isSilentFor('a.first_at - e.first_ms')})
  OR (e.last_ms - a.last_at > 10 * s.margin_ms AND ${isSilentFor('e.last_ms - a.last_at')})`,
    order: 'first_at, server, address',
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'address', 'addresses')} of servers came or went`,
      explanation:
        'A new server, a new binding, or a port that was not open before; or the logs of a server cover another time.',
      advice: 'Nothing for scaling out. A port that nobody knows is a way in.',
    }),
  },
  {
    id: 'gateway-client-differs',
    group: 'drift',
    severity: 'info',
    certainty: 'certain',
    about: 'APIs that share the servers: user agents of more than one API Gateway',
    rows: `
SELECT user_agent, count(*) AS requests, count(DISTINCT server) AS servers, min(t_ms) AS first_at, max(t_ms) AS last_at
FROM iis WHERE user_agent LIKE 'AmazonAPIGateway%' GROUP BY user_agent`,
    order: 'requests DESC, user_agent',
    say: (figures) =>
      figure(figures, 'found') < 2
        ? undefined
        : {
            title: `${many(figure(figures, 'found'), 'API')} of API Gateway send to these servers`,
            explanation: 'AmazonAPIGateway_… ends in the ID of the API.',
            advice: 'Know each of them: an API that nobody looks after is a way round the other.',
          },
  },
  {
    id: 'software-differs',
    group: 'drift',
    severity: 'info',
    certainty: 'certain',
    about: 'servers with different versions of IIS, by #Software',
    rows: `
SELECT s.software, s.servers, s.a_server, s.first_at, s.last_at
FROM (
  SELECT software, count(DISTINCT server) AS servers, min(server) AS a_server, min(from_ms) AS first_at, max(from_ms) AS last_at,
    count(*) OVER () AS versions
  FROM iis_fields WHERE software IS NOT NULL GROUP BY software
) s WHERE s.versions > 1`,
    order: 'servers DESC, software',
    say: (figures) => ({
      title: `The servers run ${many(figure(figures, 'found'), 'version')} of IIS`,
      explanation: 'As their logs say in #Software.',
      advice: 'Servers behind one gateway should be alike.',
    }),
  },
];
