import { figure, grouped, many, type Rule } from './rule';

const LOST_COLUMNS = `
SELECT l.t_ms AS logged_at, l.method, l.path, l.route, l.status, l.integration_status, l.integration_ms, l.latency_ms, l.error_type,
  l.httperr_reason, l.correlation_id, l.source_ip, f.path AS file
FROM lost l LEFT JOIN files f ON f.file_id = l.file_id`;

export const LOST_RULES: readonly Rule[] = [
  {
    id: 'gateway-answered',
    group: 'lost',
    severity: 'info',
    certainty: 'certain',
    about: 'requests that the gateway answered itself: 401, 403, 429 and the like',
    rows: `${LOST_COLUMNS}\nWHERE l.kind = 'gateway'`,
    order: 'logged_at, correlation_id',
    figures: {
      unauthorized: 'CAST(count_if(status = 401) AS bigint)',
      forbidden: 'CAST(count_if(status = 403) AS bigint)',
      throttled: 'CAST(count_if(status = 429) AS bigint)',
      broken: 'CAST(count_if(status >= 500) AS bigint)',
    },
    say: (figures) => {
      const [unauthorized, forbidden, throttled, broken] = ['unauthorized', 'forbidden', 'throttled', 'broken'].map(
        (name) => figure(figures, name),
      ) as [number, number, number, number];
      const rest = figure(figures, 'found') - unauthorized - forbidden - throttled - broken;
      return {
        title:
          `The gateway answered ${many(figure(figures, 'found'), 'request')} itself: ${grouped(unauthorized)} with 401, ` +
          `${grouped(forbidden)} with 403, ${grouped(throttled)} with 429, ${grouped(broken)} with 5xx, ${grouped(rest)} with another`,
        explanation: 'Nothing behind the gateway was asked, so IIS cannot have them. error_type says why.',
        advice:
          broken > 0
            ? 'A 500 of AUTHORIZER_FAILURE or AUTHORIZER_CONFIGURATION_ERROR is a fault of the authorizer: read its log.'
            : 'Nothing, where the numbers are usual. Many 429: compare the throttling of the stage with the traffic.',
        ...(broken > 0 && { severity: 'error' }),
        ...(broken === 0 && throttled > 0 && { severity: 'warning' }),
      };
    },
  },
  {
    id: 'integration-failed',
    group: 'lost',
    severity: 'error',
    certainty: 'certain',
    about: 'requests that failed between the gateway and IIS: 502, 503, 504, matched with HTTPERR by time and path',
    rows: `${LOST_COLUMNS}\nWHERE l.kind = 'failed'`,
    order: 'logged_at, correlation_id',
    figures: {
      bad_gateway: 'CAST(count_if(status = 502) AS bigint)',
      unavailable: 'CAST(count_if(status = 503) AS bigint)',
      timed_out: 'CAST(count_if(status = 504) AS bigint)',
      in_httperr: 'CAST(count_if(httperr_reason IS NOT NULL) AS bigint)',
    },
    say: (figures) => ({
      title:
        `${many(figure(figures, 'found'), 'request')} never came through to IIS: ${grouped(figure(figures, 'bad_gateway'))} ` +
        `with 502, ${grouped(figure(figures, 'unavailable'))} with 503, ${grouped(figure(figures, 'timed_out'))} with 504`,
      explanation:
        'The gateway asked the server and got no answer that it could use. ' +
        `For ${grouped(figure(figures, 'in_httperr'))} of them http.sys logged an error for the same method and path within ` +
        'half a minute (httperr_reason): that is where they ended, before IIS. The others ended on the way: TLS, load ' +
        'balancer, VPC link.',
      advice:
        'AppOffline and QueueFull are the application pool; Timer_… and Connection_… the connection; 504 also a request that ' +
        'takes longer than the integration may (29 s unless raised), whose row IIS writes later.',
    }),
  },
  {
    id: 'iis-row-missing',
    group: 'lost',
    severity: 'warning',
    certainty: 'suspected',
    about: 'requests that something behind the gateway answered, and no log of IIS has',
    rows: `${LOST_COLUMNS}\nWHERE l.kind = 'vanished'`,
    order: 'logged_at, correlation_id',
    figures: { in_httperr: 'CAST(count_if(httperr_reason IS NOT NULL) AS bigint)', routes: 'count(DISTINCT route)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'request')} got an answer behind the gateway, but not from a logged IIS`,
      explanation:
        `On ${many(figure(figures, 'routes'), 'route')}. Either the log of a server, or a part of it, is not among these files; ` +
        'or logging is off for a path (httpLogging); or the routes go to something else than IIS. ' +
        `${grouped(figure(figures, 'in_httperr'))} of them may be in HTTPERR.`,
      advice: 'Add the missing logs. A route that goes elsewhere shows by being lost whole.',
    }),
  },
];
