import { IS_CHECK } from '../sql/health-check';
import { figure, grouped, many, percent, word, type Figures, type Rule } from './rule';

const bypassRows = (others = '', joins = ''): string => `
SELECT b.t_ms AS logged_at, b.server, b.method, b.path, b.status, b.client_ip, b.user_agent, b.correlation_id, b.verdict,
  b.refusal AS reason, b.subject, f.path AS file${others}
FROM bypass b LEFT JOIN files f ON f.file_id = b.file_id${joins}`;

const WAYS_IN =
  'A request through the gateway always carries an ID in X-Correlation-Id: the gateway puts it there over whatever the ' +
  'client sent.';

const CLOSE_THE_WAY =
  'Let only the gateway reach the server: a VPC link or a security group that admits nobody else, and client ' +
  'certificates where the address is public. The evidence names the addresses that came.';

const HOW_MANY_ROWS = { all_rows: '(SELECT count(*) FROM iis WHERE sent_logged)' };

/** Where most requests come without an ID, the gateway's mapping is missing, and nobody walked round it. */
const mostHaveNone = (figures: Figures): boolean =>
  (figure(figures, 'found') - figure(figures, 'checks')) * 2 > figure(figures, 'all_rows') - figure(figures, 'checks');

/** With whether most of all requests of the same API are unknown: then its access log is not here. */
const UNKNOWN_ID_ROWS = `
SELECT logged_at, server, method, path, status, client_ip, user_agent, correlation_id, verdict, reason, subject, file,
  user_agent LIKE 'AmazonAPIGateway%' AND count(*) OVER (PARTITION BY user_agent) * 2 > requests_of_agent AS of_unknown_api
FROM (${bypassRows(
  ', u.requests AS requests_of_agent',
  `
  LEFT JOIN (
    SELECT user_agent AS agent, count(*) AS requests FROM iis WHERE user_agent LIKE 'AmazonAPIGateway%' GROUP BY user_agent
  ) u ON u.agent = b.user_agent`,
)}
  WHERE b.class = 'unknown_id' AND b.verdict <> 'public'
) unknown_ones`;

