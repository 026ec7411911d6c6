import { currentRecord } from '../context/storage';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { BatonError, tokenInvalid } from '../core/errors';
import type { Identity } from '../core/identity';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import type { TransactionClaims } from '../core/transaction';
import { outgoingHeaders } from '../correlation/outgoing';
import type { Signer } from '../jws/sign';
import { signerFromEnvironment } from '../keys/environment-signer';
import type { FunctionDocument, HandOverDocument } from '../policy/document';
import { livePolicy } from '../policy/process-policy';
import type { Policy } from '../policy/policy';
import type { WorkEnvelope } from '../token/envelope';
import { mintHandOverToken } from '../token/hand-over-token';
import { callOnce, encode } from './call';
import { lambdaCaller } from './lambda-client';

/** Options of {@link createOffload}. */
export interface OffloadOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** Signs hand-over tokens. Default: the private JWK in `BATON_HAND_OVER_KEY`, or in the file `BATON_HAND_OVER_KEY_FILE`. */
  readonly signer?: Signer;
  /** Passed to the SDK's `new LambdaClient()`: region, credentials, endpoint; not how often it tries. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
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
   * The caller's permission is decided here and again in the function. The function is never called twice.
   *
   * @param payload JSON; at most 6 MB with the envelope
   * @throws BatonError `identity_missing`, `token_invalid` (the caller's identity has ended), `permission_denied`, `function_unknown`, `payload_invalid`,
   *   `payload_too_large`, `function_timeout`, `function_throttled`, `function_access_denied`, `function_unavailable`,
   *   `function_failed`
   */
  invoke(name: string, payload: unknown, options?: InvokeOptions): Promise<unknown>;
}

const DEFAULT_TIMEOUT_SECONDS = 10;
/** A hand-over outlives its call by this much: the function's clock, and its start. */
const HAND_OVER_MARGIN_SECONDS = 30;

interface Caller {
  readonly record: ContextRecord;
  readonly user: Identity;
  readonly transaction: TransactionClaims;
}

function requireCaller(name: string): Caller {
  const record = currentRecord();
  const user = record?.context.user;
  if (record?.transaction === undefined || user === undefined) {
    throw new BatonError(
      'identity_missing',
      `"${name}" is called as a verified caller, and there is none here. Call it below baton().`,
    );
  }
  return { record, user, transaction: record.transaction };
}

/** Work that a request began may outlast it, but not run as its caller for ever. */
function checkStillValid(name: string, { user }: Caller, now: number): void {
  if (now < user.expiresAt + HAND_OVER_MARGIN_SECONDS) return;
  throw tokenInvalid('expired', `"${name}" was called when its caller's identity had ended.`);
}

/** Decides on the permission, and leaves the decision in the audit trail. */
function authorizeCall(policy: Policy, name: string, { permission }: FunctionDocument, { record, user }: Caller): void {
  const { allowed, reason, rule } = (record.policy ?? policy).decidePermission(user, permission);
  record.audit.record({
    event: 'hand_over',
    outcome: allowed ? 'allowed' : 'denied',
    function: name,
    required: permission,
    reason,
    ...(rule !== undefined && { rule }),
    subject: user.subject,
    transactionId: user.transactionId,
    ...(user.actor && { actor: user.actor.subject }),
  });
  if (!allowed)
    throw new BatonError('permission_denied', `The policy refuses the call of "${name}": ${reason}.`, { reason });
}

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

/** The hand-over, and with it the correlation ID and the trace. */
async function requestFor(
  { policy, handOver }: OffloadRules,
  { target, timeoutSeconds }: { readonly target: string; readonly timeoutSeconds: number },
  { transaction, record }: Caller,
  signer: Signer,
  now: number,
): Promise<{ envelope: Omit<WorkEnvelope, 'payload'>; traceHeader: string | undefined }> {
  const terms = {
    issuer: handOver.issuer,
    audience: target,
    requestingWorkload: policy.application,
    expiresAt: now + timeoutSeconds + HAND_OVER_MARGIN_SECONDS,
  };
  const token = await mintHandOverToken(transaction, terms, signer, now);
  const { traceparent, 'X-Amzn-Trace-Id': traceHeader } = outgoingHeaders(record.context);
  const { correlationId } = record.context;
  return { envelope: { baton: 1, handOver: token, correlationId, ...(traceparent && { traceparent }) }, traceHeader };
}

/**
 * Makes what calls Lambda functions as the caller of the work at hand: with a hand-over token for that one function, the
 * correlation ID and the trace. Needs the package `@aws-sdk/client-lambda`, which is loaded with the first call.
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
  checkOptionNames('createOffload()', options, { policy: true, signer: true, clientConfig: true, clock: true });
  const signer = options.signer ?? signerFromEnvironment('BATON_HAND_OVER_KEY');
  const rules = livePolicy(options.policy).derive((policy) => rulesOf(policy, signer));
  const clock = options.clock ?? systemClock;
  const call = lambdaCaller(options.clientConfig ?? {});

  return {
    async invoke(name, payload, { signal } = {}) {
      const current = rules();
      const { functions } = current.policy;
      const target = Object.hasOwn(functions, name) ? functions[name] : undefined;
      if (target === undefined)
        throw new BatonError('function_unknown', `The policy has no function "${name}" under /functions.`);
      const caller = requireCaller(name);
      const now = nowSeconds(clock);
      checkStillValid(name, caller, now);
      authorizeCall(current.policy, name, target, caller);
      const work = { target: target.target, timeoutSeconds: target.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS };
      const { envelope, traceHeader } = await requestFor(current, work, caller, signer, now);
      const bytes = encode(name, { ...envelope, payload });
      const request = { target: work.target, payload: bytes, ...(traceHeader && { traceHeader }) };
      return callOnce(call, name, request, work.timeoutSeconds * 1000, signal);
    },
  };
}
