import { currentRecord } from '../context/storage';
import type { LogFields } from '../core/logger';
import { redact, redactValue, setMember } from './redact';

/** What each line of a request carries: the join key, the trace, and who it is for. */
export function contextFields(): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const context = currentRecord()?.context;
  if (context === undefined) return fields;
  const { correlationId, traceId, user } = context;
  fields.correlationId = correlationId;
  if (traceId !== undefined) fields.traceId = traceId;
  if (user !== undefined) {
    fields.subject = user.subject;
    if (user.actor !== undefined) fields.actor = user.actor.subject;
  }
  return fields;
}

/** The request's fields and then those of the line, nothing secret in them. */
export function lineFields(fields: LogFields | undefined): Record<string, unknown> {
  const line = redact(contextFields());
  if (fields === undefined) return line;
  // `logger.error('failed', error)` is a habit of many; an error has no members of its own to spread.
  const own = redactValue(fields instanceof Error ? { error: fields } : fields);
  const members = typeof own === 'object' && own !== null ? own : { fields: own };
  for (const [name, value] of Object.entries(members)) setMember(line, name, value);
  return line;
}

const HEAD = ['timestamp', 'level', 'message'] as const;

/** One log line as an object: time, level, message, the fields of the request at hand, then its own; redacted. */
export function lineOf(level: string, message: string, fields: LogFields | undefined): Record<string, unknown> {
  const line: Record<string, unknown> = {
    timestamp: new Date().toISOString(),
    level,
    message: redactValue(message),
  };
  const rest = lineFields(fields);
  // They stand first in the line, and no field of the same name replaces them.
  for (const name of HEAD) if (Object.hasOwn(rest, name)) delete rest[name];
  for (const name of Object.keys(rest)) setMember(line, name, rest[name]);
  return line;
}

/** The line as text. JSON leaves DEL, the C1 controls and Unicode's line ends as they are; terminals obey them. */
export function formatLine(line: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(line).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
