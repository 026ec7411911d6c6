import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import type { Workflows } from '../workflows/workflows';
import type { HttpRequest, Middleware, Next, RoutedRequest } from './http';
import { keyOfRequest } from './idempotency-key';
import { refuse } from './problem';
import { requireRecord } from './record';

/** Options of {@link workflowRouter}. */
export interface WorkflowRouterOptions {
  /** The workflows that clients may start here, by their names in the policy. Default: none; they may be looked at. */
  readonly start?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Route = (req: HttpRequest, name: string) => Promise<Answer>;

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

/** The one segment below the place where the router is mounted; undefined for anything else. */
function segmentOf(req: HttpRequest): string | undefined {
  const [, segment] = /^\/([^/?]+)\/?(?:\?.*)?$/.exec(req.url ?? '') ?? [];
  try {
    return segment === undefined ? undefined : decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function starts(workflows: Workflows, open: readonly string[]): Route {
  return async (req, name) => {
    if (!open.includes(name)) {
      throw new BatonError('run_not_found', 'The router has no such workflow among those that it starts.', {
        reason: 'workflow',
      });
    }
    // A body parser stands before it; without a body the input is empty.
    const { body = {} } = req as RoutedRequest;
    const { id, startedAt, alreadyStarted } = await workflows.start(name, body, keyOfRequest(req));
    const location = `${req.baseUrl ?? ''}/${encodeURIComponent(id)}`;
    return { status: 202, headers: { Location: location }, body: { id, startedAt, alreadyStarted } };
  };
}

function routesOf(workflows: Workflows, open: readonly string[]): Readonly<Record<string, Route>> {
  const see: Route = async (_req, id) => ({ status: 200, body: await workflows.run(id) });
  return {
    POST: starts(workflows, open),
    GET: see,
    HEAD: see,
    DELETE: async (_req, id) => {
      await workflows.cancel(id);
      return { status: 204 };
    },
  };
}

/**
 * An Express middleware by which clients start workflows, look at their runs and cancel them. Mount it below `baton()` and a
 * body parser, with entries for its paths in the policy's `routes`.
 *
 * Answers: `POST /:name` 202 with `{ id, startedAt, alreadyStarted }` and the run's `Location`; the header
 * `Idempotency-Key` makes a request that is sent again the same run. `GET /:id` 200 with what `workflows.run()` gives.
 * `DELETE /:id` 204. Or the problem JSON of what those throw.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid`
 *
 * @example
 * ```ts
 * app.use('/workflows', workflowRouter(createWorkflows(), { start: ['approve-invoice'] }));
 * ```
 */
export function workflowRouter(workflows: Workflows, options: WorkflowRouterOptions = {}): Middleware {
  checkOptionNames('workflowRouter()', options, { start: true });
  const { start = [] } = options;
  if (!Array.isArray(start) || !start.every((name) => typeof name === 'string')) {
    throw new BatonError('option_invalid', 'workflowRouter(): option "start" must be a list of names of workflows.');
  }
  const routes = routesOf(workflows, start);
  return function workflowMiddleware(req, res, next: Next) {
    const route = routes[req.method ?? ''];
    const segment = segmentOf(req);
    if (route === undefined || segment === undefined) {
      next();
      return;
    }
    const answer = async (): Promise<void> => {
      try {
        const record = requireRecord(req, 'workflowRouter()');
        send(res, await runInContext(record, () => route(req, segment)));
      } catch (thrown) {
        if (thrown instanceof BatonError) refuse(req, res, thrown);
        else next(thrown);
      }
    };
    void answer();
  };
}
