import { currentRecord } from '../context/storage';
import type { LogFields } from '../core/logger';
import { redact } from './redact';

/** What each line of a request carries: the join key, the trace, and who it is for. */
export function contextFields(): Record<string, unknown> {
  const context = currentRecord()?.context;
  if (context === undefined) return {};
  const { correlationId, traceId, user } = context;
  return {
    correlationId,
    ...(traceId !== undefined && { traceId }),
    ...(user && { subject: user.subject, ...(user.actor && { actor: user.actor.subject }) }),
  };
}

/** The request's fields and then those of the line, nothing secret in them. */
export function lineFields(fields: LogFields | undefined): Record<string, unknown> {
  // `logger.error('failed', error)` is a habit of many; an error has no members of its own to spread.
  const own = redact({ fields: fields instanceof Error ? { error: fields } : fields }).fields;
  const members = typeof own === 'object' && own !== null ? own : own !== undefined && { fields: own };
  return { ...redact(contextFields()), ...members };
}

/** One log line as an object: time, level, message, the fields of the request at hand, then its own; redacted. */
export function lineOf(level: string, message: string, fields: LogFields | undefined): Record<string, unknown> {
  const head = redact({ timestamp: new Date().toISOString(), level, message });
  // Twice: first in the line, and not to be replaced by a field of the same name.
  return { ...head, ...lineFields(fields), ...head };
}

/** The line as text. JSON leaves DEL, the C1 controls and Unicode's line ends as they are; terminals obey them. */
export function formatLine(line: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(line).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
