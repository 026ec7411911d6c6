import type { Decision, RouteRequest } from '../core/access';
import { runInContext } from '../context/storage';
import { callerFields } from '../core/audited';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import type { AuditEvent } from '../core/logger';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import { denial } from './denial';
import type { HttpRequest, Middleware } from './http';
import { refuse } from './problem';
import { requireRecord } from './record';
import { checkBasePath, routePath } from './route-path';

/** Options of {@link authorize}. */
export interface AuthorizeOptions {
  /** What IIS (virtual directory) or the gateway (stage) puts in front of each path, for example `/invoices`. */
  readonly basePath?: string;
  /** Tells the time, for routes that ask for a recent sign-in; for tests. */
  readonly clock?: Clock;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The audit event of a decision: who asked for what, what was decided, by which rule. */
export function accessEvent(decision: Decision, request: RouteRequest, user: Identity | undefined): AuditEvent {
  const { allowed, reason, rule, required, grantedBy } = decision;
  const outcome = allowed ? 'allowed' : 'denied';
  const event: Writable<AuditEvent> = { event: 'access', outcome, reason };
  if (rule !== undefined) event.rule = rule;
  if (required !== undefined) event.required = required;
  if (grantedBy !== undefined) event.grantedBy = grantedBy;
  if (user !== undefined) {
    event.subject = user.subject;
    event.transactionId = user.transactionId;
    if (user.actor !== undefined) event.actor = user.actor.subject;
  }
  event.method = request.method;
  event.path = request.path;
  return event;
}

/**
 * The path to decide on. A target that has none is refused like any other request, and audited; without the target itself,
 * which is a text of anybody's choice.
 */
function decidedPath(req: HttpRequest, basePath: string, { audit, context: { user } }: ContextRecord): string {
  try {
    return routePath(req, basePath);
  } catch (thrown) {
    audit.record({
      event: 'access',
      outcome: 'denied',
      reason: 'request_target_invalid',
      ...callerFields(user),
      method: req.method,
    });
    throw thrown;
  }
}

/**
 * Decides on the request by the policy's route entries: on to the handler, or 401 / 403 here. Each decision is audited.
 *
 * @throws BatonError at start: `option_invalid`, `option_unknown`. Answers: `identity_missing` and
 *   `authentication_insufficient` 401, `permission_denied` and `route_not_listed` 403, `request_target_invalid` 400.
 *
 * @example
 * ```ts
 * app.use(correlation(), identity(), authorize({ basePath: '/invoices' }));
 * ```
 */
export function authorize(options: AuthorizeOptions = {}): Middleware {
  checkOptionNames('authorize()', options, { basePath: true, clock: true });
  const basePath = checkBasePath(options.basePath);
  const clock = options.clock ?? systemClock;

  return function authorizeMiddleware(req, res, next) {
    const record = requireRecord(req, 'authorize()');
    runInContext(record, () => {
      try {
        if (record.policy === undefined)
          throw new BatonError('option_invalid', 'authorize() needs identity() before it.');
        const request = {
          method: req.method ?? '',
          path: decidedPath(req, basePath, record),
          nowSeconds: nowSeconds(clock),
        };
        const decision = record.policy.decideRoute(request, record.context.user);
        if (decision.rule !== undefined) record.rule = decision.rule;
        record.audit.record(accessEvent(decision, request, record.context.user));
        if (!decision.allowed) throw denial(decision);
      } catch (thrown) {
        refuse(req, res, thrown);
        return;
      }
      next();
    });
  };
}
