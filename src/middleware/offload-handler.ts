import { validateHeaderValue, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { runInContext } from '../context/storage';
import { asBatonError, BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { inputCheck, type InputSchema } from '../offload/input';
import type { InvokeOptions, Offload } from '../offload/offload';
import type { HttpRequest, Middleware, Next, RoutedRequest } from './http';
import { refuse } from './problem';
import { recordOf, requireRecord } from './record';
import { warnUntold } from './untold';

/** Options of {@link offloadHandler}. */
export interface OffloadHandlerOptions {
  /**
   * What the payload must look like: a JSON Schema (needs `ajv`), or a Standard Schema such as zod's or valibot's, whose
   * output is what is sent. What does not fit is answered with 400 and never leaves the server.
   */
  readonly input?: InputSchema;
  /**
   * Answers in pieces, as the function writes them (`offload.stream()`); no faster than the client reads them. Lambda does
   * not say what they are, so say it here. Default false; `true` is `application/octet-stream`.
   */
  readonly stream?: boolean | { readonly contentType: string };
}

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
  try {
    recordOf(req)?.logger.warn(message, { type: 'error', code, ...(reason !== undefined && { reason }), error });
  } catch (failure) {
    // Express 4 does not look at what a handler rejects with.
    warnUntold('Errors', failure);
  }
}

function sendJson(res: ServerResponse, value: unknown): void {
  const body = JSON.stringify(value ?? null);
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}

/** Calls the function and answers with what it answers. */
type Answer = (res: ServerResponse, offload: Offload, payload: unknown, options: InvokeOptions) => Promise<void>;

const answerWhole =
  (name: string): Answer =>
  async (res, offload, payload, options) =>
    sendJson(res, await offload.invoke(name, payload, options));

/** What the client has not taken yet is not asked for: `pipeline` waits. */
const answerInPieces =
  (name: string, given: string | undefined): Answer =>
  async (res, offload, payload, options) => {
    const { contentType, body } = await offload.stream(name, payload, options);
    res.statusCode = 200;
    res.setHeader('Content-Type', given ?? contentType ?? 'application/octet-stream');
    res.setHeader('X-Content-Type-Options', 'nosniff');
    await pipeline(body, res);
  };

function answerOf(name: string, stream: OffloadHandlerOptions['stream'] = false): Answer {
  if (stream === false) return answerWhole(name);
  if (stream === true) return answerInPieces(name, undefined);
  checkOptionNames('offloadHandler(): stream', stream, { contentType: true });
  try {
    validateHeaderValue('Content-Type', stream.contentType);
  } catch (cause) {
    throw new BatonError('option_invalid', 'offloadHandler(): "stream.contentType" is no media type.', { cause });
  }
  return answerInPieces(name, stream.contentType);
}

/**
 * An Express handler that answers with what a Lambda function answers, called as the request's caller. When the client
 * goes away, the call is ended.
 *
 * @param name the function's name in the policy
 * @param map makes the function's payload from the request
 *
 * Answers: 200 with the function's JSON, or its pieces; or the problem JSON of what `offload.invoke()` throws, or of
 * `input_invalid`. What `map` throws goes to the app's own error handlers.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid` for an `input` that is no schema, `peer_missing`
 *
 * @example
 * ```ts
 * app.post('/invoices/:id/render', offloadHandler(offload, 'render-invoice', (req) => ({ id: req.params.id }), {
 *   input: { type: 'object', properties: { id: { type: 'string', pattern: '^[0-9]+$' } }, required: ['id'] },
 * }));
 * ```
 */
export function offloadHandler<Request extends HttpRequest = RoutedRequest>(
  offload: Offload,
  name: string,
  map: (req: Request) => unknown,
  options: OffloadHandlerOptions = {},
): (req: Request, res: Parameters<Middleware>[1], next: Next) => Promise<void> {
  checkOptionNames('offloadHandler()', options, { input: true, stream: true });
  const check = options.input === undefined ? undefined : inputCheck(name, options.input);
  const answer = answerOf(name, options.stream);
  return async function offloadMiddleware(req, res, next) {
    try {
      const record = requireRecord(req, 'offloadHandler()');
      const signal = abortOnDisconnect(res);
      await runInContext(record, async () => {
        const payload = await map(req);
        await answer(res, offload, check === undefined ? payload : await check(payload), { signal });
      });
    } catch (thrown) {
      if (res.destroyed) noteAbandoned(req, thrown);
      else if (thrown instanceof BatonError) refuse(req, res, thrown);
      else next(thrown);
    }
  };
}
