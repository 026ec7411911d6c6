import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import type { ContextRecord } from '../core/request-context';
import type { HttpRequest, Middleware } from './http';
import { requireRecord } from './record';

/** Without the query, where people put names, mail addresses and tokens; nor the password that an absolute form may hold. */
function pathOf(req: HttpRequest): string {
  const target = req.originalUrl ?? req.url ?? '';
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  return path.includes('@') ? path.replace(/^[^/]*\/\/[^/]*@/, '//[redacted]@') : path;
}

/** Written out member by member: an object a member, spread, would cost as much as the rest of the line. */
function requestFields(
  req: HttpRequest,
  res: ServerResponse,
  { context: { user }, policy }: ContextRecord,
  startedAt: number,
): Record<string, unknown> {
  const fields: Record<string, unknown> = { type: 'request', method: req.method, path: pathOf(req) };
  // 200 is what Node would have sent; to a client that left before, nothing was.
  if (res.headersSent) fields.status = res.statusCode;
  fields.durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
  if (!res.writableFinished) fields.aborted = true;
  if (user !== undefined) {
    fields.roles = user.roles;
    fields.transactionId = user.transactionId;
  }
  if (policy !== undefined) fields.policy = policy.digest;
  return fields;
}

/**
 * Writes one JSON line a request when its answer has ended: method, path, status, duration, correlation and trace ID,
 * subject, roles, policy digest.
 *
 * Needs `correlation()` before it.
 *
 * @example
 * ```ts
 * app.use(correlation(), requestLog());
 * ```
 */
export function requestLog(): Middleware {
  return function requestLogMiddleware(req, res, next) {
    const startedAt = performance.now();
    const record = requireRecord(req, 'requestLog()');
    res.once('close', () => {
      runInContext(record, () => record.logger.info('request', requestFields(req, res, record, startedAt)));
    });
    next();
  };
}
