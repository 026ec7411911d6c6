import type { IncomingMessage, ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import { challengeFor } from '../core/challenge';
import { asBatonError, BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { problemDocument } from '../core/problem';
import { describeError } from '../correlation/describe-work';
import { defaultLogger } from '../logging/winston-logger';
import type { HttpRequest, Next } from './http';
import { recordOf } from './record';
import { warnUntold } from './untold';

export type { ProblemDocument } from '../core/problem';

/** What a handler may have set before it threw; with it a client would unpack, cache or save the problem as that body. */
const DESCRIBES_ANOTHER_BODY = [
  'Content-Encoding',
  'Content-Language',
  'Content-Range',
  'Content-Disposition',
  'ETag',
  'Last-Modified',
  'Transfer-Encoding',
];

/**
 * Answers with an error as problem JSON. The body holds the code, a fixed sentence and the correlation ID: no stack, no
 * reason, nothing of the request.
 */
function sendProblem(req: IncomingMessage, res: ServerResponse, error: BatonError): void {
  if (res.headersSent) {
    // Too late for another status; an answer that breaks off is better than one that looks complete.
    res.destroy();
    return;
  }
  const record = recordOf(req);
  const challenge = challengeFor(error, record?.policy?.application ?? 'api');
  const body = JSON.stringify(problemDocument(error, record?.context.correlationId, challenge));
  for (const name of DESCRIBES_ANOTHER_BODY) res.removeHeader(name);
  res.statusCode = error.status;
  res.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  if (challenge !== undefined) res.setHeader('WWW-Authenticate', challenge);
  if (error.kind === 'dependency' && error.status === 503) res.setHeader('Retry-After', error.retryAfterSeconds ?? 5);
  res.end(body);
}

/** Writes an error to the log at the level of its kind: the caller's doing warns, the rest are errors. */
function logError(logger: Logger, error: BatonError): void {
  const fields = {
    type: 'error',
    code: error.code,
    ...(error.reason !== undefined && { reason: error.reason }),
    error,
  };
  if (error.kind === 'caller') logger.warn(error.message, fields);
  else logger.error(error.message, fields);
}

/** Logs and counts what ends a request, as the one error that it is. Never throws: the answer is still to come. */
export function report(req: IncomingMessage, thrown: unknown): BatonError {
  const error = asBatonError(thrown);
  const record = recordOf(req);
  try {
    record?.metrics?.refused(error.code);
  } catch (failure) {
    warnUntold('Measures of errors', failure);
  }
  try {
    describeError(error.code);
    // In the request's own context: an error handler is reached from anywhere, and its line must join the others.
    if (record === undefined) logError(defaultLogger(), error);
    else runInContext(record, () => logError(record.logger, error));
  } catch (failure) {
    warnUntold('Errors', failure);
  }
  return error;
}

/** Ends a request with what was thrown: logged in full, answered as problem JSON. */
export function refuse(req: IncomingMessage, res: ServerResponse, thrown: unknown): void {
  sendProblem(req, res, report(req, thrown));
}

/**
 * An Express error handler: answers Baton's errors, thrown anywhere below, as problem JSON and logs them. Other errors
 * are passed on.
 *
 * @example
 * ```ts
 * app.use(problemHandler()); // after the routes
 * ```
 */
export function problemHandler(): (error: unknown, req: HttpRequest, res: ServerResponse, next: Next) => void {
  return function problemMiddleware(error, req, res, next) {
    if (error instanceof BatonError) refuse(req, res, error);
    else next(error);
  };
}
