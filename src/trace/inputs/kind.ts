import { isGatewayLine, keysIn } from './gateway-keys';
import type { Head } from './head';
import { objectIn, withoutTime } from './json-text';

/** The kinds of logs that are read. */
export type LogKind = 'iis' | 'httperr' | 'gateway' | 'app' | 'audit' | 'function' | 'workflow';

/** What a file is: a kind and a form, or why it is not read. */
export type Recognised =
  | { readonly kind: LogKind; readonly form: 'lines' | 'document'; readonly keys?: readonly string[] }
  | { readonly kind: LogKind; readonly form: 'w3c'; readonly header: W3cHeader | null }
  | { readonly kind: 'unread'; readonly reason: string };

/** The directives that stand above the rows of a W3C log. */
export interface W3cHeader {
  /** Names of the columns, in their order. */
  readonly fields: readonly string[];
  /** What wrote it: `#Software`. */
  readonly software: string | null;
}

const unread = (reason: string): Recognised => ({ kind: 'unread', reason });

const LAMBDA_LINE = /^(?:START|END|REPORT) RequestId: |^INIT_START Runtime Version: |^INIT_REPORT /;
const W3C_ROW = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ \S+ /;
const COMMON_LOG = /^\S+ \S+ \S+ \[[^\]]+\] "/;

function kindOfObject(line: Readonly<Record<string, unknown>>): LogKind | 'metrics' | undefined {
  const { type, _aws: metrics, execution_arn: execution, event_timestamp: eventTime } = line;
  if (metrics !== undefined) return 'metrics';
  if (typeof execution === 'string' && eventTime !== undefined) return 'workflow';
  if (typeof type === 'string' && type.startsWith('platform.')) return 'function';
  if (typeof type === 'string' && type.startsWith('audit') && 'seq' in line && 'hash' in line) return 'audit';
  if (isGatewayLine(line)) return 'gateway';
  if (!('timestamp' in line && 'level' in line)) return undefined;
  // Lambda's own JSON has levels in capitals.
  const byLambda = typeof line['level'] === 'string' && /^[A-Z]+$/.test(line['level']) && 'requestId' in line;
  return type === 'function' || byLambda ? 'function' : 'app';
}

/** What most of the lines are; lines of Lambda's own, however few, make it the log of a function. */
function kindOfLines(lines: readonly string[]): LogKind | 'metrics' | undefined {
  const votes = new Map<LogKind | 'metrics', number>();
  for (const line of lines) {
    if (LAMBDA_LINE.test(withoutTime(line))) return 'function';
    const object = objectIn(line);
    const kind = object && kindOfObject(object);
    if (kind !== undefined) votes.set(kind, (votes.get(kind) ?? 0) + 1);
  }
  // Lines of the app stand in the log of a function as well, not the other way.
  if (votes.has('function')) return 'function';
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** The names in a `#Fields` line, however they are parted. */
export function fieldsOf(directive: string): readonly string[] {
  return directive.slice('#Fields:'.length).trim().split(/\s+/);
}

/** The directives above the first row; null where there is a row before there are fields. */
function headerOf(lines: readonly string[]): W3cHeader | null {
  const firstRow = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#'));
  const above = firstRow < 0 ? lines : lines.slice(0, firstRow);
  const fields = above.findLast((line) => line.startsWith('#Fields:'));
  if (fields === undefined) return null;
  const software = above.findLast((line) => line.startsWith('#Software:'));
  return { fields: fieldsOf(fields), software: software?.slice('#Software:'.length).trim() ?? null };
}

function recogniseW3c(lines: readonly string[], name: string): Recognised | undefined {
  const directive = lines.find((line) => line.startsWith('#Fields:'));
  if (directive === undefined) {
    const looksLikeRows = lines.some((line) => W3C_ROW.test(line));
    if (!looksLikeRows && !lines.some((line) => /^#(?:Software|Version|Date):/.test(line))) return undefined;
    return { kind: /^httperr/i.test(name) ? 'httperr' : 'iis', form: 'w3c', header: null };
  }
  const fields = fieldsOf(directive.toLowerCase());
  const has = (...names: readonly string[]): boolean => names.some((field) => fields.includes(field));
  if (has('s-reason', 's-queuename')) return { kind: 'httperr', form: 'w3c', header: headerOf(lines) };
  if (fields.some((field) => field.startsWith('x-edge-'))) {
    return unread('CloudFront log: only the logs of IIS are read in this format');
  }
  if (has('cs-method', 'cs-uri-stem', 'sc-status')) return { kind: 'iis', form: 'w3c', header: headerOf(lines) };
  return unread('W3C log of another service than HTTP');
}

/** The texts of the log events in an envelope, as many as its beginning holds. */
function messagesOf(text: string): string[] {
  const messages: string[] = [];
  for (const [, message] of text.matchAll(/"message"\s*:\s*("(?:[^"\\]|\\.)*")/g)) {
    try {
      messages.push(...(JSON.parse(message ?? '') as string).split('\n'));
    } catch {
      // Cut off, or no JSON.
    }
  }
  return messages;
}

function recogniseDocument(text: string): Recognised | undefined {
  if (/^\s*\[?\s*\{[^]{0,2000}?"logEvents"\s*:/.test(text) || /^\s*\{\s*"events"\s*:\s*\[/.test(text)) {
    if (/"(?:previousEventId|executionStartedEventDetails)"\s*:/.test(text))
      return { kind: 'workflow', form: 'document' };
    const kind = kindOfLines(messagesOf(text));
    if (kind === 'metrics') return unread('metrics (Embedded Metric Format)');
    if (kind === undefined) return unread('envelope whose lines are of no known format');
    return { kind, form: 'document', ...keysOf(kind, text) };
  }
  return undefined;
}

const keysOf = (kind: LogKind, text: string): { keys?: readonly string[] } =>
  kind === 'gateway' ? { keys: keysIn(text) } : {};

/** Why the text is of none of the formats, in words that say what to do where that is known. */
function whyUnread(text: string, lines: readonly string[]): string {
  if (text.startsWith('PK\u0003\u0004')) return 'zip archive: unpack it first';
  if (/[\u0000-\u0008\u000e-\u001a]/.test(text.slice(0, 4096))) return 'binary file';
  if (lines.some((line) => COMMON_LOG.test(withoutTime(line)))) {
    return 'Common Log Format, which has no correlation ID: `baton logs gateway-format` prints the format that is read';
  }
  if (/^\s*<request\b/.test(text)) {
    return 'access log as XML: `baton logs gateway-format` prints the format that is read';
  }
  if (lines.some((line) => objectIn(line) !== undefined)) return 'JSON lines with the keys of no known log';
  if (text.startsWith('Permission Check Successful')) return 'the file by which CloudWatch tests that it may export';
  return 'format not known';
}

/**
 * Tells what a file is by what is in it; its name decides only where a W3C log has lost its header.
 */
export function recognise({ text, isWhole }: Head, name: string): Recognised {
  if (text.trim() === '') return unread(isWhole ? 'empty file' : 'nothing but blanks at its beginning');
  const lines = text.split(/\r?\n/);
  // The last one may be cut off; if it is all there is, it is what there is to judge by.
  if (!isWhole && lines.length > 1) lines.pop();
  const found = recogniseDocument(text) ?? recogniseW3c(lines, name);
  if (found !== undefined) return found;
  const kind = kindOfLines(lines);
  if (kind === 'metrics') return unread('metrics (Embedded Metric Format)');
  return kind === undefined ? unread(whyUnread(text, lines)) : { kind, form: 'lines', ...keysOf(kind, text) };
}
