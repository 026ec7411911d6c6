import { nowSeconds, type Clock } from '../core/clock';
import { BatonError, tokenInvalid } from '../core/errors';
import type { Logger } from '../core/logger';
import type { ReplayStore } from '../core/replay';
import type { VerifiedCaller } from '../identity/assertion';
import { identityFrom } from '../identity/from-transaction';
import { AssertionHeader } from '../identity/hygiene';
import { txnTokenVerifier } from '../identity/profiles/txn-token';
import { requestCheck } from '../identity/request-checks';
import type { Fetch } from '../keys/fetch-json';
import { keySourceAt } from '../keys/source';
import { deadlineSecondsOf } from '../policy/left-behind';
import type { Policy } from '../policy/policy';
import { workflowDeadlineSeconds } from '../policy/workflow-schema';
import type { ApprovalExpectations } from '../token/approval-token';
import { verifyHandOverToken, type VerifiedHandOver } from '../token/hand-over-token';
import { payloadDigest } from '../token/left-work';
import type { NamedFunction } from './function-name';
import type { Piece, ShownApproval, Voucher } from './piece';
import { verifyApproval, type GivenApproval } from './workflow-approval';
import { checkTask, longestDeadlineSeconds, workflowsServedBy, type TaskStep } from './workflow-task';

/** What vouchers are verified with besides policy and function. */
export interface VoucherOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fetch?: Fetch | undefined;
  readonly replayStore?: ReplayStore | undefined;
}

/** A verified caller, and the key under which the work may come more than once. */
export interface Vouched extends VerifiedCaller {
  readonly idempotencyKey?: string;
  /** The step of a workflow that it is, where it is one: its permission stands in place of the function's. */
  readonly step?: TaskStep;
  /** The approval that the step asks for, where it was shown. */
  readonly approval?: GivenApproval;
}

/**
 * Verifies who vouches for a piece of work.
 * @throws BatonError `token_invalid`, `identity_missing`, `identity_header_invalid`, `keys_unavailable`, …
 */
export type VerifyVoucher = (piece: Piece) => Promise<Vouched>;

/** An app's clock and a function's may be apart by this much. */
const DEFAULT_CLOCK_TOLERANCE_SECONDS = 30;
/** Longest accepted hand-over: the longest time limit of a function (300 s) with its margin. */
const MAX_HAND_OVER_SECONDS = 360;

/** Makes the verifier for all ways in which work comes to this function. */
export function voucherVerifier(policy: Policy, target: NamedFunction, options: VoucherOptions): VerifyVoucher {
  const terms = handOverTerms(policy, options);
  const takeHandOver = handOvers(terms, target, options);
  const takeTask = workflowTasks(terms, policy, target, options);
  let takeToken: ReturnType<typeof gatewayTokens> | undefined;
  return async ({ voucher, payload }) => {
    // Made when a gateway's event first comes: most functions never see one.
    if (voucher.kind === 'gateway') return (takeToken ??= gatewayTokens(policy, options))(voucher);
    return voucher.kind === 'workflow' ? takeTask(voucher) : takeHandOver(voucher, payload);
  };
}

type HandOver = Extract<Voucher, { kind: 'hand-over' }>;
type Task = Extract<Voucher, { kind: 'workflow' }>;

/** What every hand-over is verified with: the app's keys, by the policy. */
function handOverTerms(policy: Policy, { clock, fetch, logger }: VoucherOptions) {
  const { handOver } = policy;
  if (handOver === undefined)
    throw new BatonError(
      'policy_invalid',
      'The policy says nothing of hand-overs. Give it /handOver: issuer, algorithms and public keys of the app that calls.',
    );
  const { issuer, algorithms } = handOver;
  return {
    issuer,
    algorithms,
    keys: keySourceAt(handOver.keys, { algorithms, clock, logger, ...(fetch && { fetch }) }),
    clockToleranceSeconds: handOver.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
    maxLifetimeSeconds: MAX_HAND_OVER_SECONDS,
  };
}

type HandOverTerms = ReturnType<typeof handOverTerms>;

