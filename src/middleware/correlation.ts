import type { IncomingMessage } from 'node:http';
import { bindRequest, bindResponse } from '../context/emitters';
import { runInContext } from '../context/storage';
import type { AuditSink, Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import { announceLogger } from '../core/process-hooks';
import type { ContextRecord } from '../core/request-context';
import { CORRELATION_HEADER } from '../correlation/correlation-id';
import { resolveCorrelation } from '../correlation/resolve';
import { environmentTrail } from '../logging/audit-environment';
import { sinksOf, type Sinks } from '../logging/sinks';
import { defaultLogger } from '../logging/winston-logger';
import type { Middleware } from './http';
import { recordOf } from './record';

/** Options of {@link correlation}; what comes later in the request writes to the same places. */
export interface CorrelationOptions {
  /** Default: the process's logger, see `createLogger()`. */
  readonly logger?: Logger;
  /**
   * Where decisions are recorded. Default: an audit trail in the files that `BATON_AUDIT_FILE` names; without it the
   * logger, as lines with `"type":"audit"`.
   */
  readonly audit?: AuditSink;
}

function openRecord(req: IncomingMessage, sinks: Sinks): ContextRecord {
  const { source, replaced, ...context } = resolveCorrelation(req.headers);
  const record: ContextRecord = { context: Object.freeze(context), ...sinks };
  if (replaced) {
    runInContext(record, () =>
      // The refused value stays out of the log: it is text of a caller's choice.
      sinks.logger.warn('The correlation ID that came with the request was replaced', { type: 'correlation', source }),
    );
  }
  return record;
}

/**
 * Opens the request's context: takes or makes the correlation ID, sets it on the response (IIS logs it from there), and
 * makes `currentContext()` work in everything that the request causes.
 *
 * First in `baton()`; alone, for apps that want correlation without identity.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid`
 *
 * @example
 * ```ts
 * app.use(correlation());
 * ```
 */
export function correlation(options: CorrelationOptions = {}): Middleware {
  checkOptionNames('correlation()', options, { logger: true, audit: true });
  const sinks = sinksOf(options, defaultLogger, environmentTrail);
  announceLogger(sinks.logger);
  return function correlationMiddleware(req, res, next) {
    let record = recordOf(req);
    if (record === undefined) {
      record = openRecord(req, sinks);
      res.setHeader(CORRELATION_HEADER, record.context.correlationId);
      bindRequest(req, record);
      bindResponse(res, record);
    }
    runInContext(record, next);
  };
}

/**
 * Opens the request's context again, for the rare middleware that calls its `next` from a context of its own (a session
 * store with a connection pool that does not keep it, say): mount this right after it.
 *
 * @example
 * ```ts
 * app.use(session({ store }), restoreContext());
 * ```
 */
export function restoreContext(): Middleware {
  return function restoreContextMiddleware(req, _res, next) {
    const record = recordOf(req);
    if (record === undefined) next();
    else runInContext(record, next);
  };
}
