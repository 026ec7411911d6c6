import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import { asBatonError, BatonError } from '../core/errors';
import type { Offload } from '../offload/offload';
import type { HttpRequest, Middleware, Next, RoutedRequest } from './http';
import { refuse } from './problem';
import { recordOf, requireRecord } from './record';

/** Aborts when the client goes away before it was answered: nobody waits for the function any longer. */
function abortOnDisconnect(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Nobody is left to answer, but the function may be running: the log is where that is found. */
function noteAbandoned(req: HttpRequest, thrown: unknown): void {
  const error = asBatonError(thrown);
  const { code, reason, message } = error;
  recordOf(req)?.logger.warn(message, { type: 'error', code, ...(reason !== undefined && { reason }), error });
}

function sendJson(res: ServerResponse, value: unknown): void {
  const body = JSON.stringify(value ?? null);
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}

/**
 * An Express handler that answers with what a Lambda function answers, called as the request's caller.
 *
 * @param name the function's name in the policy
 * @param map makes the function's payload from the request
 *
 * Answers: 200 with the function's JSON, or the problem JSON of what `offload.invoke()` throws. What `map` throws goes to
 * the app's own error handlers.
 *
 * @example
 * ```ts
 * app.post('/invoices/:id/render', offloadHandler(offload, 'render-invoice', (req) => ({ id: req.params.id })));
 * ```
 */
export function offloadHandler<Request extends HttpRequest = RoutedRequest>(
  offload: Offload,
  name: string,
  map: (req: Request) => unknown,
): (req: Request, res: Parameters<Middleware>[1], next: Next) => Promise<void> {
  return async function offloadMiddleware(req, res, next) {
    try {
      const record = requireRecord(req, 'offloadHandler()');
      const signal = abortOnDisconnect(res);
      const answer = await runInContext(record, async () => offload.invoke(name, await map(req), { signal }));
      sendJson(res, answer);
    } catch (thrown) {
      if (res.destroyed) noteAbandoned(req, thrown);
      else if (thrown instanceof BatonError) refuse(req, res, thrown);
      else next(thrown);
    }
  };
}
