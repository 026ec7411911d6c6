/** Over thirty years, in milliseconds: what a log calls longer is no duration, and neither is what is no number (NaN). */
const LONGEST_MS = 1e12;

/** A duration that a log tells, in milliseconds; null for what can be none, so that one line ends no question. */
export function durationSql(expression: string): string {
  return `CASE WHEN abs(${expression}) <= ${LONGEST_MS} THEN ${expression} END`;
}
