import { runInContext } from '../context/storage';
import { callerFields, decisionFields } from '../core/audited';
import { asBatonError, BatonError } from '../core/errors';
import { definedMembers } from '../core/objects';
import type { ContextRecord } from '../core/request-context';
import { activeTrace } from '../correlation/active-span';
import { isCorrelationId, newCorrelationId } from '../correlation/correlation-id';
import { describeCaller, describeError } from '../correlation/describe-work';
import type { Sinks } from '../logging/sinks';
import type { Policy } from '../policy/policy';
import type { NamedFunction } from './function-name';
import type { WorkOutcome } from './metrics';
import { invocationTrace, type Arrival, type WorkSource } from './piece';
import type { VerifyVoucher, Vouched } from './vouchers';
import { decideApproval, type GivenApproval, type TaskApproval } from './workflow-approval';
import type { TaskStep } from './workflow-task';

/** How a piece of work came to the function. */
export interface FunctionWork {
  /**
   * `call`: invoked by an app; `gateway`: through API Gateway; `queue`: a record of SQS; `workflow`: a task of a state
   * machine.
   */
  readonly source: WorkSource;
  /** Work that was left behind may come more than once, each time under this key. */
  readonly idempotencyKey?: string;
  /** The SQS message's ID. */
  readonly messageId?: string;
  /** How often SQS has delivered the message, this time included. */
  readonly deliveries?: number;
  /** The workflow's name in the policy, where it is a task of one. */
  readonly workflow?: string;
  /** The execution's name. A task that is retried comes again under the same execution and state; so does each item of a map. */
  readonly execution?: string;
  /** The state's name. */
  readonly state?: string;
  /** Who approved it, verified, where the policy's step asks for an approval. */
  readonly approval?: TaskApproval;
}

/** What pieces of work are done with. */
export interface Workshop {
  readonly policy: Policy;
  readonly target: NamedFunction;
  readonly sinks: Sinks;
  readonly verify: VerifyVoucher;
  readonly handler: (payload: unknown, lambdaContext: unknown, work: FunctionWork) => unknown;
}

/** One run of Lambda's runtime, which may bring many pieces of work. */
export interface Invocation {
  readonly lambdaContext: unknown;
  /** Fields that its log lines have besides. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What became of its pieces. */
  readonly done: { outcome: WorkOutcome; durationMs: number }[];
}

/** Work that was refused, or could not be decided on: the handler has not run. It is in the log already. */
export class RefusedWork extends Error {
  readonly error: BatonError;
  readonly correlationId: string;

  constructor(error: BatonError, correlationId: string) {
    super(error.publicMessage);
    this.error = error;
    this.correlationId = correlationId;
  }
}

/** What came of a piece of work: the handler's answer or what it threw. */
export type Result = ({ readonly answer: unknown } | { readonly thrown: unknown }) & { readonly correlationId: string };

/**
 * Does one piece of work: verifies who vouches for it, checks the caller's permission again, and runs the handler in the
 * context that this opens.
 *
 * @throws RefusedWork
 */
export function perform(shop: Workshop, arrival: Arrival, invocation: Invocation): Promise<Result> {
  const record = openRecord(arrival, shop.sinks);
  return runInContext(record, async () => {
    const startedAt = performance.now();
    const done = (outcome: WorkOutcome): number => {
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
      invocation.done.push({ outcome, durationMs });
      return durationMs;
    };
    const { correlationId } = record.context;
    const about = { function: shop.target.name, ...arrivalFields(arrival), ...invocation.fields };
    let admitted: Admitted;
    try {
      admitted = await admit(shop, arrival, record);
    } catch (thrown) {
      const error = asBatonError(thrown);
      done(error.kind === 'caller' ? 'denied' : 'failed');
      reportRefusal(error, about, record);
      throw new RefusedWork(error, correlationId);
    }
    const { payload, work } = admitted;
    const line = (outcome: 'succeeded' | 'failed') => ({
      type: 'function',
      ...about,
      outcome,
      durationMs: done(outcome),
    });
    try {
      const answer = await shop.handler(payload, invocation.lambdaContext, work);
      record.logger.info('function', line('succeeded'));
      return { answer, correlationId };
    } catch (thrown) {
      record.logger.error('function', { ...line('failed'), error: thrown });
      return { thrown, correlationId };
    }
  });
}

