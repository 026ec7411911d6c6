/** Where IIS takes a custom field of its log from. */
export interface W3cCustomField {
  /** The column's name in `#Fields`. No blanks. */
  readonly logFieldName: string;
  /** The header's real name, dashes kept. */
  readonly sourceName: string;
  readonly sourceType: 'RequestHeader' | 'ResponseHeader';
}

/**
 * The two custom fields that an IIS site should log, so that its log can be joined with all others.
 *
 * Two, because they say different things. The request's header is what the gateway, or anybody, sent: it is there even
 * where no app ever answered. The response's header is what the app took as the correlation ID: it can be trusted, and
 * is missing where the app did not answer.
 *
 * @see https://learn.microsoft.com/iis/get-started/whats-new-in-iis-85/enhanced-logging-for-iis85
 */
export const CORRELATION_LOG_FIELDS: readonly W3cCustomField[] = [
  { logFieldName: 'cs-correlation-id', sourceName: 'X-Correlation-Id', sourceType: 'RequestHeader' },
  { logFieldName: 'sc-correlation-id', sourceName: 'X-Correlation-Id', sourceType: 'ResponseHeader' },
];

/**
 * The column for the caller's stand-in: a keyed hash of the subject, which the app puts into this response header where
 * it is told to. `cs-username` cannot be set from an app, and would hold a name.
 */
export const USER_LOG_FIELD: W3cCustomField = {
  logFieldName: 'sc-user-hash',
  sourceName: 'X-Baton-User',
  sourceType: 'ResponseHeader',
};

/** The fields that IIS 8 and newer log unless told otherwise, in its order. */
export const W3C_DEFAULT_FIELDS: readonly string[] = [
  'date',
  'time',
  's-ip',
  'cs-method',
  'cs-uri-stem',
  'cs-uri-query',
  's-port',
  'cs-username',
  'c-ip',
  'cs(User-Agent)',
  'cs(Referer)',
  'sc-status',
  'sc-substatus',
  'sc-win32-status',
  'time-taken',
];

/** IIS cuts a custom field at this many bytes (maxCustomFieldLength). */
const MAX_CUSTOM_FIELD_BYTES = 4096;

/** One request as the log has it: field name to value. What is missing or empty is logged as `-`. */
export type W3cEntry = Readonly<Record<string, string | number | undefined>>;

/** The day and the time of a W3C log: always UTC, whole seconds. */
export function formatW3cTime(epochMs: number): { readonly date: string; readonly time: string } {
  const iso = new Date(epochMs).toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 19) };
}

/** The four directive lines that IIS writes when it opens a log file, and again after a restart of the site. */
export function formatW3cDirectives(epochMs: number, fieldNames: readonly string[]): string {
  const { date, time } = formatW3cTime(epochMs);
  return [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Version: 1.0',
    `#Date: ${date} ${time}`,
    `#Fields: ${fieldNames.join(' ')}`,
    '',
  ].join('\r\n');
}

/**
 * One line of the log, its line end included.
 *
 * Blanks and what cannot be printed become `+`; a `+` is not escaped, so the way back is not unique: log IDs, not prose.
 *
 * @param fieldNames the columns of `#Fields`, in order
 * @example
 * ```ts
 * formatW3cLine(['cs-method', 'cs(User-Agent)', 'cs-username'], { 'cs-method': 'GET', 'cs(User-Agent)': 'curl 8' });
 * // 'GET curl+8 -\r\n'
 * ```
 * @see https://learn.microsoft.com/windows/win32/http/w3c-logging
 */
export function formatW3cLine(fieldNames: readonly string[], entry: W3cEntry): string {
  return `${fieldNames.map((name) => formatValue(entry[name])).join(' ')}\r\n`;
}

/** A custom field's value, cut to the length that IIS keeps. */
export function cutCustomField(value: string | undefined): string | undefined {
  if (value === undefined || Buffer.byteLength(value) <= MAX_CUSTOM_FIELD_BYTES) return value;
  const cut = Buffer.from(value).subarray(0, MAX_CUSTOM_FIELD_BYTES).toString();
  // The cut may have left half a character.
  return cut.endsWith('\uFFFD') ? cut.slice(0, -1) : cut;
}

/** The name of the log file of that day (UTC): `_x` where it holds custom fields (IIS 8.5 and newer). */
export function w3cFileName(epochMs: number, hasCustomFields: boolean): string {
  const day = formatW3cTime(epochMs).date.slice(2).replaceAll('-', '');
  return `u_ex${day}${hasCustomFields ? '_x' : ''}.log`;
}

function formatValue(value: string | number | undefined): string {
  if (value === undefined || value === '') return '-';
  return String(value).replace(/[\u0000-\u0020\u007f]/g, '+');
}
