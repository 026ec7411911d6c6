import { IS_CHECK } from '../sql/health-check';
import { figure, grouped, many, percent, type Rule } from './rule';

/**
 * What came without an ID, such as health checks at night, is nothing that the gateway should have. Where the ID that was sent
 * is not logged, the app's word or the gateway's name stands for it: a row with neither may be of a site beside the gateway.
 */
const BY_GATEWAY = `sent_id IS NOT NULL OR NOT coalesce(sent_logged, false) AND NOT ${IS_CHECK}
  AND (answered_id IS NOT NULL OR coalesce(user_agent LIKE 'AmazonAPIGateway%', false))`;

export const LOG_RULES: readonly Rule[] = [
  {
    id: 'lines-rejected',
    group: 'logs',
    severity: 'info',
    certainty: 'certain',
    about: 'lines that could not be read, by file and reason',
    rows: `
SELECT f.path AS file, f.kind, r.reason, r.rows_rejected, f.lines, r.sample
FROM rejects r LEFT JOIN files f ON f.file_id = r.file_id
WHERE r.rows_rejected > 0`,
    order: 'rows_rejected DESC, file, reason',
    figures: {
      rejected: 'CAST(sum(rows_rejected) AS bigint)',
      files: 'count(DISTINCT file)',
      all_lines: '(SELECT CAST(coalesce(sum(lines), 0) AS bigint) FROM files)',
    },
    say: (figures) => {
      const { rejected, lines } = { rejected: figure(figures, 'rejected'), lines: figure(figures, 'all_lines') };
      return {
        title: `${many(rejected, 'line')} (${percent(rejected, lines)}) of ${many(figure(figures, 'files'), 'file')} could not be read`,
        explanation: 'They are in none of the figures. The first line of each kind stands in the evidence.',
        advice:
          'json: put all values of the access log format into quotes (`npx baton logs gateway-format`). truncated: the file was still being written.',
        ...(rejected * 1000 > lines && { severity: 'warning' }),
        count: rejected,
      };
    },
  },
  {
    id: 'file-incomplete',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'logs that could not be read to their end, or not at all: cut off, damaged, or gone while others were read',
    rows: `
SELECT f.path AS file, f.kind, r.reason, f.rows_read, r.sample
FROM rejects r JOIN files f ON f.file_id = r.file_id
WHERE r.rows_rejected = 0 AND f.kind <> 'unread'`,
    order: 'file, reason',
    figures: {
      files: 'count(DISTINCT file)',
      whole: 'count(DISTINCT CASE WHEN rows_read = 0 THEN file END)',
    },
    say: (figures) => ({
      title: `${many(figure(figures, 'files'), 'file')} could not be read to the end, ${grouped(figure(figures, 'whole'))} of them not at all`,
      explanation:
        'What they hold besides is in none of the figures: requests that only they have look lost, or as if they had come round ' +
        'the gateway.',
      advice:
        'gzip: the copy was cut off or is damaged; fetch it again. unreadable: the sample says why, such as a log that was deleted ' +
        'or locked while others were read.',
      count: figure(figures, 'files'),
    }),
  },
  {
    id: 'duplicate-lines',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'lines that are there twice: a file that was read under two names, or a log that was delivered twice',
    rows: `
SELECT d.correlation_id, d.log, d.copies, t.first_at, t.a_file, t.other_file
FROM repeated_ids d
JOIN repeated_rows t ON t.correlation_id = d.correlation_id AND t.log = d.log
WHERE t.variants = 1`,
    order: 'first_at, correlation_id, log',
    figures: { ids: 'count(DISTINCT correlation_id)' },
    say: (figures) => ({
      title: `The same line came more than once for ${many(figure(figures, 'ids'), 'ID')}`,
      explanation:
        'Nothing in the lines differs, so they are the same request. They are left out of the join and the percentiles, because ' +
        'which copy counts cannot be told.',
      advice: 'Look whether a_file and other_file are copies, or an export overlaps the one before.',
      count: figure(figures, 'ids'),
    }),
  },
  {
    id: 'id-used-twice',
    group: 'bypass',
    severity: 'warning',
    certainty: 'suspected',
    about: 'IDs that several different requests have',
    rows: `
SELECT d.correlation_id, d.log, d.copies, t.first_at, t.last_at, t.a_client, t.other_client, t.a_file, t.other_file
FROM repeated_ids d
JOIN repeated_rows t ON t.correlation_id = d.correlation_id AND t.log = d.log
WHERE t.variants > 1`,
    order: 'copies DESC, first_at, correlation_id, log',
    figures: {
      ids: 'count(DISTINCT correlation_id)',
      at_iis: "CAST(count_if(log = 'iis') AS bigint)",
      clients: 'CAST(count_if(a_client <> other_client) AS bigint)',
    },
    say: (figures) => ({
      title: `${many(figure(figures, 'ids'), 'ID')} served more than one request, ${grouped(figure(figures, 'at_iis'))} of them at IIS`,
      explanation:
        'The gateway gives each request its own ID, and clients read it in the answer: whoever sends one again round the gateway ' +
        `hides behind it. ${grouped(figure(figures, 'clients'))} came from two addresses. An app that calls itself and hands the ID on ` +
        'looks the same. They are left out of the join and the percentiles.',
      advice: 'Compare the addresses in the evidence with those of the gateway.',
      count: figure(figures, 'ids'),
    }),
  },
  {
    id: 'gateway-id-missing',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'lines of the gateway without the ID that it mapped on to the request',
    rows: `
SELECT g.api, g.stage, count(*) AS requests, min(g.t_ms) AS first_at, max(g.t_ms) AS last_at, min(g.format) AS keys, min(f.path) AS a_file
FROM gateway g LEFT JOIN files f ON f.file_id = g.file_id
WHERE g.correlation_id IS NULL GROUP BY g.api, g.stage`,
    order: 'requests DESC, api, stage',
    figures: { requests: 'CAST(sum(requests) AS bigint)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'requests'), 'line')} of the gateway came without an ID to join by`,
      explanation: 'A REST API needs extendedRequestId in its access log, an HTTP API requestId.',
      advice: '`npx baton logs gateway-format` prints the format that has it.',
      count: figure(figures, 'requests'),
    }),
  },
  {
    id: 'window-empty',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'logs of gateway and IIS that share no time, or hardly any',
    rows: `
SELECT g.first_ms AS gateway_first_at, g.last_ms AS gateway_last_at, i.first_ms AS iis_first_at, i.last_ms AS iis_last_at, s.margin_ms
FROM (SELECT min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM gateway) g
CROSS JOIN (SELECT min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM iis) i
CROSS JOIN settings s CROSS JOIN common_window w
WHERE w.from_ms > w.to_ms`,
    order: 'gateway_first_at',
    figures: {
      margin_ms: 'min(margin_ms)',
      overlapping: 'CAST(count_if(gateway_first_at <= iis_last_at AND iis_first_at <= gateway_last_at) AS bigint)',
    },
    say: (figures) => ({
      title: 'The logs of gateway and IIS share too little time to say what is missing in one of them',
      explanation:
        `At both ends ${grouped(figure(figures, 'margin_ms') / 1000)} s are left out, because a request may still be on its way ` +
        'and a line still be delivered; nothing is left. Unknown IDs and lost requests are not looked for.',
      advice: 'Take logs of a longer time, and of the same one from both.',
      ...(figure(figures, 'overlapping') > 0 && { severity: 'info' }),
    }),
  },
  {
    id: 'log-gap',
    group: 'logs',
    severity: 'warning',
    certainty: 'likely',
    about: 'stretches of 10 minutes in which one of gateway and IIS logged much, and the other nothing',
    rows: `
SELECT s.step_ms AS from_at, s.step_ms + 600000 AS to_at, s.gateway_requests, s.iis_requests, s.iis_requests_with_id,
  CASE WHEN s.iis_requests = 0 THEN 'IIS' ELSE 'gateway' END AS silent
FROM (
  SELECT step_ms, sum(at_gateway) AS gateway_requests, sum(at_iis) AS iis_requests,
    sum(by_gateway) AS iis_requests_with_id
  FROM (
    SELECT t_ms - mod(t_ms, 600000) AS step_ms, 1 AS at_gateway, 0 AS at_iis, 0 AS by_gateway
    FROM gateway WHERE integration_ms IS NOT NULL
    UNION ALL
    SELECT t_ms - mod(t_ms, 600000) AS step_ms, 0 AS at_gateway, 1 AS at_iis, CASE WHEN ${BY_GATEWAY} THEN 1 ELSE 0 END AS by_gateway
    FROM iis
  ) e GROUP BY step_ms
) s CROSS JOIN common_window w
WHERE s.step_ms >= w.from_ms AND s.step_ms + 600000 <= w.to_ms
  AND (s.iis_requests = 0 AND s.gateway_requests >= 20 OR s.gateway_requests = 0 AND s.iis_requests_with_id >= 20)`,
    order: 'from_at',
    figures: {
      iis: "CAST(count_if(silent = 'IIS') AS bigint)",
      gateway: "CAST(count_if(silent = 'gateway') AS bigint)",
    },
    say: (figures) => ({
      title:
        `For ${grouped(figure(figures, 'found') * 10)} minutes one log is silent while the other is not: IIS's ` +
        `${grouped(figure(figures, 'iis') * 10)}, the gateway's ${grouped(figure(figures, 'gateway') * 10)} minutes`,
      explanation:
        'A file is missing, or logging was off. Bypasses and lost requests of that time are not what they seem.',
      advice: 'Add the missing files, or read the other findings without that time.',
    }),
  },
  {
    id: 'lines-lost',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'lines that app or audit trail could not write, by their own word',
    rows: `
SELECT e.t_ms AS logged_at, e.type, e.message, f.path AS file
FROM app_events e LEFT JOIN files f ON f.file_id = e.file_id
WHERE e.type IN ('log_lost', 'audit_lost')`,
    order: 'logged_at',
    say: (figures) => ({
      title: `Lines were lost ${many(figure(figures, 'found'), 'time')}, because the disk was full or too slow`,
      explanation: 'What is missing there is missing here.',
      advice: 'See to the disk. `baton audit verify` says what the audit trail lacks.',
    }),
  },
  {
    id: 'id-replaced',
    group: 'logs',
    severity: 'info',
    certainty: 'certain',
    about: 'requests whose correlation ID no log can keep, so that the app gave them another',
    rows: `
SELECT e.t_ms AS logged_at, e.correlation_id, f.path AS file
FROM app_events e LEFT JOIN files f ON f.file_id = e.file_id
WHERE e.type = 'correlation'`,
    order: 'logged_at, correlation_id',
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'request')} came with an ID that logs cannot keep`,
      explanation: "The gateway's IDs are never such: somebody else sent them.",
      advice: 'See the bypass findings of the same IDs.',
    }),
  },
];
