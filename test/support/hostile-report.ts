import type { TraceReport } from '../../src/trace/report-model';
import { traceReport } from './trace-report';

/** What somebody may send as path, user agent, token or file name: markup, terminal escapes, text that turns round, no end. */
export const HOSTILE =
  '</script></style><script>globalThis.owned = 1</script><img src="http://127.0.0.1:9/" onerror="globalThis.owned = 2">' +
  '\' onmouseover=\'globalThis.owned = 3\' " style="position:fixed" <!-- ]]> {{7*7}} ${7*7} javascript:globalThis.owned=4 ' +
  '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202eorder\u2028line\u2029\u0000\r\n' +
  'W'.repeat(3000);

/** Members that our own code fills, with words that it knows. */
const OWN = new Set(['version', 'generatedAt', 'severity', 'certainty', 'group', 'hop', 'source']);

/** A report in which every text that can come from a log is hostile. */
export function hostileReport(): TraceReport {
  const places = new Map<string, string>();
  // Each text stays different from the others, as routes and IDs are.
  const place = (text: string): string => {
    places.set(text, places.get(text) ?? `${places.size}${HOSTILE}`);
    return places.get(text)!;
  };
  const poison = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return OWN.has(name) ? value : place(value);
    if (Array.isArray(value)) return value.map((item) => poison(item, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [name === 'details' ? `${key}${HOSTILE}` : key, poison(item, key)]),
    );
  };
  return poison(traceReport(), '') as TraceReport;
}
