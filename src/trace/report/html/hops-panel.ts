import { HOPS, type Hop, type HopLatency } from '../../report-model';
import { compact, count, duration, percent } from '../units';
import { addedMs, byHop, HOP_WORDS, PARTS, restMs, wholeOf, type ByHop } from '../words';
import { markup, type Markup } from './markup';
import { empty, panel, scrolling } from './panel';
import { routeName, type Routes } from './routes';

/** A route, null for all: each hop's figures. */
interface Row {
  readonly route: string | null;
  readonly place: number;
  readonly hops: ByHop;
}

/** How long each hop took, by route: bars of the means, which add up, and the percentiles of the whole. */
export function hopsPanel(hops: readonly HopLatency[], routes: Routes): Markup {
  const rows = [null, ...routes.shown].map((route): Row => ({
    route,
    place: routes.indexOf(route),
    hops: byHop(hops, route),
  }));
  const filled = rows.filter((row) => wholeOf(row.hops) !== undefined);
  const title = 'Where the time goes';
  if (filled.length === 0) {
    const body = empty('No hop can be measured', 'This needs the log of the gateway, of IIS or of the app.');
    return panel({ id: 'hops', title, body });
  }
  const longest = Math.max(...filled.map((row) => stackLength(row.hops)), 1e-9);
  return panel({
    id: 'hops',
    title,
    unfiltered: 'time',
    intro:
      'One bar a route: what each hop adds to the mean of its requests. A hop that few requests pass adds little. Percentiles are of the requests that pass the hop, and do not add up.',
    controls: measures(),
    body: [legend(), barTable(filled, longest), further(filled.length - 1), more(routes), numbers(filled)],
  });
}

/** Beyond these, routes are in the table of numbers, and where they are filtered for. */
const MAX_BARS = 15;

/** The longest bar: of the hops that add up, and what is left. */
const stackLength = (row: ByHop): number => PARTS.reduce((sum, hop) => sum + addedMs(row, hop), restMs(row));

function measures(): Markup {
  const names = [
    ['addedMs', 'Mean'],
    ['p50Ms', 'p50'],
    ['p95Ms', 'p95'],
    ['p99Ms', 'p99'],
  ] as const;
  return markup` <fieldset class="choice script-only" id="measure">
    <legend class="hidden">Length of the bars</legend>
    ${names.map(([value, name], index) => markup`<label><input type="radio" name="measure" value="${value}" ${index === 0 && CHECKED} /><span>${name}</span></label>`)}
  </fieldset>`;
}
const CHECKED = markup`checked`;

function legend(): Markup {
  return markup` <ul class="legend">
    ${PARTS.map(
      (hop) =>
        markup` <li>
          <span class="swatch ${hop}" aria-hidden="true"></span><b>${HOP_WORDS[hop].name}</b>
          <span class="holds">${HOP_WORDS[hop].holds}</span>
        </li>`,
    )}
    <li>
      <span class="swatch rest" aria-hidden="true"></span><b>Not known</b>
      <span class="holds">what these logs do not tell apart</span>
    </li>
  </ul>`;
}

function barTable(rows: readonly Row[], longest: number): Markup {
  const figures = ['p50', 'p95', 'p99', 'Max'].map((name) => markup`<th scope="col" class="number">${name}</th>`);
  return scrolling(
    'Time by hop and route',
    markup` <table class="bars">
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col" class="number">Requests</th>
          <th scope="col" class="bar-cell"><span class="hidden">Mean of each hop</span></th>
          ${figures}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row, index) => barRow(row, longest, index > MAX_BARS))}
      </tbody>
    </table>`,
  );
}

function barRow({ route, place, hops }: Row, longest: number, isFurther: boolean): Markup {
  const total = wholeOf(hops);
  const cells = [total?.p50Ms, total?.p95Ms, total?.p99Ms, total?.maxMs];
  return markup` <tr data-route="${place}" class="${route === null ? 'all' : isFurther ? 'further' : ''}">
    <th scope="row">${routeName(route, 'All routes')}</th>
    <td class="number" title="${total && count(total.requests)}">${total && compact(total.requests)}</td>
    <td class="bar-cell">${bar(hops, longest)}</td>
    ${cells.map((ms) => markup`<td class="number">${ms === undefined ? '–' : duration(ms)}</td>`)}
  </tr>`;
}

function bar(row: ByHop, longest: number): Markup {
  const lengths = [...PARTS.map((hop) => [hop, addedMs(row, hop)] as const), ['rest', restMs(row)] as const];
  let at = 0;
  const pieces = lengths.map(([name, ms]) => {
    const width = (100 * ms) / longest;
    const [x, long] = [at.toFixed(3), width.toFixed(3)];
    at += width;
    return markup`<rect class="${name}" x="${x}%" y="0" width="${long}%" height="100%"></rect>`;
  });
  const said = PARTS.filter((hop) => row[hop] !== undefined)
    .map((hop) => `${HOP_WORDS[hop].name} ${duration(addedMs(row, hop))}`)
    .join(', ');
  return markup`<svg class="bar" role="img" aria-label="${said}"><title>${said}</title>${pieces}</svg>`;
}

const further = (routes: number): Markup | false =>
  routes > MAX_BARS &&
  markup`<p class="more script-only"><button type="button" id="further" aria-expanded="false">All ${count(routes)} routes</button></p>`;

const more = ({ hidden }: Routes): Markup | false =>
  hidden > 0 &&
  markup`<p class="more">${count(hidden)} more routes with fewer requests: <code>--json</code> has them.</p>`;

function numbers(rows: readonly Row[]): Markup {
  const columns = ['Requests', 'Mean', 'p50', 'p90', 'p95', 'p99', 'Max', 'Below zero'];
  const table = markup` <table>
    <thead>
      <tr>
        <th scope="col">Route</th>
        <th scope="col">Hop</th>
        ${columns.map((name) => markup`<th scope="col" class="number">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.flatMap((row) => HOPS.map((hop) => numberRow(row, hop)))}
    </tbody>
  </table>`;
  return markup` <details class="numbers">
    <summary>Each hop in numbers</summary>
    <p class="intro">
      Percentiles are exact. “Below zero”: where IIS says that it took longer than the gateway waited, because each
      measures by its own clock.
    </p>
    ${scrolling('Each hop in numbers', table)}
  </details>`;
}

function numberRow({ route, place, hops }: Row, hop: Hop): Markup | false {
  const row = hops[hop];
  if (row === undefined) return false;
  const times = [row.meanMs, row.p50Ms, row.p90Ms, row.p95Ms, row.p99Ms, row.maxMs];
  return markup` <tr data-route="${place}">
    <th scope="row">${routeName(route, 'All routes')}</th>
    <td><span class="swatch ${hop}" aria-hidden="true"></span>${HOP_WORDS[hop].name}</td>
    <td class="number">${count(row.requests)}</td>
    ${times.map((ms) => markup`<td class="number">${duration(ms)}</td>`)}
    <td class="number">${row.negative === 0 ? '–' : percent(row.negative, row.requests)}</td>
  </tr>`;
}
