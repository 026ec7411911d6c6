import { durationSql } from '../duration';
import { TIME_PREFIX } from '../inputs/json-text';

/** SQL about lines that hold a JSON object, perhaps after a time; of the columns of `linesOf()`. */

/** What stands before the object in an export of CloudWatch, or in what Lambda's runtime prints. */
const PREFIX = `${TIME_PREFIX}|\\s+`;
/** Longest such prefix, in characters: a stream's name may be long. */
const MAX_PREFIX = 640;

/** A line of text without the time before it. */
export const TEXT_PART = `regexp_replace(line, '^(?:${TIME_PREFIX})', '')`;

/** The JSON in a line; null where it holds none. */
export const JSON_PART = [
  `CASE WHEN starts_with(line, '{') THEN line`,
  `WHEN strpos(line, '{') BETWEEN 2 AND ${MAX_PREFIX}`,
  `AND regexp_full_match(left(line, strpos(line, '{') - 1), '${PREFIX}') THEN substr(line, strpos(line, '{')) END`,
].join(' ');

/** Milliseconds since the epoch of an ISO 8601 time; null for all else, words that DuckDB takes for times included. */
export function isoTime(text: string): string {
  // No digit comes after the colon in ASCII, all letters do.
  // A year of more than four digits is none that a log is of, and none that all can calculate with.
  const isYear = `NOT substr(${text}, 5, 1) BETWEEN '0' AND '9'`;
  const isTime = `strlen(${text}) BETWEEN 19 AND 35 AND ${text} < ':' AND ${isYear}`;
  // A cast to a time without zone leaves out what the text says of one; without a zone it is UTC.
  // Read as one with a zone, a time without would be one of this machine's zone.
  const hasZone = ['+', '-'].map((sign) => `contains(substr(${text}, 20), '${sign}')`).join(' OR ');
  const isUtc = `ends_with(${text}, 'Z') OR NOT (${hasZone})`;
  const [plain, zoned] = ['timestamp', 'timestamptz'].map((type) => `epoch_ms(TRY_CAST(${text} AS ${type}))`);
  return `CASE WHEN NOT (${isTime}) THEN NULL WHEN ${isUtc} THEN ${plain ?? ''} ELSE ${zoned ?? ''} END`;
}

/** The end of the year 9999: beyond it comes what is no time. */
export const LATEST_MS = 253_402_300_799_999;

/** Milliseconds since the epoch of a text that is their number; null for what is no time. */
export function epochTime(text: string): string {
  const ms = `TRY_CAST(${text} AS bigint)`;
  return `CASE WHEN ${ms} BETWEEN 0 AND ${LATEST_MS} THEN ${ms} END`;
}

/** A duration in milliseconds; null for what is none, words that DuckDB takes for numbers (`NaN`, `infinity`) included. */
export const duration = (text: string): string => durationSql(`TRY_CAST(${text} AS double)`);

/** Milliseconds since the epoch by the time before the line; null where there is none. */
export const PREFIX_TIME = isoTime(
  `CASE WHEN NOT starts_with(line, '{') THEN regexp_extract(left(line, 40), '^\\S+') END`,
);

/** The first of the texts that is JSON, else null. */
export function validJson(...texts: readonly string[]): string {
  return `CASE ${texts.map((text) => `WHEN json_valid(${text}) THEN ${text}`).join(' ')} END`;
}

/**
 * The members of a text that is JSON or null as a struct of texts; null for null.
 *
 * What is no JSON has to be sorted out before, where it is one column: a choice between structs copies each of their members,
 * and `TRY` costs more still.
 */
export function members(validText: string, names: readonly string[]): string {
  const asTexts = JSON.stringify(Object.fromEntries(names.map((name) => [name, 'VARCHAR'])));
  return `json_transform(${validText}, '${asTexts}')`;
}

/** A path without the query. */
export function withoutQuery(path: string): string {
  return `CASE WHEN contains(${path}, '?') THEN split_part(${path}, '?', 1) ELSE ${path} END`;
}

/** A trace ID as W3C writes it, of the `Root` that X-Ray knows; null for what is none. */
export function traceIdOf(xray: string): string {
  // Nearly always the root alone; its parts are at known places.
  const [root, rest] = [`substr(${xray}, 3, 8)`, `substr(${xray}, 12)`];
  const found = `regexp_extract(${xray}, '1-([0-9a-fA-F]{8}-[0-9a-fA-F]{24})', 1)`;
  return [
    `CASE WHEN length(${xray}) = 35 AND starts_with(${xray}, '1-') THEN lower(concat(${root}, ${rest}))`,
    `WHEN contains(${xray}, '1-') THEN nullif(lower(replace(${found}, '-', '')), '') END`,
  ].join(' ');
}
