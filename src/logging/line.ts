import { currentRecord } from '../context/storage';
import type { LogFields } from '../core/logger';
import { redact } from './redact';

/** What each line of a request carries: the join key, the trace, and who it is for. */
function contextFields(): Record<string, unknown> {
  const context = currentRecord()?.context;
  if (context === undefined) return {};
  const { correlationId, traceId, user } = context;
  return {
    correlationId,
    ...(traceId !== undefined && { traceId }),
    ...(user && { subject: user.subject, ...(user.actor && { actor: user.actor.subject }) }),
  };
}

/** One log line as an object: time, level, message, the fields of the request at hand, then its own; redacted. */
export function lineOf(level: string, message: string, fields: LogFields | undefined): Record<string, unknown> {
  return redact({ timestamp: new Date().toISOString(), level, message, ...contextFields(), ...fields });
}