function handOvers(
  terms: HandOverTerms,
  { document }: NamedFunction,
  { clock }: VoucherOptions,
): (voucher: HandOver, payload: unknown) => Promise<Vouched> {
  const maxLeftWorkSeconds = deadlineSecondsOf(document) + MAX_HAND_OVER_SECONDS;
  const expected = { ...terms, maxLeftWorkSeconds, audiences: [document.target] };
  return async (voucher, payload) => {
    const verified = await verifyHandOverToken(voucher.token, expected, nowSeconds(clock));
    checkLeftWork(verified, voucher, payload);
    return {
      identity: identityFrom(verified, { profile: 'hand-over', issuer: terms.issuer }),
      transaction: verified.transaction,
      ...(verified.work && { idempotencyKey: verified.work.idempotencyKey }),
    };
  };
}

/** Tasks of the state machines whose steps the policy gives this function. */
function workflowTasks(
  terms: HandOverTerms,
  policy: Policy,
  { name: functionName }: NamedFunction,
  { clock }: VoucherOptions,
): (voucher: Task) => Promise<Vouched> {
  const served = workflowsServedBy(policy, functionName);
  const marginSeconds = MAX_HAND_OVER_SECONDS;
  const maxLeftWorkSeconds = longestDeadlineSeconds(served) + marginSeconds;
  const expected = { ...terms, maxLeftWorkSeconds, audiences: [...served.keys()] };
  return async ({ token, place, approval: shown }) => {
    const now = nowSeconds(clock);
    const verified = await verifyHandOverToken(token, expected, now);
    const workflow = served.get(verified.audience);
    if (workflow === undefined) throw tokenInvalid('audience', 'The hand-over is for another workflow.');
    const [name, document] = workflow;
    const step = checkTask(verified, place, { name, document, functionName, marginSeconds });
    const maxLifetimeSeconds = workflowDeadlineSeconds(document) + marginSeconds;
    const approving = { ...terms, audiences: [document.target], maxLifetimeSeconds };
    const approval = await approvalFor(step, shown, verified, approving, now);
    return {
      identity: identityFrom(verified, { profile: 'hand-over', issuer: terms.issuer }),
      transaction: verified.transaction,
      step,
      ...(approval && { approval }),
    };
  };
}

/** The approval that a step asks for. Without one that is shown, the step is refused when it is authorized. */
async function approvalFor(
  { asked }: TaskStep,
  shown: ShownApproval | undefined,
  start: VerifiedHandOver,
  expected: ApprovalExpectations,
  now: number,
): Promise<GivenApproval | undefined> {
  if (shown === undefined) return undefined;
  if (asked !== undefined) return verifyApproval(shown, asked, start, expected, now);
  // Whoever hands an approval on counts on its being checked.
  const message = 'The task shows an approval, and the policy\'s step asks for none: say "approvedBy" there.';
  throw new BatonError('event_invalid', message, { reason: 'approval' });
}

/** What was left behind is one piece of work: its hand-over is good for no other payload, and under no other key. */
function checkLeftWork(
  { work }: VerifiedHandOver,
  { idempotencyKey }: { readonly idempotencyKey?: string },
  payload: unknown,
): void {
  if (work === undefined) return;
  const isSameKey = idempotencyKey === undefined || idempotencyKey === work.idempotencyKey;
  if (isSameKey && payloadDigest(JSON.stringify(payload)) === work.payloadSha256) return;
  throw tokenInvalid('binding', 'The hand-over is for another piece of work.');
}

/** Requests that come through API Gateway with its own token. */
function gatewayTokens(
  policy: Policy,
  { clock, fetch, logger, replayStore }: VoucherOptions,
): (voucher: Extract<Voucher, { kind: 'gateway' }>) => Promise<Vouched> {
  const { edge } = policy;
  if (edge.profile !== 'txn-token') {
    throw new BatonError(
      'option_invalid',
      `Behind API Gateway the policy's edge must be txn-token, not ${edge.profile}.`,
    );
  }
  const verifier = txnTokenVerifier(edge, { clock, logger, ...(fetch && { fetch }) });
  const header = new AssertionHeader(verifier.header);
  const storeOf = (): ReplayStore => {
    if (replayStore !== undefined) return replayStore;
    // The memory of one environment of Lambda knows nothing of what the others have seen.
    throw new BatonError('option_invalid', 'With "replay": "reject", withBaton() needs the option "replayStore".');
  };
  const check = requestCheck(policy, storeOf, verifier.clockToleranceSeconds);
  return async ({ rawHeaders, route }) => {
    const assertion = header.take(rawHeaders);
    if (assertion === undefined) throw new BatonError('identity_missing', 'The request carries no identity.');
    const caller = await verifier.verify(assertion, nowSeconds(clock));
    return check === undefined ? caller : check(caller, () => route);
  };
}
