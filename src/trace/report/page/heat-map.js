/** How many requests took how long, and when: a cell for each bucket of time and range of latency. */

const HEAT_LEFT = 62;
const HEAT_BOTTOM = 26;
/** @type {{ column: number, row: number } | null} */
let heatCell = null;

/** The heat map that is shown, cut to the part of the time. @returns {Heat | undefined} */
function shownHeat() {
  const heat = data.heat.find(({ route }) => route === state.route);
  if (heat === undefined) return undefined;
  const places = heat.tMs.map((_, index) => index).filter((index) => isShown(heat.tMs[index] ?? 0));
  return {
    ...heat,
    tMs: places.map((index) => heat.tMs[index] ?? 0),
    counts: heat.counts.map((row) => places.map((index) => row[index] ?? 0)),
  };
}

/** Colours between those of the style sheet: equal steps of the logarithm look like equal steps. */
function heatScale() {
  const stops = [0, 1, 2, 3, 4].map((index) => rgbOf(color(`heat-${index}`)));
  /** @param {number} part from 0 to 1 */
  return (part) => {
    const at = Math.min(Math.max(part, 0), 1) * (stops.length - 1);
    const [low, high] = [stops[Math.floor(at)], stops[Math.ceil(at)]];
    const mixed = [0, 1, 2].map((channel) => {
      const [a, b] = [low?.[channel] ?? 0, high?.[channel] ?? 0];
      return Math.round(a + (b - a) * (at % 1));
    });
    return `rgb(${mixed.join(' ')})`;
  };
}

/** @param {string} hex */
const rgbOf = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** A canvas in the screen's own pixels. @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function contextOf(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser draws no canvas.');
  context.scale(ratio, ratio);
  context.font = `12px ${color('text')}`;
  context.fillStyle = color('muted');
  return context;
}

function drawHeat() {
  const canvas = heatCanvas();
  const heat = shownHeat();
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = contextOf(canvas, width, height);
  if (heat === undefined || heat.tMs.length === 0) {
    context.fillText('This page has no heat map of this route: it has those with most requests.', 8, 24);
    return;
  }
  const most = Math.max(...heat.counts.flat(), 1);
  const scale = heatScale();
  const [w, h] = cellSize(heat, canvas);
  const rows = heat.latencyMs.length;
  heat.counts.forEach((row, y) =>
    row.forEach((value, x) => {
      if (value === 0) return;
      context.fillStyle = scale(Math.log(value) / Math.log(Math.max(most, 2)));
      context.fillRect(HEAT_LEFT + x * w, (rows - 1 - y) * h, Math.max(w - (w > 5 ? 1 : 0), 0.75), h - 1);
    }),
  );
  drawHeatAxes(context, heat, w, h);
  if (heatCell !== null && heatCell.column < heat.tMs.length) {
    context.strokeStyle = color('ink');
    context.lineWidth = 2;
    context.strokeRect(HEAT_LEFT + heatCell.column * w, (rows - 1 - heatCell.row) * h, w, h);
  }
  drawKey(scale, most);
}

/** @returns {HTMLCanvasElement} */
function heatCanvas() {
  const canvas = element('heat-map');
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error('The heat map is no canvas.');
  return canvas;
}

/** Width and height of a cell. @param {Heat} heat @param {HTMLElement} canvas @returns {[number, number]} */
const cellSize = (heat, canvas) => [
  (canvas.clientWidth - HEAT_LEFT - 22) / heat.tMs.length,
  (canvas.clientHeight - HEAT_BOTTOM) / heat.latencyMs.length,
];

/** @param {CanvasRenderingContext2D} context @param {Heat} heat @param {number} w @param {number} h */
function drawHeatAxes(context, heat, w, h) {
  const rows = heat.latencyMs.length;
  context.fillStyle = color('muted');
  context.textAlign = 'right';
  context.textBaseline = 'alphabetic';
  const everyRow = Math.ceil(18 / h);
  heat.latencyMs.forEach((edge, index) => {
    if (index % everyRow === 0) context.fillText(duration(edge), HEAT_LEFT - 8, (rows - index) * h);
  });
  context.textAlign = 'left';
  const everyColumn = Math.ceil(74 / w);
  heat.tMs.forEach((t, index) => {
    if (index % everyColumn === 0 && (heat.tMs.length - index) * w > 36)
      context.fillText(tickTime(t), HEAT_LEFT + index * w, rows * h + 18);
  });
}

/** @param {(part: number) => string} scale @param {number} most */
function drawKey(scale, most) {
  const key = element('heat-key');
  if (!(key instanceof HTMLCanvasElement)) return;
  const context = contextOf(key, 160, 10);
  for (let x = 0; x < 160; x++) {
    context.fillStyle = scale(x / 159);
    context.fillRect(x, 0, 1, 10);
  }
  element('heat-most').textContent = count(most);
}

/** Says what a cell holds. */
function readCell() {
  const heat = shownHeat();
  if (heat === undefined || heatCell === null) return;
  const { column, row } = heatCell;
  const [from, to] = [heat.latencyMs[row], heat.latencyMs[row + 1]];
  const range = to === undefined ? `${duration(from ?? 0)} and more` : `${duration(from ?? 0)} to ${duration(to)}`;
  const requests = heat.counts[row]?.[column] ?? 0;
  element('heat-readout').textContent =
    `${minuteOf(heat.tMs[column] ?? 0)} UTC, ${range}: ${count(requests)} ${requests === 1 ? 'request' : 'requests'}`;
}

/** @param {number} column @param {number} row */
function pointAt(column, row) {
  const heat = shownHeat();
  if (heat === undefined || heat.tMs.length === 0) return;
  /** @param {number} value @param {number} end */
  const within = (value, end) => Math.min(Math.max(value, 0), end - 1);
  heatCell = { column: within(column, heat.tMs.length), row: within(row, heat.latencyMs.length) };
  drawHeat();
  readCell();
}

/** @type {Record<string, readonly [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function startHeat() {
  if (perhaps('heat-map') === null) return;
  const canvas = heatCanvas();
  onChange(() => {
    heatCell = null;
    drawHeat();
  });
  canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
    const heat = shownHeat();
    if (heat === undefined || heat.tMs.length === 0) return;
    const [w, h] = cellSize(heat, canvas);
    pointAt(Math.floor((offsetX - HEAT_LEFT) / w), heat.latencyMs.length - 1 - Math.floor(offsetY / h));
  });
  canvas.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const { column, row } = heatCell ?? { column: -step[0], row: -step[1] };
    pointAt(column + step[0], row + step[1]);
  });
  new ResizeObserver(drawHeat).observe(canvas);
}
