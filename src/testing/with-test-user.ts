import { randomUUID } from 'node:crypto';
import { runInContext } from '../context/storage';
import type { Identity } from '../core/identity';
import type { AuditSink, Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import { sinksOf } from '../logging/sinks';
import type { Policy } from '../policy/policy';
import { requireTestRun } from './test-run';
import { transactionOfUser } from './test-user';

/** Options of {@link withTestUser}. */
export interface TestContextOptions {
  /** Default: a new UUID. */
  readonly correlationId?: string;
  /** What calls out of the work are decided by. Default: the process's policy. */
  readonly policy?: Policy;
  /** Default: none, so that tests print nothing of Baton's. */
  readonly logger?: Logger;
  readonly audit?: AuditSink;
}

const quiet: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/**
 * Runs `work` as if it were below the middleware, in a request of `user`: `currentUser()`, `currentContext()` and
 * `createOffload()` work in it and in all that it starts.
 *
 * @param user undefined for work without a caller
 * @throws BatonError `option_unknown`; `option_invalid` under IIS, on Lambda and where `NODE_ENV` is `production`
 *
 * @example
 * ```ts
 * const total = await withTestUser(testUser({ roles: ['clerk'] }), () => totalOf('7'));
 * ```
 */
export function withTestUser<T>(user: Identity | undefined, work: () => T, options: TestContextOptions = {}): T {
  requireTestRun('withTestUser()');
  checkOptionNames('withTestUser()', options, { correlationId: true, policy: true, logger: true, audit: true });
  const { correlationId = randomUUID(), policy, logger, audit } = options;
  const record: ContextRecord = {
    context: Object.freeze({ correlationId, ...(user && { user }) }),
    ...sinksOf({ ...(logger && { logger }), ...(audit && { audit }) }, () => quiet),
    ...(user && { transaction: transactionOfUser(user) }),
    ...(policy && { policy }),
  };
  return runInContext(record, work);
}
