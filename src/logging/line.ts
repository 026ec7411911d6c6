import { currentRecord } from '../context/storage';
import type { LogFields } from '../core/logger';
import { addFlatFields } from './flat-fields';
import { redactText, redactValue, setMember } from './redact';

type Members = Record<string, unknown>;

function addContext(line: Members, shown: (text: string) => string): Members {
  const context = currentRecord()?.context;
  if (context === undefined) return line;
  const { correlationId, traceId, user } = context;
  line.correlationId = shown(correlationId);
  if (traceId !== undefined) line.traceId = traceId;
  if (user !== undefined) {
    line.subject = shown(user.subject);
    if (user.actor !== undefined) line.actor = shown(user.actor.subject);
  }
  return line;
}

/** What each line of a request carries: the join key, the trace, and who it is for; as it is, not redacted. */
export function contextFields(): Members {
  return addContext({}, (text) => text);
}

/** Fields of any kind, nothing secret in them. */
function redactedMembers(fields: LogFields): [string, unknown][] {
  // `logger.error('failed', error)` is a habit of many; an error has no members of its own to spread.
  const own = redactValue(fields instanceof Error ? { error: fields } : fields);
  return Object.entries(typeof own === 'object' && own !== null ? own : { fields: own });
}

/** The request's fields and then those of the line, nothing secret in them. */
export function lineFields(fields: LogFields | undefined): Members {
  const line = addContext({}, redactText);
  if (fields === undefined || addFlatFields(line, fields)) return line;
  const thorough = addContext({}, redactText);
  for (const [name, value] of redactedMembers(fields)) setMember(thorough, name, value);
  return thorough;
}

const HEAD = ['timestamp', 'level', 'message'] as const;

/** One log line as an object: time, level, message, the fields of the request at hand, then its own; redacted. */
export function lineOf(level: string, message: string, fields: LogFields | undefined): Members {
  const timestamp = new Date().toISOString();
  const begin = (): Members => addContext({ timestamp, level, message: redactValue(message) }, redactText);
  const line = begin();
  if (fields === undefined || addFlatFields(line, fields)) return line;
  const thorough = begin();
  // What stands first in the line is not replaced by a field of the same name.
  const isHead = (name: string): boolean => HEAD.some((head) => head === name);
  for (const [name, value] of redactedMembers(fields)) if (!isHead(name)) setMember(thorough, name, value);
  return thorough;
}

/** The line as text. JSON leaves DEL, the C1 controls and Unicode's line ends as they are; terminals obey them. */
export function formatLine(line: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(line).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
