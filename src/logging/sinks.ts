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
 *
 * @param ownTrail the trail that the process keeps by itself, if it does; else decisions are lines of the logger
 * @throws BatonError `option_invalid` where one lacks a method
 */
export function sinksOf(
  given: Partial<Sinks>,
  fallback: () => Logger,
  ownTrail?: (logger: Logger) => AuditSink | undefined,
): Sinks {
  const logger = given.logger === undefined ? fallback() : withContext(given.logger);
  const audit = given.audit ?? ownTrail?.(logger);
  return { logger, audit: audit === undefined ? auditTrail(logger) : auditWithContext(audit) };
}
