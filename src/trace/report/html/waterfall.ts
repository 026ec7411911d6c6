import type { Span, Waterfall } from '../../report-model';
import { spanFacts } from '../cells';
import { duration, exactTime } from '../units';
import { SPAN_HOPS, traceCommand } from '../words';
import { markup, shortened, type Markup } from './markup';
import { routeName, type Routes } from './routes';

/** More bars than this are a log of their own: `baton trace ID` has all. */
const MAX_SPANS = 60;

/** One request as bars, each from one line of one log. */
export function waterfallMarkup(waterfall: Waterfall, routes: Routes, isOpen: boolean): Markup {
  const { correlationId, startedMs, totalMs, route, status } = waterfall;
  return markup` <details
    class="request"
    data-route="${routes.indexOf(route)}"
    data-time="${startedMs}"
    ${isOpen && OPEN}
  >
    <summary>
      <span class="request-time">${duration(totalMs)}</span>
      <span class="request-route">${routeName(route, 'no route')}</span>
      <span class="status ${statusClass(status)}">${status ?? 'no answer'}</span>
      <span class="request-at">${exactTime(startedMs)}</span>
    </summary>
    <div class="request-body">
      ${facts(waterfall)} ${spanTable(waterfall)}
      <p class="command">More: <code>${traceCommand(correlationId)}</code></p>
    </div>
  </details>`;
}
const OPEN = markup`open`;

const statusClass = (status: number | null): string =>
  status === null || status >= 500 ? 'bad' : status >= 400 ? 'refused' : 'good';

function facts({ correlationId, subject, actor }: Waterfall): Markup {
  const pairs = [
    ['Correlation ID', correlationId],
    ['Caller', subject ?? 'not known'],
    ...(actor === null ? [] : [['Acts for the caller', actor] as const]),
  ] as const;
  return markup`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        markup`<div>
          <dt>${name}</dt>
          <dd><code>${shortened(value)}</code></dd>
        </div>`,
    )}
  </dl>`;
}

function spanTable({ spans, totalMs, correlationId }: Waterfall): Markup {
  const ends = spans.map(({ startMs, durationMs }) => startMs + (durationMs ?? 0));
  const from = Math.min(0, ...spans.map(({ startMs }) => startMs));
  const length = Math.max(totalMs, ...ends, from + 1e-3) - from;
  const shown = spans.slice(0, MAX_SPANS);
  return markup` <table class="waterfall">
      <caption class="hidden">
        What happened to request ${correlationId}, in its order
      </caption>
      <thead>
        <tr>
          <th scope="col">Log</th>
          <th scope="col">What</th>
          <th scope="col" class="bar-cell"><span class="hidden">When</span>${scale(from, length)}</th>
          <th scope="col" class="number">Starts</th>
          <th scope="col" class="number">Takes</th>
          <th scope="col">Outcome</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((span) => spanRow(span, { correlationId, from, length }))}
      </tbody>
    </table>
    ${spans.length > shown.length && markup`<p class="more">${spans.length - shown.length} more, not shown here.</p>`}`;
}

function scale(from: number, length: number): Markup {
  const marks = [0, 0.25, 0.5, 0.75].map((part) => markup`<span>${duration(from + part * length)}</span>`);
  return markup`<span class="scale" aria-hidden="true">${marks}</span>`;
}

interface Place {
  readonly correlationId: string;
  readonly from: number;
  readonly length: number;
}

function spanRow(span: Span, place: Place): Markup {
  const { source, label, startMs, durationMs, status, isFailure } = span;
  const { from, length } = place;
  const x = (100 * (startMs - from)) / length;
  const width = (100 * (durationMs ?? 0)) / length;
  const shape =
    durationMs === null
      ? markup`<circle class="${SPAN_HOPS[source]}" cx="${x.toFixed(2)}%" cy="50%" r="4"></circle>`
      : markup`<rect
          class="${SPAN_HOPS[source]}"
          x="${x.toFixed(2)}%"
          y="15%"
          width="${Math.max(width, 0.2).toFixed(2)}%"
          height="70%"
          rx="2"
        ></rect>`;
  const facts = spanFacts(span, place.correlationId);
  return markup` <tr class="${isFailure && 'failed'} ${facts !== '' && 'has-details'}">
      <td><span class="swatch ${SPAN_HOPS[source]}" aria-hidden="true"></span>${source}</td>
      <td class="what">${shortened(label)}</td>
      <td class="bar-cell"><svg class="span" aria-hidden="true">${shape}</svg></td>
      <td class="number">${duration(startMs)}</td>
      <td class="number">${durationMs === null ? '–' : duration(durationMs)}</td>
      <td>
        ${isFailure && markup`<span aria-hidden="true">✕ </span>`}${status ?? (isFailure ? 'failed' : '–')}
      </td>
    </tr>
    ${facts !== '' && markup`<tr class="about"><td></td><td class="details" colspan="5">${shortened(facts, 400)}</td></tr>`}`;
}
