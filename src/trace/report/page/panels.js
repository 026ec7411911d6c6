/** What is HTML already: figures that are counted anew, bars of another measure, rows that are hidden. */

/** The figures at the top, of what is shown. */
function drawTiles() {
  const series = shownSeries();
  /** @param {number[] | undefined} values */
  const sum = (values) => values?.reduce((total, value) => total + value, 0);
  const [requests, errors, refused] = [sum(series?.requests), sum(series?.errors), sum(series?.refused)];
  if (requests !== undefined) {
    setTile('requests', compact(requests), count(requests));
    for (const [id, part = 0] of /** @type {const} */ ([
      ['errors', errors],
      ['refused', refused],
    ])) {
      setTile(id, percent(part, requests), `${count(part)} ${part === 1 ? 'request' : 'requests'}`);
    }
    tileOf('errors')?.classList.toggle('bad', (errors ?? 0) > 0);
  } else
    for (const id of ['requests', 'errors', 'refused'])
      setTile(id, '–', data.series.length === 0 ? '' : 'not in this page');
  const total = data.hops[state.route]?.total;
  setTile('p50Ms', total?.p50Ms === undefined ? '–' : duration(total.p50Ms), 'half are faster');
  setTile('p95Ms', total?.p95Ms === undefined ? '–' : duration(total.p95Ms), '1 in 20 is slower');
  setTile('p99Ms', total?.p99Ms === undefined ? '–' : duration(total.p99Ms), '1 in 100 is slower');
  for (const id of ['p50Ms', 'p95Ms', 'p99Ms']) tileOf(id)?.classList.toggle('whole', !isWhole());
}

/** @param {string} id */
const tileOf = (id) => document.querySelector(`[data-tile="${id}"]`);

/** @param {string} id @param {string} value @param {string} note */
function setTile(id, value, note) {
  const tile = tileOf(id);
  const [shown, below] = [tile?.querySelector('.value'), tile?.querySelector('.note')];
  if (shown) shown.textContent = value;
  if (below) below.textContent = id.startsWith('p') && !isWhole() ? `${note}, the whole time` : note;
}

/** The measure that the bars show. @returns {keyof Measures} */
function measure() {
  const chosen = document.querySelector('#measure input:checked');
  return /** @type {keyof Measures} */ (chosen instanceof HTMLInputElement ? chosen.value : 'addedMs');
}

/** Bars of the hops, as long as the measure says. */
function drawBars() {
  const name = measure();
  /** @param {number} route @param {string} hop */
  const lengthOf = (route, hop) => Math.max(data.hops[route]?.[hop]?.[name] ?? 0, 0);
  /** @param {number} route */
  const wholeOf = (route) => data.parts.reduce((sum, hop) => sum + lengthOf(route, hop), 0);
  const rows = all('.bars tbody tr').filter((row) => !row.hidden);
  const longest = Math.max(...rows.map((row) => wholeOf(Number(row.dataset.route))), 1e-9);
  for (const row of rows) {
    const route = Number(row.dataset.route);
    let at = 0;
    for (const hop of data.parts) {
      const piece = row.querySelector(`svg.bar .${hop}`);
      const width = (100 * lengthOf(route, hop)) / longest;
      piece?.setAttribute('x', `${at}%`);
      piece?.setAttribute('width', `${width}%`);
      at += width;
    }
    describeBar(row, route, name);
  }
}

/** @param {HTMLElement} row @param {number} route @param {keyof Measures} name */
function describeBar(row, route, name) {
  const said = data.parts
    .filter((hop) => hop !== 'rest' && data.hops[route]?.[hop] !== undefined)
    .map((hop) => `${hop} ${duration(data.hops[route]?.[hop]?.[name] ?? 0)}`)
    .join(', ');
  row.querySelector('svg.bar')?.setAttribute('aria-label', said);
  const title = row.querySelector('svg.bar title');
  if (title !== null) title.textContent = said;
}

/** Whether all routes have their bars, or those with most requests. */
let isFurther = false;

/** Hides what is not of the route or of the time. */
function drawRows() {
  const isOfRoute = (/** @type {HTMLElement} */ row) =>
    state.route === ALL || Number(row.dataset.route) === state.route;
  const isOfTime = (/** @type {HTMLElement} */ row) => isShown(Number(row.dataset.time));
  for (const row of all('#hops [data-route]')) {
    row.hidden = !isOfRoute(row) || (state.route === ALL && !isFurther && row.classList.contains('further'));
  }
  for (const row of all('#drift [data-time]')) row.hidden = !isOfTime(row);
  const requests = all('#slowest .request');
  for (const request of requests) request.hidden = !(isOfRoute(request) && isOfTime(request));
  for (const note of all('#slowest .none-left')) note.hidden = requests.some((request) => !request.hidden);
  for (const scope of all('.scope')) {
    scope.hidden = scope.dataset.scope === 'time' ? isWhole() : isWhole() && state.route === ALL;
  }
}

/** The table behind the charts, of the route and the time. */
function drawTimeTable() {
  const body = document.querySelector('#time-table tbody');
  const series = shownSeries();
  if (body === null) return;
  const hops = all('#chart-latency [data-line]').map((item) => item.dataset.line ?? '');
  const rows = (series?.tMs ?? []).map((t, index) => {
    const counts = [series?.requests, series?.errors, series?.refused].map((values) => count(values?.[index] ?? 0));
    const times = hops
      .map((hop) => series?.p95Ms[hop]?.[index] ?? null)
      .map((ms) => (ms === null ? '–' : duration(ms)));
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = `${minuteOf(t)}:00`;
    row.append(head, ...[...counts, ...times].map(cellOf));
    return row;
  });
  body.replaceChildren(...rows);
}

/** @param {string} text */
function cellOf(text) {
  const cell = document.createElement('td');
  cell.className = 'number';
  cell.textContent = text;
  return cell;
}

function startPanels() {
  for (const draw of [drawTiles, drawRows, drawBars, drawTimeTable]) onChange(draw);
  const further = perhaps('further');
  further?.addEventListener('click', () => {
    isFurther = !isFurther;
    further.setAttribute('aria-expanded', String(isFurther));
    drawRows();
    drawBars();
  });
  perhaps('measure')?.addEventListener('change', drawBars);
}
