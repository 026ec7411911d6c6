/**
 * What report/html/page-data.ts gives.
 * @typedef {{ route: number, bucketMs: number, tMs: number[], requests: number[], errors: number[], refused: number[],
 *   p95Ms: Record<string, (number | null)[]> }} Series
 * @typedef {{ route: number, bucketMs: number, tMs: number[], latencyMs: number[], counts: number[][] }} Heat
 * @typedef {Partial<Record<'addedMs' | 'p50Ms' | 'p95Ms' | 'p99Ms', number>>} Measures
 * @typedef {{ routes: string[], span: { fromMs: number, toMs: number } | null, series: Series[], heat: Heat[],
 *   hops: Record<number, Record<string, Measures>>, parts: string[] }} PageData
 */

/** @type {PageData} */
const data = JSON.parse(element('data').textContent ?? '');

/** All routes together. */
const ALL = -1;

/** What is shown: a route, and a part of the time. */
const state = { route: ALL, fromMs: data.span?.fromMs ?? 0, toMs: data.span?.toMs ?? 0 };

/** @type {(() => void)[]} */
const listeners = [];

/** Runs what draws now, and with each change of the filters. @param {() => void} draw */
function onChange(draw) {
  listeners.push(draw);
}

/** @param {Partial<typeof state>} part */
function change(part) {
  Object.assign(state, part);
  for (const draw of listeners) draw();
}

/** Whether a time is in the part that is shown. @param {number} ms */
const isShown = (ms) => isWhole() || (ms >= state.fromMs && ms < state.toMs);

/** Whether all of the time is shown. */
const isWhole = () => data.span === null || (state.fromMs === data.span.fromMs && state.toMs === data.span.toMs);

/** An element that the page has. @param {string} id @returns {HTMLElement} */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element ${id}.`);
  return found;
}

/** An element that it may have. @param {string} id */
const perhaps = (id) => document.getElementById(id);

/** @param {string} selector @returns {HTMLElement[]} */
const all = (selector) => [...document.querySelectorAll(selector)].filter((found) => found instanceof HTMLElement);

/** A colour of the style sheet, as it is now. @param {string} name */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
