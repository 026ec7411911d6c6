import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { inputCheck, type InputSchema } from '../offload/input';
import type { Offload } from '../offload/offload';
import type { EnqueuedWork, EnqueueOptions } from '../offload/outbox/enqueue';
import type { HttpRequest, Next, RoutedRequest } from './http';
import { keyOfRequest } from './idempotency-key';
import { refuse } from './problem';
import { requireRecord } from './record';

/** Options of {@link enqueueHandler}. */
export interface EnqueueHandlerOptions<Request extends HttpRequest = RoutedRequest> {
  /** What the payload must look like, as in `offloadHandler()`. */
  readonly input?: InputSchema;
  /**
   * What else is said of the work. Default: the key is that of the request's header `Idempotency-Key`, where it has one.
   */
  readonly work?: (req: Request) => EnqueueOptions;
}

function sendAccepted(res: ServerResponse, { id, idempotencyKey, deadline, alreadyKnown }: EnqueuedWork): void {
  const body = JSON.stringify({ id, idempotencyKey, deadline: deadline.toISOString(), alreadyKnown });
  res.statusCode = 202;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}

/**
 * An Express handler that leaves work behind for a Lambda function, as the request's caller: it will be done, also if AWS
 * is away or the app ends now. Needs `BATON_OUTBOX`, and `offload.deliver()` once in the app.
 *
 * @param name the function's name in the policy
 * @param map makes the function's payload from the request
 *
 * Answers: 202 with `{ id, idempotencyKey, deadline, alreadyKnown }` when the work is on disk, and not before; or the
 * problem JSON of what `offload.enqueue()` throws. What `map` throws goes to the app's own error handlers.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid` for an `input` that is no schema, `peer_missing`
 *
 * @example
 * ```ts
 * offload.deliver();
 * app.post('/invoices/:id/render', enqueueHandler(offload, 'render-invoice', (req) => ({ id: req.params.id })));
 * ```
 */
export function enqueueHandler<Request extends HttpRequest = RoutedRequest>(
  offload: Offload,
  name: string,
  map: (req: Request) => unknown,
  options: EnqueueHandlerOptions<Request> = {},
): (req: Request, res: ServerResponse, next: Next) => Promise<void> {
  checkOptionNames('enqueueHandler()', options, { input: true, work: true });
  const check = options.input === undefined ? undefined : inputCheck(name, options.input);
  const describe = options.work ?? keyOfRequest;
  return async function enqueueMiddleware(req, res, next) {
    try {
      const left = await runInContext(requireRecord(req, 'enqueueHandler()'), async () => {
        const payload = await map(req);
        return offload.enqueue(name, check === undefined ? payload : await check(payload), describe(req));
      });
      // A client that has gone asks again with its key; the work is done either way.
      if (!res.destroyed) sendAccepted(res, left);
    } catch (thrown) {
      if (thrown instanceof BatonError) refuse(req, res, thrown);
      else next(thrown);
    }
  };
}
