import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import { BatonError } from '../core/errors';
import { checkOptionNames, wholeNumber } from '../core/options';
import { systemTimers } from '../core/timers';
import type { ApprovalDecision } from '../workflows/decision';
import type { Workflows } from '../workflows/workflows';
import { lastEventIdOf, sendEvents } from './event-stream';
import type { HttpRequest, Middleware, Next, RoutedRequest } from './http';
import { keyOfRequest } from './idempotency-key';
import { refuse } from './problem';
import { requireRecord } from './record';

/** Options of {@link workflowRouter}. */
export interface WorkflowRouterOptions {
  /** The workflows that clients may start here, by their names in the policy. Default: none; they may be looked at. */
  readonly start?: readonly string[];
  /**
   * A stream of events ends after so many seconds, 1 to 900, and the client asks again behind the last event that it has.
   * Default 25: API Gateway waits 29 or 30 s for an answer, and gives one that it does not stream on whole.
   */
  readonly streamSeconds?: number;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** @param names the segments of the path that name something: a workflow or a run, and a state of it */
type Route = (req: HttpRequest, ...names: readonly [string, string]) => Promise<Answer | Streaming>;

/** Answers by itself, bit by bit. */
type Streaming = (res: ServerResponse) => Promise<void>;

function send(res: ServerResponse, { status, headers = {}, body }: Answer): void {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  // What is true of a run now is not in a minute.
  res.setHeader('Cache-Control', 'no-store');
  if (body === undefined) {
    res.end();
    return;
  }
  const text = JSON.stringify(body);
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}

/** The segments below the place where the router is mounted, decoded; none for a path that is nobody's. */
function segmentsOf({ url = '' }: HttpRequest): readonly string[] {
  const [path = ''] = url.split('?', 1);
  const segments = path.replace(/\/$/, '').split('/').slice(1);
  try {
    return segments.some((segment) => segment === '') ? [] : segments.map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** Not `application/…+json`, which `express.json()` reads only where it is told to. */
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Only what is no JSON can a page of elsewhere send in its visitor's name, without asking; an app may parse forms too. */
function requireJson({ headers }: HttpRequest, what: string): void {
  if (JSON_TYPE.test(headers['content-type'] ?? '')) return;
  const problems = [{ pointer: '', message: 'must be sent as application/json' }];
  throw new BatonError('input_invalid', `${what} did not come as JSON.`, { problems });
}

/** Whether no parser took the body: Express 4's leave an empty object behind where it was none of theirs. */
function isUnread(req: HttpRequest, body: unknown): boolean {
  if (body === undefined) return true;
  return !req.readableEnded && typeof body === 'object' && body !== null && Object.keys(body).length === 0;
}

/** The input as a body parser made it; empty where no body was sent. One that nobody read would start the workflow without it. */
function inputOf(req: HttpRequest): unknown {
  const { body } = req as RoutedRequest;
  const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && Number(length) === 0) return body ?? {};
  requireJson(req, 'The input of a workflow');
  if (!isUnread(req, body)) return body;
  throw new BatonError('option_invalid', 'workflowRouter() needs a body parser before it: mount express.json().');
}

function starts(workflows: Workflows, open: readonly string[]): Route {
  return async (req, name) => {
    if (!open.includes(name)) {
      throw new BatonError('run_not_found', 'The router has no such workflow among those that it starts.', {
        reason: 'workflow',
      });
    }
    const { id, startedAt, alreadyStarted } = await workflows.start(name, inputOf(req), keyOfRequest(req));
    const location = `${req.baseUrl ?? ''}/${encodeURIComponent(id)}`;
    return { status: 202, headers: { Location: location }, body: { id, startedAt, alreadyStarted } };
  };
}

/** Decides as the body says; the state is the path's. */
function decides(workflows: Workflows): Route {
  return async (req, id, state) => {
    requireJson(req, 'A decision');
    const { body } = req as RoutedRequest;
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    if (!isObject || Object.hasOwn(body, 'state')) {
      const problems = [{ pointer: isObject ? '/state' : '', message: 'must be { decision, comment?, since? }' }];
      throw new BatonError('input_invalid', 'The body of a decision is not one.', { problems });
    }
    await workflows.decide(id, { ...body, state } as ApprovalDecision);
    return { status: 204 };
  };
}

/** Sends what happens to the run. */
function follows(workflows: Workflows, lifeMs: number): Route {
  return async (req, id) => {
    const afterEventId = lastEventIdOf(req);
    return (res) =>
      sendEvents(req, res, (signal) => workflows.events(id, { afterEventId, signal }), {
        lifeMs,
        timers: systemTimers,
      });
  };
}

/** The routes of each kind of path, by method. */
type Routes = Readonly<Record<'/:run' | '/:run/events' | '/:run/approvals/:state', Readonly<Record<string, Route>>>>;

function routesOf(workflows: Workflows, open: readonly string[], follow: Route): Routes {
  const see: Route = async (_req, id) => ({ status: 200, body: await workflows.run(id) });
  const cancel: Route = async (_req, id) => {
    await workflows.cancel(id);
    return { status: 204 };
  };
  return {
    '/:run': { POST: starts(workflows, open), GET: see, HEAD: see, DELETE: cancel },
    '/:run/events': { GET: follow },
    '/:run/approvals/:state': { POST: decides(workflows) },
  };
}

function kindOf(segments: readonly string[]): keyof Routes | undefined {
  const [, member, ...names] = segments;
  if (segments.length === 1) return '/:run';
  if (member === 'events' && names.length === 0) return '/:run/events';
  if (member === 'approvals' && names.length === 1) return '/:run/approvals/:state';
  return undefined;
}

/** What answers a request; undefined for what is nobody's. */
function routeOf(routes: Routes, req: HttpRequest): (() => Promise<Answer | Streaming>) | undefined {
  const segments = segmentsOf(req);
  const kind = kindOf(segments);
  if (kind === undefined) return undefined;
  const { [kind]: byMethod } = routes;
  const { method = '' } = req;
  const route = Object.hasOwn(byMethod, method) ? byMethod[method] : undefined;
  const [name = '', , state = ''] = segments;
  return route && (() => route(req, name, state));
}

/**
 * An Express middleware by which clients start workflows, look at their runs and cancel them. Mount it below `baton()` and a
 * body parser, with entries for its paths in the policy's `routes`.
 *
 * Answers: `POST /:name` 202 with `{ id, startedAt, alreadyStarted }` and the run's `Location`; the header
 * `Idempotency-Key` makes a request that is sent again the same run. `GET /:id` 200 with what `workflows.run()` gives.
 * `GET /:id/events` its events as server-sent events, which go on behind the header `Last-Event-ID`. `DELETE /:id` 204.
 * `POST /:id/approvals/:state` with
 * `{ "decision": "approve" or "reject", "comment"?, "since"? }` as `application/json` 204. Or the problem JSON of what those throw.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid`
 *
 * @example
 * ```ts
 * app.use('/workflows', workflowRouter(createWorkflows(), { start: ['approve-invoice'] }));
 * ```
 */
export function workflowRouter(workflows: Workflows, options: WorkflowRouterOptions = {}): Middleware {
  checkOptionNames('workflowRouter()', options, { start: true, streamSeconds: true });
  const { start = [] } = options;
  const limits = { fallback: 25, min: 1, max: 900 };
  const lifeMs = 1000 * wholeNumber('workflowRouter()', 'streamSeconds', options.streamSeconds, limits);
  if (!Array.isArray(start) || !start.every((name) => typeof name === 'string')) {
    throw new BatonError('option_invalid', 'workflowRouter(): option "start" must be a list of names of workflows.');
  }
  const routes = routesOf(workflows, start, follows(workflows, lifeMs));
  return function workflowMiddleware(req, res, next: Next) {
    const route = routeOf(routes, req);
    if (route === undefined) {
      next();
      return;
    }
    const answer = async (): Promise<void> => {
      try {
        const record = requireRecord(req, 'workflowRouter()');
        await runInContext(record, async () => {
          const answered = await route();
          if (typeof answered === 'function') await answered(res);
          else send(res, answered);
        });
      } catch (thrown) {
        if (thrown instanceof BatonError) refuse(req, res, thrown);
        else next(thrown);
      }
    };
    void answer();
  };
}
