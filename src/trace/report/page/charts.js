/** Time series, drawn by uPlot. All share one time axis and one cursor. */

/** @typedef {{ line: string, values: (series: Series) => (number | null)[], dash?: number[], fill?: boolean }} Line */
/** @typedef {{ id: string, height: number, lines: Line[], format: (value: number) => string, logarithmic?: boolean }} Chart */

/** @param {string} line @param {number[]} [dash] @returns {Line} */
const hopLine = (line, dash) => ({ line, values: (series) => series.p95Ms[line] ?? [], dash });

/** Colours alone do not tell lines apart for everybody: some are dashed. @type {Chart[]} */
const CHARTS = [
  {
    id: 'requests',
    height: 150,
    format: compact,
    lines: [{ line: 'requests', values: (series) => series.requests, fill: true }],
  },
  {
    id: 'failures',
    height: 120,
    format: compact,
    lines: [
      { line: 'errors', values: (series) => series.errors, fill: true },
      { line: 'refused', values: (series) => series.refused, dash: [6, 3] },
    ],
  },
  {
    id: 'latency',
    height: 230,
    format: duration,
    logarithmic: true,
    lines: [
      hopLine('total'),
      hopLine('gateway', [8, 3]),
      hopLine('wire', [2, 3]),
      hopLine('iis'),
      hopLine('app', [12, 3]),
      hopLine('function', [8, 3, 2, 3]),
    ],
  },
];

const LEFT = 62;
/** @type {uPlot[]} */
let plots = [];

/** The series that is shown: of the route, cut to the part of the time. */
function shownSeries() {
  const series = data.series.find(({ route }) => route === state.route);
  if (series === undefined) return undefined;
  const places = series.tMs.map((_, index) => index).filter((index) => isShown(series.tMs[index] ?? 0));
  /** @param {(number | null)[] | undefined} values */
  const cut = (values) => places.map((index) => values?.[index] ?? null);
  return {
    ...series,
    tMs: /** @type {number[]} */ (cut(series.tMs)),
    requests: /** @type {number[]} */ (cut(series.requests)),
    errors: /** @type {number[]} */ (cut(series.errors)),
    refused: /** @type {number[]} */ (cut(series.refused)),
    p95Ms: Object.fromEntries(Object.entries(series.p95Ms).map(([hop, values]) => [hop, cut(values)])),
  };
}

function drawCharts() {
  for (const plot of plots) plot.destroy();
  plots = [];
  const series = shownSeries();
  for (const chart of CHARTS) {
    const figure = perhaps(`chart-${chart.id}`);
    const place = figure?.querySelector('.plot');
    if (!(figure instanceof HTMLElement) || !(place instanceof HTMLElement)) continue;
    place.replaceChildren();
    if (series === undefined || series.tMs.length === 0) {
      place.textContent = 'This page has no time series of this route: it has those with most requests.';
      continue;
    }
    const lines = chart.lines.filter(({ line }) => figure.querySelector(`[data-line="${line}"]`) !== null);
    plots.push(plotOf(chart, lines, series, figure, place));
    showReadout(figure, lines, series, null, chart.format);
  }
}

/** @param {Chart} chart @param {Line[]} lines @param {Series} series @param {HTMLElement} figure @param {HTMLElement} place */
function plotOf(chart, lines, series, figure, place) {
  /** @type {uPlot.Options} */
  const options = {
    width: Math.max(place.clientWidth, 240),
    height: chart.height,
    ms: 1,
    tzDate: (ms) => uPlot.tzDate(new Date(ms), 'Etc/UTC'),
    legend: { show: false },
    padding: [8, 22, 0, 0],
    cursor: { y: false, sync: { key: 'time' }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { time: true, range: () => timeOf(series) }, y: scaleOf(chart) },
    axes: [
      axis({ values: (_, ticks) => ticks.map(tickTime), space: 74, size: 26 }),
      axis({
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : chart.format(tick))),
        size: LEFT,
        space: 34,
      }),
    ],
    series: [{}, ...lines.map((line) => lineOf(line))],
    hooks: {
      setCursor: [(plot) => showReadout(figure, lines, series, plot.cursor.idx ?? null, chart.format)],
      setSelect: [selectTime],
    },
  };
  /** @type {uPlot.AlignedData} */
  const columns = [series.tMs, ...lines.map(({ values }) => values(series).map(chart.logarithmic ? aboveZero : asIs))];
  const plot = new uPlot(options, columns, place);
  plot.over.addEventListener('dblclick', showAllTime);
  return plot;
}