export const BYPASS_RULES: readonly Rule[] = [
  {
    id: 'bypass-let-in',
    group: 'bypass',
    severity: 'error',
    certainty: 'certain',
    about: "requests without the gateway's ID that the app let in, on routes that are not public",
    rows: `${bypassRows()}\nWHERE b.verdict = 'let_in' AND b.class = 'without_id'`,
    order: 'logged_at, path',
    figures: { addresses: 'count(DISTINCT client_ip)', callers: 'count(DISTINCT subject)', ...HOW_MANY_ROWS },
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'request')} came round the gateway, and the app let them in`,
      explanation:
        `${WAYS_IN} These had none, from ${many(figure(figures, 'addresses'), 'address', 'addresses')}, and the app's audit ` +
        'trail says that they were allowed: their token was good. Who can take a token that the gateway minted (from a log, ' +
        "a proxy, a dump) can use it so until it expires, past the gateway's throttling, web firewall and log.",
      advice: CLOSE_THE_WAY,
      ...(mostHaveNone(figures) && { certainty: 'suspected' }),
    }),
  },
  {
    id: 'bypass-without-id',
    group: 'bypass',
    severity: 'warning',
    certainty: 'certain',
    about: "requests that reached IIS without the gateway's ID",
    rows: `${bypassRows()}\nWHERE b.class = 'without_id' AND b.verdict <> 'public' AND b.verdict <> 'let_in'`,
    order: "CASE verdict WHEN 'refused' THEN 0 WHEN 'unknown' THEN 1 ELSE 2 END, logged_at, path",
    figures: {
      refused: "CAST(count_if(verdict = 'refused') AS bigint)",
      unanswered: "CAST(count_if(verdict = 'unanswered') AS bigint)",
      unjudged: "CAST(count_if(verdict = 'unknown') AS bigint)",
      succeeded: `CAST(count_if(verdict <> 'refused' AND status < 400 AND NOT ${IS_CHECK}) AS bigint)`,
      checks: `CAST(count_if(${IS_CHECK}) AS bigint)`,
      addresses: 'count(DISTINCT client_ip)',
      ...HOW_MANY_ROWS,
    },
    say: sayWithoutId,
  },
  {
    id: 'bypass-unknown-id',
    group: 'bypass',
    severity: 'warning',
    certainty: 'suspected',
    about: 'requests at IIS with an ID that the gateway never gave, in the time that both were logged',
    rows: UNKNOWN_ID_ROWS,
    order: "CASE verdict WHEN 'let_in' THEN 0 WHEN 'refused' THEN 1 ELSE 2 END, logged_at, path",
    figures: {
      refused: "CAST(count_if(verdict = 'refused') AS bigint)",
      let_in: "CAST(count_if(verdict = 'let_in') AS bigint)",
      other_agent: "CAST(count_if(user_agent NOT LIKE 'AmazonAPIGateway%') AS bigint)",
      of_unknown_apis: 'CAST(count_if(of_unknown_api) AS bigint)',
      an_api: 'max(CASE WHEN of_unknown_api THEN user_agent END)',
      addresses: 'count(DISTINCT client_ip)',
    },
    say: sayUnknownId,
  },
  {
    id: 'bypass-forged-token',
    group: 'bypass',
    severity: 'error',
    certainty: 'certain',
    about: 'requests without the gateway that brought a token which is not the one that a gateway signs',
    rows: `
SELECT b.t_ms AS logged_at, b.server, b.method, b.path, b.status, b.client_ip, b.user_agent, b.correlation_id,
  b.token_fault AS reason, f.path AS file
FROM bypass b LEFT JOIN files f ON f.file_id = b.file_id
WHERE b.token_fault IN ('signature', 'signer', 'key_unknown', 'algorithm', 'issuer', 'audience', 'type', 'critical', 'malformed')`,
    order: 'logged_at, path',
    figures: { addresses: 'count(DISTINCT client_ip)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'request')} round the gateway brought a token that did not hold`,
      explanation:
        `From ${many(figure(figures, 'addresses'), 'address', 'addresses')}: the app verified the token and refused it, ` +
        'with the reason in the evidence. Somebody who knows the header tries what passes.',
      advice: `${CLOSE_THE_WAY} A key_unknown alone can also be another stage or a rotation: compare the key IDs.`,
    }),
  },
  {
    id: 'bypass-public',
    group: 'bypass',
    severity: 'info',
    certainty: 'certain',
    about: 'requests without the gateway on routes that the policy opens to everybody, such as health checks',
    rows: `
SELECT b.path, b.client_ip, min(b.user_agent) AS user_agent, count(*) AS requests, min(b.t_ms) AS first_at, max(b.t_ms) AS last_at
FROM bypass b WHERE b.verdict = 'public' GROUP BY b.path, b.client_ip`,
    order: 'requests DESC, path, client_ip',
    figures: { requests: 'CAST(sum(requests) AS bigint)', paths: 'count(DISTINCT path)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'requests'), 'request')} past the gateway on ${many(figure(figures, 'paths'), 'public path')}`,
      explanation:
        "The app's audit trail says that the policy opens these to everybody: health checks of load balancers look so.",
      advice: 'Nothing, if the addresses are those of the load balancer or a monitor.',
      count: figure(figures, 'requests'),
    }),
  },
  {
    id: 'bypass-addresses',
    group: 'bypass',
    severity: 'info',
    certainty: 'certain',
    about: 'the addresses from which requests came without the gateway, and whether the gateway uses them too',
    rows: `
SELECT b.client_ip, count(*) AS requests,
  CAST(count_if(b.verdict = 'refused') AS bigint) AS refused, CAST(count_if(b.verdict = 'let_in') AS bigint) AS let_in,
  count(DISTINCT b.path) AS paths, min(b.user_agent) AS user_agent, min(b.t_ms) AS first_at, max(b.t_ms) AS last_at,
  max(c.requests) AS requests_through_gateway
FROM bypass b
LEFT JOIN (
  SELECT i.client_ip, count(*) AS requests
  FROM iis i LEFT JOIN (SELECT DISTINCT client_ip FROM bypass) k ON k.client_ip = i.client_ip
  WHERE k.client_ip IS NOT NULL AND i.sent_id IS NOT NULL AND i.user_agent LIKE 'AmazonAPIGateway%'
  GROUP BY i.client_ip
) c ON c.client_ip = b.client_ip
WHERE b.verdict <> 'public' AND b.client_ip IS NOT NULL
GROUP BY b.client_ip`,
    order: 'requests DESC, client_ip',
    figures: { strangers: 'CAST(count_if(requests_through_gateway IS NULL) AS bigint)' },
    say: (figures) => ({
      title:
        `Requests without the gateway came from ${many(figure(figures, 'found'), 'address', 'addresses')}, ` +
        `${grouped(figure(figures, 'strangers'))} of which the gateway never used`,
      explanation:
        'requests_through_gateway counts what the same address sent with an ID and the user agent of API Gateway. An ' +
        'address without any is no gateway; one with many is a load balancer, and who came through it stands in ' +
        'X-Forwarded-For.',
      advice: 'Look the addresses up, and close the way that they took.',
    }),
  },
  {
    id: 'sender-not-gateway',
    group: 'bypass',
    severity: 'warning',
    certainty: 'suspected',
    about: "requests with an ID that the gateway gave, but a user agent other than the gateway's",
    rows: `
SELECT i.t_ms AS logged_at, i.server, i.method, i.path, i.status, i.client_ip, i.user_agent, i.sent_id AS correlation_id, f.path AS file
FROM iis i
JOIN (SELECT correlation_id FROM requests WHERE other_agent) r ON r.correlation_id = coalesce(i.sent_id, i.answered_id)
LEFT JOIN files f ON f.file_id = i.file_id`,
    order: 'logged_at, correlation_id',
    figures: { matched: '(SELECT count(*) FROM requests WHERE in_gateway AND in_iis)' },
    say: (figures) => {
      const { found, matched } = { found: figure(figures, 'found'), matched: figure(figures, 'matched') };
      // A proxy integration (HTTP_PROXY) hands the client's own user agent on: then it says nothing.
      if (found * 20 > matched) return undefined;
      return {
        title: `${many(found, 'request')} with the gateway's ID did not come from the gateway's own client`,
        explanation:
          `${percent(matched - found, matched)} of the requests that both logs have come with the user agent ` +
          'AmazonAPIGateway_…; these have another one. An integration of type HTTP sets it, so somebody else used the ID, or ' +
          'some routes are integrated as HTTP_PROXY, which keeps the user agent of the client.',
        advice: 'If no route is an HTTP_PROXY: treat them as requests round the gateway.',
      };
    },
  },
];

