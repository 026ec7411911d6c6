import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { AuditSink, ForeignLogger, Logger } from '../core/logger';
import { checkOptionNames, wholeNumber } from '../core/options';
import type { ReplayStore } from '../core/replay';
import type { Fetch } from '../keys/fetch-json';
import { createJsonLogger } from '../logging/json-logger';
import { sinksOf } from '../logging/sinks';
import { resolvePolicy } from '../policy/process-policy';
import type { Policy } from '../policy/policy';
import { REFUSAL_PREFIX } from '../token/envelope';
import { functionOf } from './function-name';
import { appAnswer, appFailure, appRefusal, clientAnswer, clientRefusal } from './gateway-answer';
import { isGatewayEvent, readGatewayEvent, type GatewayArrival } from './gateway-event';
import { functionMetrics, type FunctionMetricsOptions } from './metrics';
import { perform, RefusedWork, type FunctionWork, type Invocation, type Workshop } from './perform';
import { bag, envelopeArrival, textOf, type Arrival } from './piece';
import { doBatch, isQueueEvent, readQueueEvent } from './queue';
import { voucherVerifier } from './vouchers';
import { isTaskEvent, taskArrival } from './workflow-task';

/**
 * What a wrapped handler does: the payload alone, Lambda's own context, and how the work came. Behind API Gateway, for
 * requests with the gateway's token, the payload is the gateway's event and the answer is the gateway's.
 */
export type FunctionHandler<Payload, Answer> = (
  payload: Payload,
  lambdaContext: unknown,
  work: FunctionWork,
) => Answer | Promise<Answer>;

/** Options of {@link withBaton}. */
export interface FunctionOptions {
  /** The function's name in the policy. Default: the one whose target is this Lambda function (`AWS_LAMBDA_FUNCTION_NAME`). */
  readonly name?: string;
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** Any logger with `error`, `warn`, `info` and `debug`, such as Powertools'. Default: JSON lines on standard output. */
  readonly logger?: Logger | ForeignLogger;
  readonly audit?: AuditSink;
  /** Metrics for CloudWatch, as lines in its Embedded Metric Format. Default: on where Lambda runs the function. */
  readonly metrics?: boolean | FunctionMetricsOptions;
  /** How many records of an SQS batch are done at a time, 1 to 1000. Default: 10. FIFO groups keep their order. */
  readonly batchConcurrency?: number;
  /** Where used tokens are remembered, for policies with `"replay": "reject"` and functions behind API Gateway. */
  readonly replayStore?: ReplayStore;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /** Fetches key sets. Default: the global `fetch`. */
  readonly fetch?: Fetch;
}

/** A refusal as Lambda can carry it: the code in the error's name, a safe sentence, no stack. */
function refusalOf({ error }: RefusedWork): Error {
  const refusal = new Error(error.publicMessage);
  refusal.name = `${REFUSAL_PREFIX}${error.code}`;
  refusal.stack = `${refusal.name}: ${refusal.message}`;
  return refusal;
}

/** Answers as Lambda's caller takes it: the handler's answer, or an error that is thrown. */
async function answerCall(shop: Workshop, arrival: Arrival, invocation: Invocation): Promise<unknown> {
  try {
    const result = await perform(shop, arrival, invocation);
    if ('thrown' in result) throw result.thrown;
    return result.answer;
  } catch (thrown) {
    throw thrown instanceof RefusedWork ? refusalOf(thrown) : thrown;
  }
}

/** Answers as API Gateway's proxy integration takes it. */
async function answerGateway(shop: Workshop, arrival: GatewayArrival, invocation: Invocation): Promise<unknown> {
  const isApp = arrival.from === 'app';
  const realm = shop.policy.application;
  try {
    const result = await perform(shop, arrival, invocation);
    const { correlationId } = result;
    if ('answer' in result) return (isApp ? appAnswer : clientAnswer)(result.answer, correlationId);
    if (isApp) return appFailure(result.thrown, correlationId);
    if (result.thrown instanceof BatonError) return clientRefusal(result.thrown, correlationId, realm);
    // The gateway answers 502 for it and says nothing; Lambda counts it as an error of the function.
    throw result.thrown;
  } catch (thrown) {
    if (!(thrown instanceof RefusedWork)) throw thrown;
    const { error, correlationId } = thrown;
    return isApp ? appRefusal(error, correlationId) : clientRefusal(error, correlationId, realm);
  }
}

