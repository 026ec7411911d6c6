import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import { BatonError } from '../core/errors';
import type { MetricsSink, RequestMeasure } from '../core/metrics';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import type { HttpRequest, Middleware } from './http';
import { loggedPath } from './logged-path';
import { requireRecord } from './record';
import { warnUntold } from './untold';

/** Options of {@link requestLog}. */
export interface RequestLogOptions {
  /** Where requests are counted, see `createMetrics()`. Default: nowhere; `baton()` counts where `BATON_METRICS_FILE` says. */
  readonly metrics?: MetricsSink;
}

/** @throws BatonError `option_invalid` */
function checkMetrics(metrics: MetricsSink | undefined): MetricsSink | undefined {
  if (metrics === undefined) return undefined;
  const methods: readonly (keyof MetricsSink)[] = ['request', 'refused', 'functionCall', 'workLeft', 'workflowStart'];
  const isSink = typeof metrics === 'object' && metrics !== null;
  if (isSink && methods.every((name) => typeof metrics[name] === 'function')) return metrics;
  throw new BatonError('option_invalid', `The option "metrics" needs the methods ${methods.join(', ')}.`);
}

/** Written out member by member: an object a member, spread, would cost as much as the rest of the line. */
function requestFields(
  req: HttpRequest,
  res: ServerResponse,
  { context: { user }, policy }: ContextRecord,
  durationMs: number,
): Record<string, unknown> {
  const fields: Record<string, unknown> = { type: 'request', method: req.method, path: loggedPath(req) };
  // 200 is what Node would have sent; to a client that left before, nothing was.
  if (res.headersSent) fields.status = res.statusCode;
  fields.durationMs = Math.round(durationMs * 10) / 10;
  if (!res.writableFinished) fields.aborted = true;
  if (user !== undefined) {
    fields.roles = user.roles;
    fields.transactionId = user.transactionId;
  }
  if (policy !== undefined) fields.policy = policy.digest;
  return fields;
}

/** What is counted of a request: nothing of its caller, and the policy's name for its route in place of its path. */
function measure(res: ServerResponse, { policy, rule }: ContextRecord, durationMs: number): RequestMeasure {
  const route = rule === undefined ? undefined : policy?.routeName(rule);
  return { route, status: res.headersSent ? res.statusCode : undefined, durationMs };
}

/**
 * Writes one JSON line a request when its answer has ended: method, path, status, duration, correlation and trace ID,
 * subject, roles, policy digest.
 *
 * Needs `correlation()` before it.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid`
 *
 * @example
 * ```ts
 * app.use(correlation(), requestLog());
 * ```
 */
export function requestLog(options: RequestLogOptions = {}): Middleware {
  checkOptionNames('requestLog()', options, { metrics: true });
  const metrics = checkMetrics(options.metrics);
  return function requestLogMiddleware(req, res, next) {
    const startedAt = performance.now();
    const record = requireRecord(req, 'requestLog()');
    // Mounted twice, on an app and a router of it, it still is one request.
    const counter = record.metrics === metrics ? undefined : metrics;
    if (counter !== undefined) record.metrics = counter;
    // It comes once: to have the listener removed would cost a microsecond more on Node 20.
    res.on('close', () => {
      const durationMs = performance.now() - startedAt;
      // What a listener throws ends the process.
      try {
        runInContext(record, () => record.logger.info('request', requestFields(req, res, record, durationMs)));
      } catch (thrown) {
        warnUntold('Requests', thrown);
      }
      try {
        counter?.request(measure(res, record, durationMs));
      } catch (thrown) {
        warnUntold('Measures of requests', thrown);
      }
    });
    next();
  };
}
