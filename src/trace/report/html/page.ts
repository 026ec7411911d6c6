import type { TraceReport, Waterfall } from '../../report-model';
import { plural, time } from '../units';
import { readAssets } from './assets';
import { findingsPanel } from './findings-panel';
import { hopsPanel } from './hops-panel';
import { assetMarkup, markup, jsonMarkup, shortened, type Markup } from './markup';
import { pageData, type PageData } from './page-data';
import { empty, panel } from './panel';
import { routesOf, type Routes } from './routes';
import { driftPanel, inputsPanel } from './source-panels';
import { heading, relay, tiles } from './summary-panels';
import { heatPanel, overTimePanel } from './time-panels';
import { waterfallMarkup } from './waterfall';

/**
 * The report as one page that stands alone: style, script and figures are in it, nothing is asked of anybody, and its
 * Content-Security-Policy lets nothing else run. Whatever a log holds is text in it. Without its script it can be read
 * as well: the charts are tables then.
 */
export function htmlPage(report: TraceReport): string {
  const assets = readAssets();
  const routes = routesOf(report);
  const data = pageData(report, routes);
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${assetMarkup(assets.policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>Baton trace, ${time(Date.parse(report.generatedAt))} UTC</title>
        <style>${assetMarkup(assets.style)}</style>
      </head>
      <body>
        <a class="skip" href="#main">To the report</a>
        ${heading(report)} ${filterBar(data)}
        <main id="main">
          <section class="overview" aria-label="Overview">${tiles(report)} ${relay(report)}</section>
          ${findingsPanel(report.findings)} ${overTimePanel(report)} ${heatPanel(report)}
          ${hopsPanel(report.hops, routes)} ${slowestPanel(report.slowest, routes)} ${driftPanel(report.drift)}
          ${inputsPanel(report)}
        </main>
        <footer class="foot">
          <p>Made by <code>baton trace</code>. This page asks nothing of any server and can be kept, sent and printed as it is.</p>
        </footer>
        <script type="application/json" id="data">${jsonMarkup(data)}</script>
        <script>${assetMarkup(assets.script)}</script>
      </body>
    </html>
`.text;
}

function filterBar({ routes, span, series, heat }: PageData): Markup {
  const charted = new Set([...series, ...heat].map(({ route }) => route));
  const options = routes.map((route, index) => {
    const text = shortened(route, 100) + (charted.has(index) ? '' : ' (without charts)');
    return markup`<option value="${index}">${text}</option>`;
  });
  return markup`
<div class="top-bar">
<div class="top-bar-inner">
<nav class="parts" aria-label="Parts of the report"><ul>${PARTS_OF_PAGE.map(([id, name]) => markup`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<section class="filters script-only" aria-label="Filters">
  <label class="filter" for="route"><span>Route</span><select id="route"><option value="-1">All routes</option>${options}</select></label>
  ${
    span !== null &&
    markup`
  <div class="filter range" role="group" aria-label="Time, UTC">
    <label for="from"><span>From</span><input id="from" type="range" min="0" max="1" step="1" value="0"></label>
    <label for="to"><span>To</span><input id="to" type="range" min="0" max="1" step="1" value="1"></label>
    <output id="range" for="from to"></output>
  </div>`
  }
  <button type="button" id="reset" hidden>Show all</button>
  <button type="button" id="theme" aria-pressed="false">Dark</button>
  <p id="filter-status" class="hidden" role="status"></p>
</section>
</div>
</div>`;
}

const PARTS_OF_PAGE = [
  ['findings', 'Findings'],
  ['time', 'Over time'],
  ['heat', 'Latency'],
  ['hops', 'Hops'],
  ['slowest', 'Slowest'],
  ['drift', 'Drift'],
  ['inputs', 'Files'],
] as const;

function slowestPanel(slowest: readonly Waterfall[], routes: Routes): Markup {
  const title = 'The slowest requests';
  if (slowest.length === 0) {
    return panel({ id: 'slowest', title, body: empty('No request is known', 'No log here has requests with a time.') });
  }
  const intro = `${plural(slowest.length, 'request')}, the slowest first. A bar is a line of a log: where it begins and how long it took. Times before 0 are of clocks that differ.`;
  const body = markup` <div class="requests">
      ${slowest.map((waterfall, index) => waterfallMarkup(waterfall, routes, index === 0))}
    </div>
    <p class="none-left" hidden>None of the slowest requests is in this part.</p>`;
  return panel({ id: 'slowest', title, intro, body });
}