/** By what the event looks like; whatever is none of those is refused as an envelope that is none. */
function answerEvent(
  shop: Workshop,
  event: unknown,
  invocation: Invocation,
  batchConcurrency: number,
): Promise<unknown> {
  const members = bag(event);
  if (isQueueEvent(members)) {
    return doBatch(readQueueEvent(members), batchConcurrency, ({ arrival }) => answerCall(shop, arrival, invocation));
  }
  if (isGatewayEvent(members)) return answerGateway(shop, readGatewayEvent(members), invocation);
  if (isTaskEvent(members)) return answerCall(shop, taskArrival(members), invocation);
  return answerCall(shop, envelopeArrival('call', event), invocation);
}

function checkOptions(handler: unknown, options: FunctionOptions): void {
  checkOptionNames('withBaton()', options, {
    name: true,
    policy: true,
    logger: true,
    audit: true,
    metrics: true,
    batchConcurrency: true,
    replayStore: true,
    clock: true,
    fetch: true,
  });
  if (typeof handler !== 'function') {
    throw new BatonError('option_invalid', 'withBaton(): the handler must be a function; options come after it.');
  }
}

/**
 * Wraps a Lambda handler: verifies who vouches for the caller, checks the caller's permission again, opens the same
 * context as the app has (`currentUser()`, `currentContext()`), and gives the handler the bare payload. It takes calls of
 * `createOffload()`, requests through API Gateway, batches of SQS (with partial failures: switch on
 * `ReportBatchItemFailures`) and tasks of state machines.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `function_unknown`,
 *   `key_invalid`, `option_invalid`, `option_unknown`. In a call, errors named `baton.<code>`: `event_invalid`,
 *   `token_invalid`, `permission_denied`, `keys_unavailable`; what the handler throws passes through. Behind API Gateway,
 *   refusals are answers.
 *
 * @example
 * ```ts
 * export const handler = withBaton(async (payload: { id: string }) => {
 *   return { id: payload.id, renderedFor: currentUser()?.subject };
 * });
 * ```
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function withBaton<Payload = unknown, Answer = unknown>(
  handler: FunctionHandler<Payload, Answer>,
  options: FunctionOptions = {},
): (event: unknown, lambdaContext?: unknown) => Promise<Answer> {
  checkOptions(handler, options);
  const { clock = systemClock, fetch, replayStore } = options;
  const limits = { fallback: 10, min: 1, max: 1000 };
  const batchConcurrency = wholeNumber('withBaton()', 'batchConcurrency', options.batchConcurrency, limits);
  const policy = resolvePolicy(options.policy);
  const target = functionOf(policy, options.name);
  const sinks = sinksOf(options, createJsonLogger);
  const verify = voucherVerifier(policy, target, { clock, fetch, replayStore, logger: sinks.logger });
  const metered = { application: policy.application, function: target.name, clock };
  const metrics = functionMetrics(metered, options.metrics);
  const shop: Workshop = { policy, target, sinks, verify, handler: handler as Workshop['handler'] };
  let isColdStart = true;

  return async (event, lambdaContext) => {
    const coldStart = isColdStart;
    isColdStart = false;
    const requestId = textOf(bag(lambdaContext).awsRequestId);
    const fields = { ...(requestId !== undefined && { requestId }), ...(coldStart && { coldStart }) };
    const invocation: Invocation = { lambdaContext, fields, done: [] };
    try {
      return (await answerEvent(shop, event, invocation, batchConcurrency)) as Answer;
    } finally {
      metrics?.write(invocation.done, coldStart);
    }
  };
}
