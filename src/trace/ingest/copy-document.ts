import { basename, join } from 'node:path';
import type { Input } from '../inputs/inputs';
import type { CopyPlace } from './clean-copy';
import { CopyFile } from './copy-file';
import { fileBytes, PackedFileError } from './file-bytes';
import { LATEST_MS } from './json-line';
import { jsonObjects } from './json-values';
import { DELIMITER, MAX_LINE_BYTES, sampleOf, type Account, type Source } from './source';

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null;
const membersIn = (value: unknown): Members[] => (Array.isArray(value) ? value.filter(isMembers) : []);

/** A history names no execution: its file does, as whoever fetched it called it. */
const executionBy = (path: string): string => basename(path).replace(/(?:\.(?:json|gz|history))+$/i, '');

/** Milliseconds since the epoch: the AWS CLI writes seconds or ISO 8601, CloudWatch milliseconds. */
function millisecondsOf(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? ofText(time) : typeof time === 'number' ? ofNumber(time) : NaN;
  return ms >= 0 && ms <= LATEST_MS ? ms : undefined;
}

const ofText = (time: string): number => (/^\d{10,13}$/.test(time) ? Number(time) : Date.parse(time));
const ofNumber = (time: number): number => Math.round(time < 1e11 ? time * 1000 : time);

/** An event of GetExecutionHistory in the form in which CloudWatch has those of level ALL. */
function historyLine(event: Members, execution: string): string {
  const details = Object.entries(event).find(([name]) => name.endsWith('EventDetails'))?.[1];
  return JSON.stringify({
    id: event['id'],
    type: event['type'],
    previous_event_id: event['previousEventId'],
    event_timestamp: millisecondsOf(event['timestamp']),
    execution_arn: execution,
    details,
  });
}

/** A log event as CloudWatch exports it: time and message, on one line. */
function messageLine(event: Members): string | undefined {
  const { message, timestamp } = event;
  const time = millisecondsOf(timestamp);
  if (typeof message !== 'string') return undefined;
  const text = message
    .trimEnd()
    .replace(/[\r\n]+/g, ' ')
    .replaceAll(DELIMITER, ' ');
  return time === undefined ? text : `${new Date(time).toISOString()} ${text}`;
}

/** Lines of what one object holds; undefined for an object that is no envelope and no history. */
function linesIn(object: Members, execution: string): (string | undefined)[] | undefined {
  const { logEvents, events, messageType } = object;
  if (messageType === 'CONTROL_MESSAGE') return [];
  if (Array.isArray(logEvents)) return membersIn(logEvents).map(messageLine);
  if (!Array.isArray(events)) return undefined;
  return membersIn(events).map((event) => ('message' in event ? messageLine(event) : historyLine(event, execution)));
}

function objectOf(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes what stands in envelopes of CloudWatch (subscriptions, Firehose, `aws logs filter-log-events`) and in histories of
 * Step Functions as lines. What counts as a line of such a file is one event.
 */
export async function copyDocument(input: Input, account: Account, place: CopyPlace): Promise<Source> {
  const copy = new CopyFile(join(place.folder, `${input.id}.events`));
  const execution = executionBy(input.path);
  try {
    for await (const { text, isWhole } of jsonObjects(fileBytes(input, account, place))) {
      const object = isWhole ? objectOf(text) : undefined;
      const lines = object && linesIn(object, execution);
      if (lines === undefined) account.reject(isWhole ? 'json' : 'truncated', 1, sampleOf(text));
      for (const line of lines ?? []) addLine(copy, line, account);
    }
  } catch (error) {
    if (!(error instanceof PackedFileError)) throw error;
    account.reject(error.message, 0, '');
  } finally {
    copy.close();
  }
  return { input, path: copy.path, unfinished: '' };
}

function addLine(copy: CopyFile, line: string | undefined, account: Account): void {
  if (line === undefined) return account.reject('json', 1, '');
  const bytes = Buffer.from(line);
  if (line.trim() === '') account.skipped++;
  else if (bytes.length >= MAX_LINE_BYTES - 1024) account.reject('too_long', 1, sampleOf(line));
  else copy.appendLine(bytes);
}
