import { runInContext } from '../../src/context/storage';
import type { ContextRecord, RequestContext } from '../../src/core/request-context';
import type { TransactionClaims } from '../../src/core/transaction';
import { identityFrom } from '../../src/identity/from-transaction';
import { auditTrail } from '../../src/logging/audit';
import { recordingLogger, type RecordingLogger } from './recording-logger';
import { ISSUER, NOW, travellingClaims } from './tokens';

/** What a test says about the caller of the work at hand. */
export interface CallerOptions {
  /** Replaces claims of the caller; null for no caller at all. */
  readonly claims?: Partial<TransactionClaims> | null;
  readonly context?: Partial<RequestContext>;
  readonly policy?: ContextRecord['policy'];
  readonly logger?: RecordingLogger;
}

/** Runs `work` in the context that the middleware would have opened for a verified request. */
export function asCaller<T>({ claims = {}, context, policy, logger }: CallerOptions, work: () => T): T {
  const lines = logger ?? recordingLogger();
  const record: ContextRecord = {
    context: { correlationId: 'c-4711', ...context },
    logger: lines,
    audit: auditTrail(lines),
  };
  if (policy !== undefined) record.policy = policy;
  if (claims !== null) {
    const transaction = { ...travellingClaims, ...claims };
    record.transaction = transaction;
    const verified = { transaction, requestingWorkload: 'apigateway', issuedAt: NOW, expiresAt: NOW + 360 };
    const user = identityFrom(verified, { profile: 'txn-token', issuer: ISSUER });
    record.context = { ...record.context, user };
  }
  return runInContext(record, work);
}
