/** A whole number, in groups of three: `2,949,264`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A number where there is little room: exact below 10,000, then `15.1 k`, `2.95 M`, `1.2 G`. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return count(value);
  const [divisor, unit] = value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
  return `${threeDigits(value / divisor)} ${unit}`;
}

/** How long, with its unit: `0.4 ms`, `843 ms`, `1.84 s`, `2 min 4 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 9.95) return `${trimmed(ms, 1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${threeDigits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 1440 ? pair(minutes, 60, 'h', 'min') : pair(Math.round(minutes / 60), 24, 'd', 'h');
}

/** How long, in at most eight characters for a column: `843 ms`, `14.7 min`, `3.33 h`, `2.17 d`. */
export function shortDuration(ms: number): string {
  const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
  if (Math.abs(ms) < 59_995) return duration(ms);
  if (ms < 0) return `-${shortDuration(-ms)}`;
  // What would round to the next unit is one of it.
  const [whole, unit] = ms < 0.9995 * hour ? [minute, 'min'] : ms < 0.9995 * day ? [hour, 'h'] : [day, 'd'];
  return `${threeDigits(ms / whole)} ${unit}`;
}

function pair(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  return `${count(Math.floor(value / base))} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** How much: `512 B`, `1.2 MB`; decimal, as disks and logs are counted. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'] as const;
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${threeDigits(scaled)} ${units[unit]}`;
}

/** A share: `0.12 %`. What is there but would round to nothing, or is missing but would round to all, is not rounded away. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const share = (100 * part) / whole;
  if (part > 0 && share < 0.01) return '< 0.01 %';
  if (part < whole && share > 99.99) return '> 99.99 %';
  return `${trimmed(share, share < 1 ? 2 : 1)} %`;
}

/** A time to the second, without its zone: `2026-03-12 09:20:31`. It is UTC, and the heading says so. */
export function time(ms: number): string {
  return instant(ms)?.slice(0, 19).replace('T', ' ') ?? '–';
}

/** A time to the millisecond. */
export function exactTime(ms: number): string {
  return instant(ms)?.slice(0, 23).replace('T', ' ') ?? '–';
}

/** From when to when; the day once where it is one. */
export function timeRange(fromMs: number, toMs: number): string {
  const [from, to] = [time(fromMs), time(toMs)];
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} UTC`;
}

/** Logs may hold any number; a time that no calendar has is none. */
function instant(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/^\+/, '');
}

/** `1 request`, `2 requests`, `0 requests`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const threeDigits = (value: number): string => trimmed(value, value < 10 ? 2 : value < 100 ? 1 : 0);
const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)));
