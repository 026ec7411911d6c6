import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import type { ContextRecord } from '../core/request-context';
import type { HttpRequest, Middleware } from './http';
import { requireRecord } from './record';

/** Without the query, where people put names, mail addresses and tokens; nor the password that an absolute form may hold. */
const pathOf = (req: HttpRequest): string =>
  ((req.originalUrl ?? req.url ?? '').split('?', 1)[0] ?? '').replace(/^[^/]*\/\/[^/]*@/, '//[redacted]@');

function requestFields(
  req: HttpRequest,
  res: ServerResponse,
  { context: { user }, policy }: ContextRecord,
  startedAt: number,
): Record<string, unknown> {
  return {
    type: 'request',
    method: req.method,
    path: pathOf(req),
    // 200 is what Node would have sent; to a client that left before, nothing was.
    ...(res.headersSent && { status: res.statusCode }),
    durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
    ...(!res.writableFinished && { aborted: true }),
    ...(user && { roles: user.roles, transactionId: user.transactionId }),
    ...(policy && { policy: policy.digest }),
  };
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
