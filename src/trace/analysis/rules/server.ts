import { figure, grouped, many, percent, word, type Rule } from './rule';

/** What iisnode's substatus codes mean; 1000 to 1003 depend on the status. */
const IISNODE_MEANING = `CASE
    WHEN status = 503 AND substatus = 1000 THEN 'quota of requests'
    WHEN status = 503 AND substatus = 1001 THEN 'application recycling'
    WHEN status = 503 AND substatus = 1002 THEN 'too many requests in one process'
    WHEN status = 503 AND substatus = 1003 THEN 'named pipe busy'
    WHEN substatus = 1000 THEN 'could not dispatch'
    WHEN substatus = 1001 THEN 'could not connect to the named pipe'
    WHEN substatus = 1002 THEN 'node.exe ended before the pipe was there'
    WHEN substatus = 1003 THEN 'could not set up the pipe'
    WHEN substatus BETWEEN 1004 AND 1006 THEN 'could not send the request headers'
    WHEN substatus BETWEEN 1007 AND 1010 THEN 'could not send the request body'
    WHEN substatus = 1011 THEN 'pipe broke before the answer began'
    WHEN substatus = 1012 THEN 'out of memory'
    WHEN substatus = 1013 THEN 'pipe broke in the status line'
    WHEN substatus = 1014 THEN 'pipe broke in the headers'
    ELSE 'pipe broke in the body of the answer'
  END`;

