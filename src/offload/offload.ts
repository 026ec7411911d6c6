import { currentRecord } from '../context/storage';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import type { CallerCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { checkOptionNames, unknownName, type OptionNames } from '../core/options';
import { outgoingHeaders } from '../correlation/outgoing';
import type { Signer } from '../jws/sign';
import { signerFromEnvironment } from '../keys/environment-signer';
import { defaultLogger } from '../logging/winston-logger';
import type { FunctionDocument, HandOverDocument } from '../policy/document';
import { livePolicy } from '../policy/process-policy';
import type { Policy } from '../policy/policy';
import { mintHandOverToken } from '../token/hand-over-token';
import { callFunction, encode, openFunction, type CallTerms, type FunctionStream } from './call';
import { authorizeCall, checkStillValid, HAND_OVER_MARGIN_SECONDS, requireCaller, type Caller } from './caller';
import { limitsByName, type LimitsByName } from './limits';
import { measured, measuredWork } from './measured';
import type { Delivery } from './outbox/delivery';
import type { EnqueuedWork, EnqueueOptions } from './outbox/enqueue';
import type { OutboxState } from './outbox/keeping';
import { outboxOf, type DeliverOptions, type OutboxOptions } from './outbox/outbox';
import { SharedHandOvers, type HandOverSharing } from './shared-hand-overs';
import type { FunctionCall } from './transport';
import { functionWays, type FunctionWays } from './ways';

/** Options of {@link createOffload}. */
export interface OffloadOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** Signs hand-over tokens. Default: the private JWK in `BATON_HAND_OVER_KEY`, or in the file `BATON_HAND_OVER_KEY_FILE`. */
  readonly signer?: Signer;
  /** Passed to the SDK's `new LambdaClient()`: region, credentials, endpoint; not how often it tries. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
  /** Gives each call the credentials of its caller. Default: what the SDK finds, or `clientConfig` says. */
  readonly credentials?: CallerCredentials;
  /** Where work that is left behind waits. Default: the file that `BATON_OUTBOX` names; without one there is none. */
  readonly outbox?: OutboxOptions;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /** Spreads retries: a number from 0 to below 1; for tests. */
  readonly random?: () => number;
}

/** Options of one call. */
export interface InvokeOptions {
  /** Ends the wait; the function may run on. */
  readonly signal?: AbortSignal;
}

/** Calls Lambda functions as the caller of the work at hand. */
export interface Offload {
  /**
   * Calls the policy's function `name` and waits for its answer.
   *
   * The caller's permission is decided here and again in the function. The function is called once; again only where it
   * certainly did not run (AWS throttled the call, or there was no connection), or the policy says that it is `idempotent`.
   * All of that ends with the function's `timeoutSeconds`.
   *
   * @param payload JSON; at most 6 MB with the envelope
   * @throws BatonError `identity_missing`, `token_invalid` (the caller's identity has ended), `permission_denied`,
   *   `function_unknown`, `payload_invalid`, `payload_too_large`, `function_timeout`, `function_throttled`,
   *   `function_access_denied`, `function_unavailable`, `function_failed`
   *
   * @example
   * ```ts
   * const { url } = (await offload.invoke('render-invoice', { id: 7 })) as { url: string };
   * ```
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
   */
  invoke(name: string, payload: unknown, options?: InvokeOptions): Promise<unknown>;
  /**
   * The same for a function that answers in pieces: settles with the first piece. The rest is to be read within the
   * function's `timeoutSeconds`; whoever stops reading destroys `body`.
   *
   * @throws BatonError as `invoke()`; where the function fails on the way, `body` ends with the error
   *
   * @example
   * ```ts
   * const { body } = await offload.stream('export-invoices', { year: 2026 });
   * await pipeline(body, createWriteStream('invoices.csv'));
   * ```
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
   */
  stream(name: string, payload: unknown, options?: InvokeOptions): Promise<FunctionStream>;
  /**
   * Leaves work behind for the policy's function `name`: it will be done, also if AWS is away or the app ends. Settles
   * when the work is on disk, and not before; {@link Offload.deliver} takes it from there.
   *
   * The function gets each piece of work at least once, and may get it again under the same idempotency key: it must do
   * the work of one key once. The caller's permission is decided now, again when the work is delivered, by the policy of
   * that moment, and again in the function.
   *
   * @param payload JSON; at most 967,232 bytes
   * @throws BatonError `identity_missing`, `token_invalid` (the caller's identity has ended), `permission_denied`,
   *   `function_unknown`, `payload_invalid`, `payload_too_large`, `work_invalid` (a key or time that cannot be),
   *   `idempotency_conflict`, `outbox_full`, `outbox_unavailable`, `outbox_damaged`, `signer_unavailable`,
   *   `option_invalid` where no outbox is set up
   *
   * @example
   * ```ts
   * const { id } = await offload.enqueue('render-invoice', { id: 7 }, { idempotencyKey: 'invoice-7' });
   * ```
   */
  enqueue(name: string, payload: unknown, options?: EnqueueOptions): Promise<EnqueuedWork>;
  /**
   * Delivers what was left behind, by this process and by others on the same server, until the server drains. Call it once
   * when the app starts; a second call gives the same worker.
   *
   * @throws BatonError `option_invalid`, `option_unknown`
   *
   * @example
   * ```ts
   * const offload = createOffload();
   * offload.deliver();
   * ```
   */
  deliver(options?: DeliverOptions): Delivery;
  /**
   * What stands in the outbox now: cheap enough to be asked by a health check. Undefined where no outbox is set up.
   *
   * @throws BatonError `outbox_unavailable`, `outbox_damaged`
   *
   * @example
   * ```ts
   * const { waiting, dead, oldestSeconds } = offload.outboxState() ?? {};
   * ```
   */
  outboxState(): OutboxState | undefined;
}

