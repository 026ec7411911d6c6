const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?[ \t]+`;
const STREAM = String.raw`(?:\S*[/\[]\S* |[0-9a-f]{32} )`;
const REQUEST = String.raw`(?:[\w-]{36}\t[A-Z]+\t)`;

/**
 * What stands before a line in CloudWatch's exports and in `aws logs tail`, and what Lambda's runtimes put before what is
 * printed, or both: a time, then perhaps the stream's name, or the request's ID and a level. In the syntax that RE2 has too.
 */
export const TIME_PREFIX = `(?:${TIME}${STREAM}?){1,2}${REQUEST}?`;

const AT_START = new RegExp(`^(?:${TIME_PREFIX})`, 'u');

/** A line without the time before it. */
export function withoutTime(line: string): string {
  return line.replace(AT_START, '');
}

/** A value without quotes, as a template without quotes makes them: `"status":-,`. */
const UNQUOTED = /":\s*([^"\s[{][^",}]*?)\s*([,}])/g;

/** A line with its bare values quoted: what a format without quotes wrote for a value that is missing is no JSON. */
function quoted(line: string): string {
  return line.replace(UNQUOTED, '":"$1"$2');
}

/** The JSON object that a line is, after a time if there is one; undefined where it is none. */
export function objectIn(line: string): Readonly<Record<string, unknown>> | undefined {
  const text = withoutTime(line);
  if (!text.startsWith('{')) return undefined;
  for (const candidate of [text, quoted(text)]) {
    try {
      const value: unknown = JSON.parse(candidate);
      return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
    } catch {
      // The second try may do.
    }
  }
  return undefined;
}
