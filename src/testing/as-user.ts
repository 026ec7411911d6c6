import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentRecord, runInContext } from '../context/storage';
import { BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import type { Policy } from '../policy/policy';
import { livePolicy } from '../policy/process-policy';
import { requireTestRun } from './test-run';
import { transactionOfUser } from './test-user';

/** Options of {@link asUser}. */
export interface AsUserOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
}

type TestedRequest = IncomingMessage & { user?: Identity | undefined };

/** A middleware for Express 4 and 5, typed on `node:http`. */
export type AsUserMiddleware = (req: TestedRequest, res: ServerResponse, next: (error?: unknown) => void) => void;

/** Who a test says a request is from: always the same, or one for each request; undefined for nobody. */
export type TestCaller = Identity | undefined | ((req: IncomingMessage) => Identity | undefined);

function setUser(req: TestedRequest, record: ContextRecord, user: Identity | undefined): void {
  req.user = user;
  const { user: _, ...context } = record.context;
  record.context = Object.freeze({ ...context, ...(user && { user }) });
  delete record.transaction;
  if (user === undefined) return;
  record.transaction = transactionOfUser(user);
}

/**
 * Stands in for `identity()` in an app under test: takes the caller from the test instead of from a token. What comes
 * after it is real: route rules, guards, audit, logs.
 *
 * @param user the caller, undefined for an anonymous request, or a function that says for each request
 * @throws BatonError `option_unknown`, `policy_missing`, `policy_unreadable`, `policy_invalid`; `option_invalid` under
 *   IIS, on Lambda and where `NODE_ENV` is `production`
 *
 * @example
 * ```ts
 * const ada = testUser({ subject: 'entra:ada', roles: ['clerk'] });
 * app.use(correlation(), asUser(ada, { policy: 'baton.policy.json' }), authorize());
 * ```
 */
export function asUser(user: TestCaller, options: AsUserOptions = {}): AsUserMiddleware {
  requireTestRun('asUser()');
  checkOptionNames('asUser()', options, { policy: true });
  const live = livePolicy(options.policy);
  return function asUserMiddleware(req, _res, next) {
    const record = currentRecord();
    if (record === undefined) {
      throw new BatonError('option_invalid', 'asUser() needs a context: mount correlation() before it.');
    }
    record.policy = live.current;
    setUser(req, record, typeof user === 'function' ? user(req) : user);
    runInContext(record, next);
  };
}