const OPTION_NAMES: OptionNames<OffloadOptions> = {
  policy: true,
  signer: true,
  clientConfig: true,
  credentials: true,
  outbox: true,
  clock: true,
  random: true,
};

const DEFAULT_TIMEOUT_SECONDS = 10;
const DEFAULT_MAX_RETRIES = 2;

/** What a policy must say for calls to be made by it. */
interface OffloadRules {
  readonly policy: Policy;
  readonly handOver: HandOverDocument;
}

function rulesOf(policy: Policy, signer: Signer): OffloadRules {
  const { handOver } = policy;
  if (handOver === undefined) {
    const problems = [{ pointer: '/handOver', message: 'is missing' }];
    const message = 'The policy says nothing of hand-overs: createOffload() needs /handOver and /functions.';
    throw new BatonError('policy_invalid', message, { problems });
  }
  if (!handOver.algorithms.includes(signer.algorithm)) {
    throw new BatonError(
      'key_invalid',
      `The hand-over key is for ${signer.algorithm}, which /handOver/algorithms does not name.`,
    );
  }
  return { policy, handOver };
}

/** What calls are made with, whoever makes them. */
interface Workshop {
  readonly rules: () => OffloadRules;
  readonly signer: Signer;
  readonly shared: SharedHandOvers;
  readonly credentials: CallerCredentials | undefined;
  readonly ways: FunctionWays;
  readonly limits: LimitsByName;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A call that is decided, minted and encoded: all but the sending. */
interface PreparedCall {
  readonly terms: CallTerms;
  readonly way: ReturnType<FunctionWays>;
  /** Has the request sent, with the credentials of its caller where it needs any. */
  readonly sent: <T>(signal: AbortSignal, send: (call: FunctionCall) => Promise<T>) => Promise<T>;
}

/** The function of this name. @throws BatonError `function_unknown` */
function functionNamed({ policy: { functions } }: OffloadRules, name: string): FunctionDocument {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (found === undefined)
    throw new BatonError('function_unknown', `The policy's function ${unknownName(name, Object.keys(functions))}.`);
  return found;
}

/** The hand-over of a call that is decided: one for this call, or that of one a moment ago. */
function handOverFor(
  { shared }: Workshop,
  { handOver }: OffloadRules,
  sharing: HandOverSharing,
  { target, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: FunctionDocument,
  now: number,
): Promise<string> {
  const { policy, transaction, signer } = sharing;
  const terms = {
    issuer: handOver.issuer,
    audience: target,
    requestingWorkload: policy.application,
    expiresAt: now + timeoutSeconds + HAND_OVER_MARGIN_SECONDS,
  };
  return shared.take(sharing, now, () => mintHandOverToken(transaction, terms, signer, now));
}

/** Decides, gets the hand-over, and encodes it with the correlation ID and the trace. */
async function prepare(
  workshop: Workshop,
  rules: OffloadRules,
  name: string,
  payload: unknown,
  given: AbortSignal | undefined,
): Promise<PreparedCall> {
  const document = functionNamed(rules, name);
  const caller = requireCaller(name);
  const now = nowSeconds(workshop.clock);
  checkStillValid(name, caller, now);
  authorizeCall(rules.policy, name, document, caller);
  // Asked for each call: after a rotation, or where the key cannot be had, no older token stands in.
  const signer = workshop.signer.current === undefined ? workshop.signer : await workshop.signer.current();
  const sharing = { policy: rules.policy, name, transaction: caller.transaction, signer };
  const handOver = await handOverFor(workshop, rules, sharing, document, now);
  const headers = outgoingHeaders(caller.record.context);
  const { correlationId } = caller.record.context;
  const { traceparent } = headers;
  const envelope = { baton: 1, handOver, correlationId, ...(traceparent && { traceparent }), payload } as const;
  const bytes = encode(name, envelope);
  const way = workshop.ways(name, document);
  return {
    way,
    terms: termsOf(workshop, name, document, way.resource, given),
    sent: (signal, send) => {
      const call = { target: document.target, payload: bytes, handOver, headers, signal };
      const credentials = credentialsFor(workshop, rules, caller, way);
      if (credentials === undefined) return send({ ...call, credentials });
      return credentials.then((found) => send({ ...call, credentials: found }));
    },
  };
}

function termsOf(
  { limits, random }: Workshop,
  name: string,
  document: FunctionDocument,
  { action }: { readonly action: string },
  given: AbortSignal | undefined,
): CallTerms {
  const { target, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, maxRetries = DEFAULT_MAX_RETRIES, idempotent } = document;
  return {
    name,
    target,
    action,
    timeoutMs: timeoutSeconds * 1000,
    maxRetries,
    idempotent: idempotent === true,
    limits: limits(name, document),
    random,
    given,
  };
}

/** The caller's own credentials, where the call is signed with any and somebody gives them. */
function credentialsFor(
  { credentials }: Workshop,
  { policy }: OffloadRules,
  { user, record }: Caller,
  { signed, resource }: ReturnType<FunctionWays>,
): ReturnType<CallerCredentials['forTarget']> | undefined {
  if (!signed || credentials === undefined) return undefined;
  const { name, arn, action } = resource;
  const target = { kind: 'function', name, arn, actions: [action] } as const;
  return credentials.forTarget({ user, policy: record.policy ?? policy }, target);
}

/**
 * Makes what calls Lambda functions as the caller of the work at hand: with a hand-over token for that one function, the
 * correlation ID and the trace. By Invoke it needs the package `@aws-sdk/client-lambda`, which is loaded with the first call;
 * through API Gateway (`/functions/…/https`) nothing, or `@smithy/signature-v4` to sign as an IAM role.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `key_invalid`,
 *   `option_invalid`, `option_unknown`
 *
 * @example
 * ```ts
 * const offload = createOffload();
 * app.post('/invoices/:id/render', async (req, res) => {
 *   res.json(await offload.invoke('render-invoice', { id: req.params.id }));
 * });
 * ```
 */
export function createOffload(options: OffloadOptions = {}): Offload {
  checkOptionNames('createOffload()', options, OPTION_NAMES);
  const signer = options.signer ?? signerFromEnvironment('BATON_HAND_OVER_KEY');
  // Keys are read anew beside a call; its request has a logger.
  signer.reportTo?.(() => currentRecord()?.logger ?? defaultLogger());
  const live = livePolicy(options.policy);
  const workshop: Workshop = {
    rules: live.derive((policy) => rulesOf(policy, signer)),
    signer,
    shared: new SharedHandOvers(),
    credentials: options.credentials,
    ways: functionWays(options.clientConfig ?? {}),
    limits: limitsByName(),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
  const outbox = outboxOf(options.outbox, {
    live,
    signer,
    credentials: options.credentials,
    clientConfig: options.clientConfig ?? {},
    clock: workshop.clock,
  });
  /** Makes a call, and counts it where the policy knows its function. */
  const made = async <T>(
    name: string,
    payload: unknown,
    signal: AbortSignal | undefined,
    send: (prepared: PreparedCall) => Promise<T>,
  ): Promise<T> => {
    const rules = workshop.rules();
    functionNamed(rules, name);
    return measured(name, () => prepare(workshop, rules, name, payload, signal).then(send));
  };

  return {
    invoke: (name, payload, { signal } = {}) =>
      made(name, payload, signal, ({ terms, way, sent }) =>
        callFunction(terms, (ended) => sent(ended, (call) => way.transport.call(call))),
      ),
    stream: (name, payload, { signal } = {}) =>
      made(name, payload, signal, ({ terms, way, sent }) =>
        openFunction(terms, async (ended) => sent(ended, (call) => way.transport.open(call))),
      ),
    enqueue: (name, payload, enqueueOptions) => measuredWork(name, () => outbox.enqueue(name, payload, enqueueOptions)),
    deliver: (deliverOptions) => outbox.deliver(deliverOptions),
    outboxState: () => outbox.state(),
  };
}
