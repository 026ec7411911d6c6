import type { TraceReport } from '../../report-model';
import { bytes, compact, count, duration, percent, plural, time, timeRange } from '../units';
import { bypasses, countSeverities, hasLogs, spanOf, verdict } from '../words';
import { markup, type Markup } from './markup';

/** What the page is of, in one line that can be read from across the room. */
export function heading(report: TraceReport): Markup {
  const { error, warning } = countSeverities(report.findings);
  const state = !hasLogs(report.inputs) ? 'unknown' : error > 0 ? 'bad' : warning > 0 ? 'warn' : 'good';
  const lines = report.inputs.reduce((sum, input) => sum + input.lines, 0);
  const size = report.inputs.reduce((sum, input) => sum + input.bytes, 0);
  const span = spanOf(report);
  return markup` <header class="top" id="top">
    <div class="verdict ${state}">
      <p class="brand"><span class="mark" aria-hidden="true"></span>Baton trace</p>
      <h1>${verdict(report)}</h1>
      <p class="of">
        ${span === undefined ? 'No times in these logs' : timeRange(span.fromMs, span.toMs)} ·
        ${plural(report.inputs.length, 'file')}, ${plural(lines, 'line')}, ${bytes(size)} · made
        ${time(Date.parse(report.generatedAt))} UTC
      </p>
    </div>
  </header>`;
}

/** The figures that a wall shows. Those that the filters can take apart say so by `data-tile`; the script counts them anew. */
export function tiles(report: TraceReport): Markup {
  const all = report.series.find(({ route }) => route === null);
  const sum = (values: readonly number[] | undefined): number | undefined => values?.reduce((a, b) => a + b, 0);
  const [requests, errors, refused] = [sum(all?.requests), sum(all?.errors), sum(all?.refused)];
  const share = (part: number | undefined): string =>
    part === undefined || requests === undefined ? '–' : percent(part, requests);
  const total = report.hops.find(({ route, hop }) => route === null && hop === 'total');
  const ms = (value: number | undefined): string => (value === undefined ? '–' : duration(value));
  return markup` <dl class="tiles">
    ${tile('Requests', requests === undefined ? '–' : compact(requests), requests !== undefined && count(requests), 'requests')}
    ${tile('Server errors', share(errors), errors !== undefined && plural(errors, 'request'), 'errors', (errors ?? 0) > 0 && 'bad')}
    ${tile('Refused', share(refused), refused !== undefined && plural(refused, 'request'), 'refused')}
    ${tile('p50', ms(total?.p50Ms), 'half are faster', 'p50Ms')}
    ${tile('p95', ms(total?.p95Ms), '1 in 20 is slower', 'p95Ms')}
    ${tile('p99', ms(total?.p99Ms), '1 in 100 is slower', 'p99Ms')}
  </dl>`;
}

function tile(name: string, value: string, note: string | false, id: string, state: string | false = false): Markup {
  return markup` <div class="tile ${state}" data-tile="${id}">
    <dt>${name}</dt>
    <dd><span class="value">${value}</span><span class="note">${note}</span></dd>
  </div>`;
}

/** The way of the requests: how many each log saw, how many got lost between two, how many came in from the side. */
export function relay(report: TraceReport): Markup {
  const { totals, hops } = report;
  const functions = hops.find(({ route, hop }) => route === null && hop === 'function')?.requests ?? 0;
  const round = bypasses(report);
  return markup` <ol class="relay" aria-label="The way of the requests">
    ${station('gateway', 'API Gateway', totals.gatewayRequests)}
    ${link(
      totals.gatewayRequests > 0 && totals.iisRequests > 0 ? `${plural(totals.matched, 'request')} joined by ID` : '',
      [
        [totals.neverReachedIis, 'never reached IIS', 'lost'],
        [round, 'came round the gateway', 'round'],
        [totals.duplicateIds, 'IDs not unique', 'double'],
      ],
    )}
    ${station('iis', 'IIS', totals.iisRequests)}
    ${link('', [[Math.max(totals.iisRequests - totals.appRequests, 0), 'without a line of the app', 'lost']], totals)}
    ${station('app', 'App', totals.appRequests)} ${link('', [])}
    ${station('function', 'Functions', functions, 'requests that called one')}
  </ol>`;
}

function station(hop: string, name: string, requests: number, what = 'requests'): Markup {
  const isSilent = requests === 0;
  return markup` <li class="station ${hop} ${isSilent && 'silent'}">
    <span class="station-name">${name}</span>
    <span class="station-count">${isSilent ? 'no log' : count(requests)}</span>
    <span class="station-what">${isSilent ? 'or nothing in it' : what}</span>
  </li>`;
}

type Branch = readonly [requests: number, what: string, kind: 'lost' | 'round' | 'double'];

function link(said: string, branches: readonly Branch[], totals?: TraceReport['totals']): Markup {
  // Without a log of the app every request of IIS would look lost.
  const known = totals !== undefined && (totals.appRequests === 0 || totals.iisRequests === 0) ? [] : branches;
  const there = known.filter(([requests]) => requests > 0);
  return markup` <li class="link">
    <span class="arrow" aria-hidden="true"></span>
    ${said !== '' && markup`<span class="joined">${said}</span>`}
    ${there.map(([requests, what, kind]) => markup`<span class="branch ${kind}"><b>${count(requests)}</b> ${what}</span>`)}
  </li>`;
}
