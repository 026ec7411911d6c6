/** The filters, and what the page does as a whole. */

/** @param {string} id @returns {HTMLInputElement | undefined} */
function slider(id) {
  const found = perhaps(id);
  return found instanceof HTMLInputElement ? found : undefined;
}

function startFilters() {
  const route = element('route');
  const [from, to] = [slider('from'), slider('to')];
  const span = data.span;
  const bucketMs = data.series[0]?.bucketMs ?? 1;
  route.addEventListener('change', () => {
    if (route instanceof HTMLSelectElement) change({ route: Number(route.value) });
  });
  element('reset').addEventListener('click', () => change({ route: ALL, ...span }));
  if (from !== undefined && to !== undefined && span !== null) {
    const buckets = Math.max(Math.round((span.toMs - span.fromMs) / bucketMs), 1);
    from.max = to.max = String(buckets);
    to.value = String(buckets);
    // One slider pushes the other along: at least one bucket is always shown.
    from.addEventListener('input', () => {
      const at = Math.min(Number(from.value), buckets - 1);
      change({ fromMs: span.fromMs + at * bucketMs, toMs: Math.max(state.toMs, span.fromMs + (at + 1) * bucketMs) });
    });
    to.addEventListener('input', () => {
      const at = Math.max(Number(to.value), 1);
      change({ toMs: span.fromMs + at * bucketMs, fromMs: Math.min(state.fromMs, span.fromMs + (at - 1) * bucketMs) });
    });
  }
  onChange(drawFilters);
}

function drawFilters() {
  const route = element('route');
  if (route instanceof HTMLSelectElement) route.value = String(state.route);
  element('reset').hidden = isWhole() && state.route === ALL;
  if (data.span === null) return;
  const bucketMs = data.series[0]?.bucketMs ?? 1;
  const range = rangeOf(state.fromMs, state.toMs);
  element('range').textContent = range;
  for (const [id, ms] of /** @type {const} */ ([
    ['from', state.fromMs],
    ['to', state.toMs],
  ])) {
    const input = slider(id);
    if (input === undefined) continue;
    input.value = String(Math.round((ms - data.span.fromMs) / bucketMs));
    input.setAttribute('aria-valuetext', `${minuteOf(ms)} UTC`);
  }
  const name = state.route === ALL ? 'all routes' : (data.routes[state.route] ?? '');
  element('filter-status').textContent = `Shown: ${name}, ${range} UTC`;
}

/** Paper has no way to open anything, and is light. */
function startPrinting() {
  const root = document.documentElement;
  /** @type {HTMLDetailsElement[]} */
  let opened = [];
  /** @type {string | undefined} */
  let theme;
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details')].filter((part) => !part.open && !part.matches('.numbers'));
    for (const part of opened) part.open = true;
    theme = root.dataset.theme;
    root.dataset.theme = 'light';
    showTheme();
  });
  addEventListener('afterprint', () => {
    for (const part of opened) part.open = false;
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
    showTheme();
  });
}

document.documentElement.classList.add('scripted');
startTheme();
startCharts();
startHeat();
startPanels();
startFilters();
startPrinting();
change({});