function sayWithoutId(figures: Figures): ReturnType<Rule['say']> {
  const found = figure(figures, 'found');
  const parts = [
    [figure(figures, 'refused'), 'refused by the app'],
    [figure(figures, 'unanswered'), 'not answered by the app (files, or refused by IIS)'],
    [figure(figures, 'unjudged'), 'without a line in an audit trail'],
  ] as const;
  const split = parts.filter(([n]) => n > 0).map(([n, what]) => `${grouped(n)} ${what}`);
  const succeeded = figure(figures, 'succeeded');
  const checks = figure(figures, 'checks');
  const callThemselves = checks === 0 ? '' : `; ${grouped(checks)} call themselves health checks`;
  const title = `${many(found, 'request')} reached IIS without the gateway: ${split.join(', ')}${callThemselves}`;
  if (mostHaveNone(figures)) {
    return {
      title: `${percent(found, figure(figures, 'all_rows'))} of all requests reached IIS without an ID`,
      explanation: `${WAYS_IN} So many without one say that the gateway does not map it, not that they came round it.`,
      advice: 'Map the ID in each integration; `baton doctor` finds where it is missing (gateway-correlation-open).',
      certainty: 'suspected',
    };
  }
  return {
    title,
    explanation:
      `${WAYS_IN} These had none; they came from ${many(figure(figures, 'addresses'), 'address', 'addresses')}. ` +
      (checks === 0
        ? `${grouped(succeeded)} of them ended with a status below 400.`
        : `${grouped(checks)} have the user agent of a health check, which anybody can send. Of the others ` +
          `${grouped(succeeded)} ended with a status below 400.`),
    advice: checks === found ? 'Nothing, if the addresses are those of the load balancer or a monitor.' : CLOSE_THE_WAY,
    ...(checks === found && { severity: 'info' }),
    ...(succeeded > 0 && figure(figures, 'unjudged') > 0 && { severity: 'error' }),
  };
}

function sayUnknownId(figures: Figures): ReturnType<Rule['say']> {
  const { refused, letIn } = { refused: figure(figures, 'refused'), letIn: figure(figures, 'let_in') };
  const ofUnknownApis = figure(figures, 'of_unknown_apis');
  const unknownApi =
    ofUnknownApis === 0
      ? ''
      : ` ${grouped(ofUnknownApis)} come from an API (${word(figures, 'an_api')}) of which most requests are unknown: its ` +
        'access log is not among these files, or somebody claims to be one.';
  return {
    title:
      `${many(figure(figures, 'found'), 'request')} at IIS with an ID that the gateway's log does not have: ` +
      `${grouped(refused)} refused by the app, ${grouped(letIn)} let in`,
    explanation:
      'Anybody who reaches the server can send an ID. CloudWatch delivers access logs as well as it can, so single lines ' +
      `may be missing there: what the app refused is hardly such a line. ${grouped(figure(figures, 'other_agent'))} of them ` +
      `have another user agent than the gateway's.${unknownApi}`,
    advice: `Look at the addresses first. ${CLOSE_THE_WAY}`,
    ...(refused > 0 && { certainty: 'likely' }),
    ...(letIn > 0 && refused === 0 && { severity: 'warning' }),
  };
}
