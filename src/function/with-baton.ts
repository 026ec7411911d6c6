import { runInContext } from '../context/storage';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { asBatonError, BatonError } from '../core/errors';
import type { AuditSink, Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import { isCorrelationId, newCorrelationId } from '../correlation/correlation-id';
import { parseAmznTraceId, parseTraceparent } from '../correlation/trace';
import { identityFrom } from '../identity/from-transaction';
import type { Fetch } from '../keys/fetch-json';
import { keySourceAt } from '../keys/source';
import { createJsonLogger } from '../logging/json-logger';
import { sinksOf, type Sinks } from '../logging/sinks';
import { resolvePolicy } from '../policy/process-policy';
import type { Policy } from '../policy/policy';
import { readEnvelope, REFUSAL_PREFIX, type WorkEnvelope } from '../token/envelope';
import { verifyHandOverToken, type VerifiedHandOver } from '../token/hand-over-token';
import { functionOf, type NamedFunction } from './function-name';

/** What a wrapped handler does: the payload alone, and Lambda's own context. */
export type FunctionHandler<Payload, Answer> = (payload: Payload, lambdaContext: unknown) => Answer | Promise<Answer>;

/** Options of {@link withBaton}. */
export interface FunctionOptions {
  /** The function's name in the policy. Default: the one whose target is this Lambda function (`AWS_LAMBDA_FUNCTION_NAME`). */
  readonly name?: string;
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  readonly logger?: Logger;
  readonly audit?: AuditSink;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /** Fetches key sets. Default: the global `fetch`. */
  readonly fetch?: Fetch;
}

/** An app's clock and a function's may be apart by this much. */
const DEFAULT_CLOCK_TOLERANCE_SECONDS = 30;
/** Longest accepted hand-over: the longest time limit of a function (300 s) with its margin. */
const MAX_HAND_OVER_SECONDS = 360;

function handOverVerifier(
  policy: Policy,
  { document }: NamedFunction,
  { clock = systemClock, fetch }: FunctionOptions,
  { logger }: Sinks,
): (token: string) => Promise<VerifiedHandOver> {
  const { handOver } = policy;
  if (handOver === undefined)
    throw new BatonError('policy_invalid', 'The policy says nothing of hand-overs (/handOver).');
  const { issuer, algorithms } = handOver;
  const expected = {
    issuer,
    audiences: [document.target],
    algorithms,
    keys: keySourceAt(handOver.keys, { algorithms, clock, logger, ...(fetch && { fetch }) }),
    clockToleranceSeconds: handOver.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxLifetimeSeconds: MAX_HAND_OVER_SECONDS,
  };
  return (token) => verifyHandOverToken(token, expected, nowSeconds(clock));
}

function openRecord(event: unknown, sinks: Sinks): ContextRecord {
  const { correlationId, traceparent } = (event ?? {}) as Partial<WorkEnvelope>;
  // Lambda's own trace header first: it names the function's segment as the parent.
  const trace =
    parseAmznTraceId(process.env._X_AMZN_TRACE_ID ?? '') ??
    (typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined);
  return {
    context: Object.freeze({
      correlationId: isCorrelationId(correlationId) ? correlationId : newCorrelationId(),
      ...trace,
    }),
    ...sinks,
  };
}

/** Checks the permission again: the app's policy may be another one, and the function is the last to know. */
function authorize(policy: Policy, { name, document }: NamedFunction, record: ContextRecord): void {
  const { user } = record.context;
  if (user === undefined) throw new BatonError('identity_missing', 'The hand-over names no caller.');
  const { allowed, reason, rule } = policy.decidePermission(user, document.permission);
  record.audit.record({
    event: 'function',
    outcome: allowed ? 'allowed' : 'denied',
    function: name,
    required: document.permission,
    reason,
    ...(rule !== undefined && { rule }),
    subject: user.subject,
    transactionId: user.transactionId,
    ...(user.actor && { actor: user.actor.subject }),
  });
  if (!allowed) throw new BatonError('permission_denied', `The policy refuses "${name}": ${reason}.`, { reason });
}

/** A line for the log, and one for the audit trail where {@link authorize} has not written it. */
function reportRefusal(error: BatonError, name: string, { logger, audit }: ContextRecord): void {
  const { code, reason, kind, message } = error;
  if (kind === 'caller' && code !== 'permission_denied') {
    const facts = { function: name, code, ...(reason !== undefined && { reason }) };
    audit.record({ event: 'authenticate', outcome: 'denied', ...facts });
  }
  logger[kind === 'caller' ? 'warn' : 'error'](message, { type: 'error', code, function: name, error });
}

/** A refusal as Lambda can carry it: the code in the error's name, a safe sentence, no stack. */
function refusalOf(error: BatonError): Error {
  const refusal = new Error(error.publicMessage);
  refusal.name = `${REFUSAL_PREFIX}${error.code}`;
  refusal.stack = `${refusal.name}: ${refusal.message}`;
  return refusal;
}

/** Runs the handler and writes the invocation's one log line, however it ends. */
async function runHandler<Answer>(
  record: ContextRecord,
  name: string,
  work: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const startedAt = performance.now();
  const fields = (outcome: string): Record<string, unknown> => ({
    type: 'function',
    function: name,
    outcome,
    durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
  });
  try {
    const answer = await work();
    record.logger.info('function', fields('succeeded'));
    return answer;
  } catch (error) {
    record.logger.error('function', { ...fields('failed'), error });
    throw error;
  }
}

/**
 * Wraps a Lambda handler that apps call through `createOffload()`: verifies the hand-over token, checks the caller's
 * permission again, opens the same context (`currentUser()`, `currentContext()`), and gives the handler the bare payload.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `function_unknown`,
 *   `key_invalid`, `option_invalid`, `option_unknown`. In a call, errors named `baton.<code>`: `event_invalid`,
 *   `token_invalid`, `permission_denied`, `keys_unavailable`; what the handler throws passes through.
 *
 * @example
 * ```ts
 * export const handler = withBaton(async (payload: { id: string }) => {
 *   return { id: payload.id, renderedFor: currentUser()?.subject };
 * });
 * ```
 */
export function withBaton<Payload = unknown, Answer = unknown>(
  handler: FunctionHandler<Payload, Answer>,
  options: FunctionOptions = {},
): (event: unknown, lambdaContext?: unknown) => Promise<Answer> {
  checkOptionNames('withBaton()', options, {
    name: true,
    policy: true,
    logger: true,
    audit: true,
    clock: true,
    fetch: true,
  });
  if (typeof handler !== 'function') {
    throw new BatonError('option_invalid', 'withBaton(): the handler must be a function; options come after it.');
  }
  const policy = resolvePolicy(options.policy);
  const target = functionOf(policy, options.name);
  const sinks = sinksOf(options, createJsonLogger);
  const verify = handOverVerifier(policy, target, options, sinks);

  const admit = async (event: unknown, record: ContextRecord): Promise<WorkEnvelope> => {
    try {
      const envelope = readEnvelope(event);
      const verified = await verify(envelope.handOver);
      record.policy = policy;
      record.transaction = verified.transaction;
      const user = identityFrom(verified, { profile: 'hand-over', issuer: policy.handOver?.issuer ?? '' });
      record.context = Object.freeze({ ...record.context, user });
      authorize(policy, target, record);
      return envelope;
    } catch (thrown) {
      const error = asBatonError(thrown);
      reportRefusal(error, target.name, record);
      throw refusalOf(error);
    }
  };

  return (event, lambdaContext) => {
    const record = openRecord(event, sinks);
    return runInContext(record, async () => {
      const { payload } = await admit(event, record);
      return runHandler(record, target.name, () => handler(payload as Payload, lambdaContext));
    });
  };
}