export const SERVER_RULES: readonly Rule[] = [
  {
    id: 'iisnode-errors',
    group: 'logs',
    severity: 'error',
    certainty: 'certain',
    about: 'errors of iisnode: substatus 1000 to 1018',
    rows: `
SELECT i.status, i.substatus, i.win32_status, min(i.meaning) AS meaning, i.server, count(*) AS requests,
  min(i.t_ms) AS first_at, max(i.t_ms) AS last_at, min(i.correlation_id) AS an_id, min(f.path) AS a_file
FROM (SELECT status, substatus, win32_status, server, t_ms, correlation_id, file_id, ${IISNODE_MEANING} AS meaning
  FROM iis WHERE substatus BETWEEN 1000 AND 1018) i
LEFT JOIN files f ON f.file_id = i.file_id
GROUP BY i.status, i.substatus, i.win32_status, i.server`,
    order: 'requests DESC, status, substatus, server',
    figures: {
      requests: 'CAST(sum(requests) AS bigint)',
      broken: 'CAST(coalesce(sum(CASE WHEN substatus IN (1011, 1013) THEN requests END), 0) AS bigint)',
      most: 'max_by(meaning, requests)',
      all_rows: '(SELECT count(*) FROM iis)',
    },
    say: (figures) => ({
      title:
        `${many(figure(figures, 'requests'), 'request')} (${percent(figure(figures, 'requests'), figure(figures, 'all_rows'))}) ` +
        `failed in iisnode, most often: ${word(figures, 'most')}`,
      explanation:
        'The app never answered these; IIS did, with a substatus that only iisnode has. ' +
        `${grouped(figure(figures, 'broken'))} of them broke while the answer was awaited: Node had closed a connection that ` +
        'iisnode kept for reuse (win32 109).',
      advice:
        "1011 and 1013: let Node keep connections for longer than iisnode does, as Baton's listen() does (`baton doctor`: " +
        'keep-alive-race). 1001 and 1002: the app does not start, see its stderr log. 503.1002: too many requests at once.',
      count: figure(figures, 'requests'),
    }),
  },
  {
    id: 'connection-errors',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about:
      'requests that IIS ended with a Windows error: 64 (the client went), 109 (the pipe broke), 1816 (a quota), 121, 1236',
    rows: `
SELECT i.win32_status,
  CASE i.win32_status WHEN 64 THEN 'the client went' WHEN 109 THEN 'the pipe to Node broke' WHEN 1816 THEN 'a quota was used up'
    WHEN 121 THEN 'the connection timed out' ELSE 'the connection was aborted' END AS meaning,
  i.server, count(*) AS requests, max(i.time_taken_ms) AS longest_ms, min(i.t_ms) AS first_at, max(i.t_ms) AS last_at,
  min(i.correlation_id) AS an_id, min(f.path) AS a_file
FROM iis i LEFT JOIN files f ON f.file_id = i.file_id
WHERE i.win32_status IN (64, 109, 1816, 121, 1236) AND coalesce(i.substatus, 0) NOT BETWEEN 1000 AND 1018
GROUP BY i.win32_status, i.server`,
    order: 'requests DESC, win32_status, server',
    figures: {
      requests: 'CAST(sum(requests) AS bigint)',
      gone: 'CAST(coalesce(sum(CASE WHEN win32_status = 64 THEN requests END), 0) AS bigint)',
      all_rows: '(SELECT count(*) FROM iis)',
    },
    say: (figures) => ({
      title:
        `${many(figure(figures, 'requests'), 'request')} (${percent(figure(figures, 'requests'), figure(figures, 'all_rows'))}) ended ` +
        `with an error of the connection, ${grouped(figure(figures, 'gone'))} because the client had gone`,
      explanation:
        'Behind a gateway the client is the gateway: it goes when its own time limit is over, 29 s unless raised, or when the ' +
        "caller's connection is lost.",
      advice: 'Where longest_ms is about 29,000, the requests are too slow for the gateway: offload the work.',
      count: figure(figures, 'requests'),
    }),
  },
  {
    id: 'http-sys-errors',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'requests and connections that http.sys ended before IIS saw them, by reason',
    rows: `
SELECT h.reason, h.app_pool, h.server, count(*) AS times, min(h.t_ms) AS first_at, max(h.t_ms) AS last_at,
  max(h.path) AS a_path, min(f.path) AS a_file
FROM httperr h LEFT JOIN files f ON f.file_id = h.file_id
GROUP BY h.reason, h.app_pool, h.server`,
    order: 'times DESC, reason, server',
    figures: {
      times: 'CAST(sum(times) AS bigint)',
      idle: "CAST(coalesce(sum(CASE WHEN reason = 'Timer_ConnectionIdle' THEN times END), 0) AS bigint)",
      pool: `CAST(coalesce(sum(CASE WHEN reason IN ('AppOffline', 'AppPoolTimer', 'QueueFull', 'Disabled',
        'ConnLimit', 'Connection_Abandoned_By_AppPool', 'Connection_Abandoned_By_ReqQueue') THEN times END), 0) AS bigint)`,
    },
    say: (figures) => {
      const { times, idle, pool } = {
        times: figure(figures, 'times'),
        idle: figure(figures, 'idle'),
        pool: figure(figures, 'pool'),
      };
      return {
        title: `http.sys logged ${many(times, 'error')}, ${grouped(pool)} of them because of the application pool`,
        explanation: `None of these is in IIS's log. ${grouped(idle)} are connections that were closed because nothing came: harmless.`,
        advice:
          'AppOffline, QueueFull and Connection_Abandoned_By_… say that the pool was down, full or recycled: see the event log of that time.',
        ...(pool > 0 ? { severity: 'error' as const } : times === idle && { severity: 'info' as const }),
        count: times,
      };
    },
  },
  {
    id: 'app-errors',
    group: 'logs',
    severity: 'warning',
    certainty: 'certain',
    about: 'errors in the logs of app and functions, by code',
    rows: `
SELECT e.type, e.code, e.reason, e.function_name, count(*) AS times, min(e.t_ms) AS first_at, max(e.t_ms) AS last_at,
  min(e.message) AS a_message, min(e.correlation_id) AS an_id, min(f.path) AS a_file
FROM app_events e LEFT JOIN files f ON f.file_id = e.file_id
WHERE e.level = 'error' AND coalesce(e.type, '') NOT IN ('outbox', 'log_lost', 'audit_lost')
GROUP BY e.type, e.code, e.reason, e.function_name`,
    order: 'times DESC, code, reason, function_name',
    figures: { times: 'CAST(sum(times) AS bigint)', codes: 'count(DISTINCT code)', most: 'max_by(code, times)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'times'), 'line')} of level error, of ${many(figure(figures, 'codes'), 'code')}; most often ${word(figures, 'most')}`,
      explanation: 'docs/errors.md has a paragraph for each code, with what to do.',
      advice: '`baton trace ID` shows the request around one of them (an_id).',
      count: figure(figures, 'times'),
    }),
  },
  {
    id: 'cold-starts',
    group: 'latency',
    severity: 'info',
    certainty: 'certain',
    about: 'how many invocations were cold starts, and what they cost',
    rows: `
SELECT n.function_name, count(*) AS invocations, CAST(count_if(n.cold_start) AS bigint) AS cold_starts,
  CAST(count_if(n.cold_start) AS double) / count(*) * 100 AS percent_cold, max(l.init_ms) AS longest_init_ms
FROM functions n
LEFT JOIN (SELECT request_id, max(init_ms) AS init_ms FROM lambda_reports WHERE init_ms IS NOT NULL GROUP BY request_id) l
  ON l.request_id = n.request_id
GROUP BY n.function_name
HAVING count_if(n.cold_start) > 0`,
    order: 'cold_starts DESC, function_name',
    figures: {
      cold: 'CAST(sum(cold_starts) AS bigint)',
      runs: 'CAST(sum(invocations) AS bigint)',
      longest: 'max(longest_init_ms)',
    },
    say: (figures) => {
      const { cold, runs } = { cold: figure(figures, 'cold'), runs: figure(figures, 'runs') };
      return {
        title: `${percent(cold, runs)} of the invocations were cold starts (${grouped(cold)} of ${grouped(runs)}), up to ${grouped(figure(figures, 'longest'))} ms`,
        explanation:
          'An environment that is new loads the code first. The time counts for the request that waits for it.',
        advice: 'Provisioned concurrency, a smaller bundle, or a queue where nobody waits.',
        ...(cold * 20 > runs && runs >= 100 && { severity: 'warning' }),
        count: cold,
      };
    },
  },
];