/** @param {uPlot.Axis} part @returns {uPlot.Axis} */
const axis = (part) => ({
  stroke: color('muted'),
  font: `12px ${color('text')}`,
  grid: { stroke: color('grid'), width: 1 },
  ticks: { show: false },
  ...part,
});

/** @param {Line} line @returns {uPlot.Series} */
const lineOf = ({ line, dash, fill }) => ({
  stroke: color(line),
  width: line === 'total' ? 2.5 : 1.75,
  points: { show: true, size: 5, fill: color(line), filter: alone },
  ...(dash === undefined ? {} : { dash }),
  ...(fill === true ? { fill: `${color(line)}26` } : {}),
});

/** From the first bucket's beginning to the last one's end. @param {Series} series @returns {[number, number]} */
const timeOf = ({ tMs, bucketMs }) => [tMs[0] ?? 0, (tMs.at(-1) ?? 0) + bucketMs];

/** @param {Chart} chart @returns {uPlot.Scale} */
const scaleOf = ({ logarithmic }) =>
  logarithmic
    ? { distr: 3, range: (_, low, high) => [10 ** Math.floor(Math.log10(low || 1)), (high || 10) * 1.5] }
    : { range: (_, __, high) => [0, high > 0 ? high * 1.08 : 1] };

/** A logarithmic scale has no place for what is not above zero. @param {number | null} value */
const aboveZero = (value) => (value === null ? null : Math.max(value, 0.1));
/** @param {number | null} value */
const asIs = (value) => value;

/** A value without neighbours is no line: it gets a point. @type {(plot: uPlot, place: number) => number[] | null} */
function alone(plot, place) {
  const values = plot.data[place] ?? [];
  const isKnown = (/** @type {number} */ index) => values[index] !== null && values[index] !== undefined;
  return [...values.keys()].filter((index) => isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1));
}

/** The hour; at midnight the day. @param {number} ms */
function tickTime(ms) {
  const iso = new Date(ms).toISOString();
  return iso.slice(11, 16) === '00:00'
    ? iso.slice(5, 10)
    : iso.slice(ms % 60_000 === 0 ? 11 : 14, ms % 60_000 === 0 ? 16 : 19);
}

/**
 * The values under the cursor; without one, the highest.
 * @param {HTMLElement} figure @param {Line[]} lines @param {Series} series
 * @param {number | null} index @param {(value: number) => string} format
 */
function showReadout(figure, lines, series, index, format) {
  for (const { line, values } of lines) {
    const shown = figure.querySelector(`[data-line="${line}"] b`);
    if (shown === null) continue;
    const known = values(series).filter((value) => value !== null);
    const value = index === null ? Math.max(...known) : (values(series)[index] ?? null);
    const text = value === null || known.length === 0 ? '–' : format(value);
    shown.textContent = index === null ? `max ${text}` : text;
  }
  const title = figure.querySelector('.at');
  if (title !== null) title.textContent = index === null ? '' : minuteOf(series.tMs[index] ?? 0);
}

/** A part of the chart was dragged over: whole buckets, at least one. @param {uPlot} plot */
function selectTime(plot) {
  const { left, width } = plot.select;
  if (width < 4) return;
  const bucketMs = data.series[0]?.bucketMs ?? 1;
  const first = data.span?.fromMs ?? 0;
  /** @param {number} ms */
  const bucketAt = (ms) => Math.floor((ms - first) / bucketMs);
  const from = bucketAt(plot.posToVal(left, 'x'));
  const to = bucketAt(plot.posToVal(left + width, 'x')) + 1;
  // The plot that reports must end before it is replaced.
  setTimeout(() =>
    change({
      fromMs: Math.max(first + from * bucketMs, data.span?.fromMs ?? 0),
      toMs: Math.min(first + to * bucketMs, data.span?.toMs ?? 0),
    }),
  );
}

function showAllTime() {
  if (data.span !== null) setTimeout(() => change({ ...data.span }));
}

function startCharts() {
  if (perhaps('chart-requests') === null) return;
  onChange(drawCharts);
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry?.contentRect.width ?? 0);
    if (now !== width && width !== 0)
      for (const plot of plots) plot.setSize({ width: Math.max(now, 240), height: plot.height });
    width = now;
  }).observe(element('chart-requests'));
}
