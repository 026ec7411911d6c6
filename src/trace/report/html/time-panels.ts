import { compact, count, duration, time } from '../units';
import { HOP_WORDS } from '../words';
import { HOPS, type Hop, type TimeSeries, type TraceReport } from '../../report-model';
import { markup, type Markup } from './markup';
import { empty, panel, scrolling } from './panel';

const NEEDS = 'This needs times in the log of the gateway, of IIS or of the app.';

/** Requests, failures and the 95th percentile of each hop over time. The script draws; without it the table stands alone. */
export function overTimePanel({ series }: TraceReport): Markup {
  const all = series.find(({ route }) => route === null) ?? series[0];
  const title = 'Over time';
  if (all === undefined || all.tMs.length === 0) {
    return panel({ id: 'time', title, body: empty('Nothing over time', NEEDS) });
  }
  const hops = HOPS.filter((hop) => all.p95Ms[hop]?.some((value) => value !== null));
  const charts = [
    chart('requests', 'Requests', [['requests', 'All']]),
    chart('failures', 'Failed and refused', [
      ['errors', 'Server errors'],
      ['refused', 'Refused'],
    ]),
    hops.length > 0 &&
      chart(
        'latency',
        '95th percentile of each hop, on a logarithmic scale',
        hops.map((hop) => [hop, HOP_WORDS[hop].name] as const),
      ),
  ];
  const intro = markup`One point is ${duration(all.bucketMs)}. Times are UTC.
    <span class="script-only">Drag over a chart to look at a part of the time; a double click shows all of it.</span>`;
  return panel({
    id: 'time',
    title,
    intro,
    body: [markup`<div class="charts script-only">${charts}</div>`, timeTable(all, hops)],
  });
}

function timeTable({ tMs, requests, errors, refused, p95Ms }: TimeSeries, hops: readonly Hop[]): Markup {
  const rows = tMs.map((t, index) => {
    const counts = [requests[index], errors[index], refused[index]].map((value) => count(value ?? 0));
    const times = hops.map((hop) => {
      const ms = p95Ms[hop]?.[index] ?? null;
      return ms === null ? '–' : duration(ms);
    });
    return markup`<tr data-time="${t}">
        <th scope="row">${time(t)}</th>
        ${[...counts, ...times].map((text) => markup`<td class="number">${text}</td>`)}
      </tr>`;
  });
  const names = ['Requests', 'Errors', 'Refused', ...hops.map((hop) => `p95 ${HOP_WORDS[hop].name}`)];
  const table = markup` <table id="time-table">
    <thead>
      <tr>
        <th scope="col">From</th>
        ${names.map((name) => markup`<th scope="col" class="number">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return markup`<details class="numbers">
    <summary>These charts as a table</summary>
    ${scrolling('Over time, as a table', table)}
  </details>`;
}

function chart(id: string, title: string, lines: readonly (readonly [string, string])[]): Markup {
  return markup` <figure class="chart" id="chart-${id}">
    <figcaption>
      <h3>${title} <span class="at"></span></h3>
      <ul class="readout">
        ${lines.map(([line, name]) => markup`<li data-line="${line}"><span class="swatch ${line}" aria-hidden="true"></span>${name} <b></b></li>`)}
      </ul>
    </figcaption>
    <div class="plot" role="img" aria-label="${title} over time; the table below has the numbers"></div>
  </figure>`;
}

/** How many requests took how long, and when. */
export function heatPanel({ heat }: TraceReport): Markup {
  const all = heat.find(({ route }) => route === null) ?? heat[0];
  const title = 'How long requests take';
  if (all === undefined || all.tMs.length === 0) {
    return panel({ id: 'heat', title, body: empty('Nothing to count', NEEDS) });
  }
  const body = markup` <div class="heat script-only">
      <canvas
        id="heat-map"
        tabindex="0"
        role="img"
        aria-label="How many requests took how long, over time; arrow keys go through it"
        aria-describedby="heat-readout"
      ></canvas>
      <div class="heat-foot">
        <p id="heat-readout" role="status">Point at a cell, or go through it with the arrow keys.</p>
        <p class="heat-key">
          <span>1 request</span><canvas id="heat-key" width="160" height="10" aria-hidden="true"></canvas
          ><span id="heat-most"></span>
        </p>
      </div>
    </div>
    ${heatTable(all)}`;
  const intro = `One cell is ${duration(all.bucketMs)} of time and a range of latency; the stronger its colour, the more requests. Two bands mean two kinds of requests.`;
  return panel({ id: 'heat', title, intro, body });
}

function heatTable({ latencyMs, counts }: TraceReport['heat'][number]): Markup {
  const rows = latencyMs.map((from, index) => {
    const requests = (counts[index] ?? []).reduce((sum, value) => sum + value, 0);
    const to = latencyMs[index + 1];
    const range = to === undefined ? `${duration(from)} and more` : `${duration(from)} – ${duration(to)}`;
    return markup`<tr>
      <th scope="row">${range}</th>
      <td class="number">${count(requests)}</td>
    </tr>`;
  });
  const most = counts.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  const table = markup` <table>
    <caption>
      ${compact(most)} requests, the whole time
    </caption>
    <thead>
      <tr>
        <th scope="col">Latency</th>
        <th scope="col" class="number">Requests</th>
      </tr>
    </thead>
    <tbody>
      ${rows.toReversed()}
    </tbody>
  </table>`;
  return markup`<details class="numbers">
    <summary>As a table</summary>
    ${scrolling('Requests by latency', table)}
  </details>`;
}
