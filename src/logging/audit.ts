import type { AuditEvent, AuditSink, Logger } from '../core/logger';

/**
 * An audit trail that goes through a logger: each event is one line with `"type":"audit"`; refusals are warnings.
 *
 * @example
 * ```ts
 * const audit = auditTrail(createLogger({ file: 'C:\\logs\\invoices\\audit.jsonl' }));
 * app.use(baton({ audit }));
 * ```
 */
export function auditTrail(logger: Logger): AuditSink {
  return {
    record(event: AuditEvent) {
      const fields = { type: 'audit', ...event };
      if (event.outcome === 'denied') logger.warn(`${event.event} denied`, fields);
      else logger.info(`${event.event} allowed`, fields);
    },
  };
}