/** The app's own tracing first, then the work's own trace where a queue brought it, then what Lambda says. */
function openRecord({ source, correlationId, trace }: Arrival, sinks: Sinks): ContextRecord {
  const own = activeTrace() ?? invocationTrace();
  // One invocation brings many messages of a queue, each of a trace of its own.
  const position = source === 'queue' ? (trace ?? own) : (own ?? trace);
  const id = isCorrelationId(correlationId) ? correlationId : newCorrelationId();
  return { context: Object.freeze({ correlationId: id, ...position }), ...sinks };
}

function arrivalFields({ source, messageId, deliveries }: Arrival): Record<string, unknown> {
  return definedMembers<Record<string, unknown>>({ source, messageId, deliveries });
}

interface Admitted {
  readonly payload: unknown;
  readonly work: FunctionWork;
}

async function admit(shop: Workshop, arrival: Arrival, record: ContextRecord): Promise<Admitted> {
  const piece = arrival.read();
  const { identity, transaction, idempotencyKey, step, approval }: Vouched = await shop.verify(piece);
  record.policy = shop.policy;
  record.transaction = transaction;
  record.context = Object.freeze({ ...record.context, user: identity });
  describeCaller(record.context);
  authorize(shop, record, step);
  if (step?.asked !== undefined) authorizeApproval(shop, record, step, approval);
  const { source, messageId, deliveries } = arrival;
  return {
    payload: piece.payload,
    work: definedMembers<FunctionWork>({
      source,
      idempotencyKey,
      messageId,
      deliveries,
      ...placeOf(step),
      approval: approval?.told,
    }),
  };
}

const placeOf = (step: TaskStep | undefined): Partial<Omit<TaskStep, 'permission' | 'asked'>> =>
  step === undefined ? {} : { workflow: step.workflow, execution: step.execution, state: step.state };

/** Checks the permission again: the app's policy may be another one, and the function is the last to know. */
function authorize({ policy, target: { name, document } }: Workshop, record: ContextRecord, step?: TaskStep): void {
  const { user } = record.context;
  if (user === undefined) throw new BatonError('identity_missing', 'The hand-over names no caller.');
  const { permission } = step ?? document;
  const decision = policy.decidePermission(user, permission);
  record.audit.record({
    event: 'function',
    function: name,
    ...placeOf(step),
    required: permission,
    ...decisionFields(decision, user),
  });
  if (decision.allowed) return;
  const { reason } = decision;
  throw new BatonError('permission_denied', `The policy refuses "${name}": ${reason}.`, { reason });
}

/** Checks that somebody approved the step who may, and leaves that in the audit trail. */
function authorizeApproval(
  { policy, target: { name } }: Workshop,
  record: ContextRecord,
  step: TaskStep,
  approval: GivenApproval | undefined,
): void {
  const { user } = record.context;
  if (user === undefined || step.asked === undefined) return;
  const { state, approval: asked } = step.asked;
  const decision =
    approval === undefined ? { allowed: false, reason: 'not_approved' } : decideApproval(policy, user, approval);
  const { allowed, reason } = decision;
  record.audit.record({
    event: 'function_approval',
    function: name,
    ...placeOf(step),
    approval: state,
    required: asked.permission,
    outcome: allowed ? 'allowed' : 'denied',
    reason,
    ...(approval && { approver: approval.approver.subject, decidedAt: approval.told.decidedAt.toISOString() }),
    ...callerFields(user),
  });
  if (allowed) return;
  throw new BatonError('permission_denied', `"${name}" needs the approval of "${state}": ${reason}.`, { reason });
}

/** A line for the log, and one for the audit trail where {@link authorize} has not written it. */
function reportRefusal(error: BatonError, about: Record<string, unknown>, { logger, audit }: ContextRecord): void {
  const { code, reason, kind, message } = error;
  describeError(code);
  if (kind === 'caller' && code !== 'permission_denied') {
    const facts = { function: about.function, code, ...(reason !== undefined && { reason }) };
    audit.record({ event: 'authenticate', outcome: 'denied', ...facts });
  }
  logger[kind === 'caller' ? 'warn' : 'error'](message, { type: 'error', ...about, code, error });
}
