import { definedMembers } from '../core/objects';
import { checkOptionNames } from '../core/options';
import { environmentMetrics } from '../logging/metrics-environment';
import { livePolicy } from '../policy/process-policy';
import { authorize, type AuthorizeOptions } from './authorize';
import { correlation, type CorrelationOptions } from './correlation';
import type { Middleware } from './http';
import { identity, type IdentityOptions } from './identity';
import { inTurn } from './in-turn';
import { requestLog, type RequestLogOptions } from './request-log';

/** Options of {@link baton}: those of its parts. */
export interface BatonOptions extends CorrelationOptions, RequestLogOptions, IdentityOptions, AuthorizeOptions {}

/** What {@link baton} gives: one middleware, and of what it is made. */
export interface BatonMiddleware extends Middleware {
  /** Correlation, request log, identity and authorize, in the order in which they run. */
  readonly parts: readonly Middleware[];
}

/**
 * The whole middleware, in its fixed order: correlation, request log, identity, authorize. Mount it before everything
 * that serves data.
 *
 * Options are read and checked here, once; a wrong policy stops the start with each problem named.
 *
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`, `key_invalid`, `option_unknown`,
 *   `option_invalid`
 *
 * @example
 * ```ts
 * const app = express();
 * app.use(baton());
 * app.get('/invoices/:id', (req, res) => res.json({ reader: req.user?.subject }));
 * ```
 */
export function baton(options: BatonOptions = {}): BatonMiddleware {
  checkOptionNames('baton()', options, {
    policy: true,
    logger: true,
    audit: true,
    metrics: true,
    userHashKey: true,
    clock: true,
    fetch: true,
    replayStore: true,
    basePath: true,
    windows: true,
    unsafelyTrustUnsignedHeader: true,
  });
  const { policy, logger, audit, clock, fetch, replayStore, basePath, windows, unsafelyTrustUnsignedHeader } = options;
  const metrics = options.metrics ?? environmentMetrics(() => livePolicy(policy).current.application);
  const trust = { windows, unsafelyTrustUnsignedHeader, userHashKey: options.userHashKey };
  const parts = Object.freeze([
    correlation(definedMembers<CorrelationOptions>({ logger, audit })),
    requestLog(definedMembers<RequestLogOptions>({ metrics })),
    identity(definedMembers<IdentityOptions>({ policy, clock, fetch, replayStore, basePath, logger, audit, ...trust })),
    authorize(definedMembers<AuthorizeOptions>({ basePath, clock })),
  ]);
  return Object.assign(inTurn(parts), { parts });
}
