import type { AuditEvent } from '../../core/logger';
import { definedMembers } from '../../core/objects';
import { isCorrelationId } from '../../correlation/correlation-id';
import { parseTraceparent } from '../../correlation/trace';
import type { KeyFinder } from '../../jws/keys';
import type { HandOverDocument, WorkflowDocument } from '../../policy/document';
import { startOf, type DescribedExecution } from '../owner';

/** Who an execution runs for, as each of its lines says it. */
export interface StartedBy extends Pick<AuditEvent, 'subject' | 'actor' | 'transactionId' | 'correlationId'> {
  /** Whether a hand-over in its input says so. Whoever starts the state machine in AWS itself has none. */
  readonly verified: boolean;
  readonly traceId?: string;
}

/** Nobody says who. */
export const UNVERIFIED: StartedBy = { verified: false };

/**
 * Who started an execution, out of the hand-over in its input. Correlation ID and trace stand beside the token, in an
 * input that belongs to it.
 *
 * @throws BatonError `keys_unavailable`
 */
export async function startedBy(
  execution: DescribedExecution,
  workflow: WorkflowDocument,
  handOver: HandOverDocument,
  keys: KeyFinder,
): Promise<StartedBy> {
  const start = await startOf(execution, workflow, handOver, keys);
  if (start === undefined) return UNVERIFIED;
  const { sub, act, txn } = start.transaction;
  const { caller } = JSON.parse(execution.input ?? '') as { readonly caller?: Readonly<Record<string, unknown>> };
  const { correlationId, traceparent } = caller ?? {};
  const traceId = typeof traceparent === 'string' ? parseTraceparent(traceparent)?.traceId : undefined;
  return definedMembers<StartedBy>({
    verified: true,
    subject: sub,
    actor: act?.sub,
    transactionId: txn,
    correlationId: isCorrelationId(correlationId) ? correlationId : undefined,
    traceId,
  });
}
