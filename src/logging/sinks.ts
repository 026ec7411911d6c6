import type { AuditSink, Logger } from '../core/logger';
import { auditTrail, auditWithContext } from './audit';
import { withContext } from './levels';

/** Where the lines and the decisions of a piece of work go. */
export interface Sinks {
  readonly logger: Logger;
  readonly audit: AuditSink;
}

/**
 * The sinks of a front door: what was handed in, made to know the request at hand, or else its default.
 * @throws BatonError `option_invalid` where one lacks a method
 */
export function sinksOf(given: Partial<Sinks>, fallback: () => Logger): Sinks {
  const logger = given.logger === undefined ? fallback() : withContext(given.logger);
  return { logger, audit: given.audit === undefined ? auditTrail(logger) : auditWithContext(given.audit) };
}
