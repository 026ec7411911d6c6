/* What src/trace/report/units.ts does in Node, for what the page counts anew; a test holds the two together. */

/** @param {number} value */
function count(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** @param {number} value */
function compact(value) {
  if (Math.abs(value) < 10_000) return count(value);
  if (value >= 1e9) return `${threeDigits(value / 1e9)} G`;
  return value >= 1e6 ? `${threeDigits(value / 1e6)} M` : `${threeDigits(value / 1e3)} k`;
}

/** @param {number} ms @returns {string} */
function duration(ms) {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 9.95) return `${trimmed(ms, 1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${threeDigits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 1440 ? pair(minutes, 60, 'h', 'min') : pair(Math.round(minutes / 60), 24, 'd', 'h');
}

/** @param {number} value @param {number} base @param {string} large @param {string} small */
function pair(value, base, large, small) {
  const rest = value % base;
  return `${count(Math.floor(value / base))} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** @param {number} part @param {number} whole */
function percent(part, whole) {
  if (whole <= 0) return '–';
  const share = (100 * part) / whole;
  if (part > 0 && share < 0.01) return '< 0.01 %';
  if (part < whole && share > 99.99) return '> 99.99 %';
  return `${trimmed(share, share < 1 ? 2 : 1)} %`;
}

/** @param {number} value */
const threeDigits = (value) => trimmed(value, value < 10 ? 2 : value < 100 ? 1 : 0);

/** @param {number} value @param {number} digits */
const trimmed = (value, digits) => String(Number(value.toFixed(digits)));

/** Day and minute, UTC. @param {number} ms */
const minuteOf = (ms) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** From when to when, UTC; the day once where it is one. @param {number} fromMs @param {number} toMs */
function rangeOf(fromMs, toMs) {
  const [from, to] = [minuteOf(fromMs), minuteOf(toMs)];
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}
