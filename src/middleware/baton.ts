import { definedMembers } from '../core/objects';
import { checkOptionNames } from '../core/options';
import { authorize, type AuthorizeOptions } from './authorize';
import { correlation, type CorrelationOptions } from './correlation';
import type { Middleware } from './http';
import { identity, type IdentityOptions } from './identity';
import { requestLog } from './request-log';

/** Options of {@link baton}: those of its parts. */
export interface BatonOptions extends CorrelationOptions, IdentityOptions, AuthorizeOptions {}

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
export function baton(options: BatonOptions = {}): Middleware[] {
  checkOptionNames('baton()', options, {
    policy: true,
    logger: true,
    audit: true,
    clock: true,
    fetch: true,
    replayStore: true,
    basePath: true,
    windows: true,
    unsafelyTrustUnsignedHeader: true,
  });
  const { policy, logger, audit, clock, fetch, replayStore, basePath, windows, unsafelyTrustUnsignedHeader } = options;
  const trust = { windows, unsafelyTrustUnsignedHeader };
  return [
    correlation(definedMembers<CorrelationOptions>({ logger, audit })),
    requestLog(),
    identity(definedMembers<IdentityOptions>({ policy, clock, fetch, replayStore, basePath, logger, audit, ...trust })),
    authorize(definedMembers<AuthorizeOptions>({ basePath, clock })),
  ];
}
