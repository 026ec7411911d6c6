import { checkStillValid, requireCaller, type Caller } from '../context/caller';
import { callerFields } from '../core/audited';
import { nowSeconds } from '../core/clock';
import { BatonError } from '../core/errors';
import { definedMembers } from '../core/objects';
import { sentOnce } from '../credentials/corrected-clock';
import { identityFrom } from '../identity/from-transaction';
import type { Signer } from '../jws/sign';
import type { ApprovalDocument, WorkflowDocument } from '../policy/document';
import { isOwnRequest } from '../policy/own-request';
import { refusalAdvice } from '../policy/refusal-advice';
import { approvalOf } from '../policy/workflow-document';
import { commentDigest, mintApprovalToken } from '../token/approval-token';
import type { VerifiedHandOver } from '../token/hand-over-token';
import { waitingApprovals } from './approver';
import { readDecision, REJECTED, type ApprovalDecision, type DecisionRecord } from './decision';
import { workflowError } from './errors';
import { executionArn } from './execution-name';
import { historyPages } from './history-pages';
import { startOf } from './owner';
import { describe, type LookTerms } from './run';
import { readRunId, runNotFound, type RunName } from './run-id';
import type { SfnAccess } from './sfn-client';
import { taskTokenOf } from './task-token';

/** What a decision is made with. */
export interface DecideTerms extends LookTerms {
  readonly signer: Signer;
}

const SEND = { approve: 'states:SendTaskSuccess', reject: 'states:SendTaskFailure' } as const;
const LOOK = ['states:DescribeExecution', 'states:GetExecutionHistory'];

/** Who decides what of which execution. */
interface Deciding extends ApprovalDecision {
  readonly name: RunName;
  readonly arn: string;
  readonly caller: Caller;
  readonly document: WorkflowDocument;
  readonly approval: ApprovalDocument;
}

/** The execution, read and verified. */
interface Waiting {
  /** The hand-over of who started it. */
  readonly start: VerifiedHandOver;
  readonly token: string;
}

type Client = ReturnType<SfnAccess['client']>;

const notPending = (reason: string, message: string, cause?: unknown): BatonError =>
  new BatonError('approval_not_pending', message, { reason, ...(cause !== undefined && { cause }) });

/**
 * Decides a state that waits for a person, as the caller of the work at hand: who may, and has not asked for it, and while it
 * waits. The app keeps no task token: it is read in the history at that moment, and goes back to AWS alone.
 *
 * @throws BatonError `input_invalid`, `identity_missing`, `token_invalid`, `permission_denied`, `run_not_found`,
 *   `approval_not_pending`, `signer_unavailable`, `workflow_*`
 */
export async function decideApproval(id: string, given: unknown, terms: DecideTerms): Promise<void> {
  const deciding = readRequest(id, given, terms);
  const { caller, name, arn, decision, state } = deciding;
  authorize(deciding, terms);
  const credentials = await terms.credentialsFor(name.workflow, caller, arn, [...LOOK, SEND[decision]], state);
  const access = terms.access();
  // The SDK's logger hears of neither call: the token is in both, and not every version of the SDK leaves it out.
  const waiting = await findWaiting(deciding, access, access.quietClient(credentials), terms);
  const record = await recordOf(deciding, waiting.start, terms);
  audit(deciding, { outcome: 'allowed', reason: 'granted' }, waiting.start);
  try {
    await send(access, access.quietOnceClient(credentials), deciding, waiting.token, record);
  } catch (thrown) {
    // The line before says that it was sent; this one, that it did not arrive, or that nobody knows.
    const { code } = thrown as BatonError;
    const reason = code === 'approval_not_pending' ? 'not_pending' : 'unsent';
    audit(deciding, { outcome: 'denied', reason, code }, waiting.start);
    throw thrown;
  }
}

function readRequest(id: string, given: unknown, { rules, clock }: DecideTerms): Deciding {
  const decision = readDecision(given);
  const name = readRunId(id);
  const { workflow, execution } = name;
  const caller = requireCaller(workflow);
  checkStillValid(workflow, caller, nowSeconds(clock));
  const { workflows } = rules.policy;
  const document = Object.hasOwn(workflows, workflow) ? workflows[workflow] : undefined;
  if (document === undefined) throw runNotFound('The policy has no such workflow.', 'workflow');
  const approval = approvalOf(document, decision.state);
  if (approval === undefined) throw runNotFound('The policy has no such approval in the workflow.', 'approval');
  return { ...decision, name, caller, document, approval, arn: executionArn(document.target, execution) };
}

interface Outcome {
  readonly outcome: 'allowed' | 'denied';
  readonly reason: string;
  readonly code?: string;
}

/** The comment is not in it: the trail names who did what, and no free text of theirs. */
function audit({ caller, name, state, decision }: Deciding, outcome: Outcome, start?: VerifiedHandOver): void {
  caller.record.audit.record({
    event: 'workflow_decision',
    workflow: name.workflow,
    execution: name.execution,
    state,
    decision,
    ...outcome,
    ...(start && { starter: start.transaction.sub }),
    ...callerFields(caller.user),
  });
}

function authorize(deciding: Deciding, { rules: { policy } }: DecideTerms): void {
  const { caller, approval, state, name } = deciding;
  const { permission } = approval;
  const { allowed, reason } = (caller.record.policy ?? policy).decidePermission(caller.user, permission);
  if (allowed) return;
  audit(deciding, { outcome: 'denied', reason });
  const advice = refusalAdvice(policy, reason, permission, caller.user);
  const message = `The policy refuses the decision of "${state}" in "${name.workflow}": ${reason}. ${advice}`;
  throw new BatonError('permission_denied', message, { reason });
}

async function findWaiting(
  deciding: Deciding,
  { sdk }: SfnAccess,
  client: Client,
  { rules: { policy, handOver }, keys, clock }: DecideTerms,
): Promise<Waiting> {
  const { arn, name, document, approval, caller, decision } = deciding;
  const described = await describe({ sdk, client, arn, workflow: name.workflow });
  const start = await startOf({ ...described, name: name.execution }, document, handOver, keys);
  if (start === undefined) {
    audit(deciding, { outcome: 'denied', reason: 'not_verified' });
    throw runNotFound('It was started without Baton: nobody knows whose request it is.', 'not_verified');
  }
  const asking = identityFrom(start, { profile: 'hand-over', issuer: handOver.issuer });
  if (approval.ownRequests !== true && isOwnRequest(policy, asking, caller.user)) {
    audit(deciding, { outcome: 'denied', reason: 'own_request' }, start);
    const message = `Nobody decides a request of their own; /workflows/${name.workflow}/approvals can say otherwise (ownRequests).`;
    throw new BatonError('permission_denied', message, { reason: 'own_request' });
  }
  try {
    if (described.status !== 'RUNNING') throw notPending('ended', 'The execution does not run any more.');
    if (decision === 'approve' && nowSeconds(clock) >= start.expiresAt) {
      throw notPending('deadline', "The workflow's deadline has passed: none of its steps would take the approval.");
    }
    return { start, token: await waitingToken(deciding, { sdk, client }) };
  } catch (thrown) {
    const { code, reason } = thrown as BatonError;
    if (code === 'approval_not_pending') audit(deciding, { outcome: 'denied', reason: reason ?? code }, start);
    throw thrown;
  }
}

/** The token of the one attempt that waits: another one's would decide what nobody asked about. */
async function waitingToken(
  { arn, name: { workflow }, document, state, since }: Deciding,
  reader: { readonly sdk: SfnAccess['sdk']; readonly client: Client },
): Promise<string> {
  const waiting = await waitingApprovals(reader, { executionArn: arn, workflow }, document);
  const [task, ...others] = waiting.filter((one) => one.state === state);
  if (task === undefined) throw notPending('not_waiting', `The state "${state}" does not wait for a decision.`);
  if (others.length > 0) {
    throw notPending(
      'several',
      `The state "${state}" waits ${others.length + 1} times (Map): nobody can say which is meant.`,
    );
  }
  if (since !== undefined && task.since.getTime() !== new Date(since).getTime()) {
    throw notPending('other_attempt', `The state "${state}" waits anew: not what the decision was made about.`);
  }
  const { scheduledEventId } = task;
  const withData = { executionArn: arn, workflow, afterEventId: scheduledEventId - 1, includeExecutionData: true };
  for await (const events of historyPages(reader, withData)) {
    const token = taskTokenOf(events.find(({ id }) => id === scheduledEventId)?.taskScheduledEventDetails ?? {});
    if (token !== undefined) return token;
    break;
  }
  const message = `The state "${state}" hands on no "taskToken" where docs/approvals.md says, so it cannot be decided here.`;
  throw new BatonError('workflow_failed', message, { reason: 'task_token' });
}

/** What the state machine is told; an approval with its proof. */
async function recordOf(
  { caller, name, document, decision, state, comment }: Deciding,
  { work, expiresAt }: VerifiedHandOver,
  { rules, signer, clock }: DecideTerms,
): Promise<DecisionRecord> {
  const now = nowSeconds(clock);
  const { user, transaction, record } = caller;
  const told = { decision, subject: user.subject, comment, correlationId: record.context.correlationId };
  const decidedAt = new Date(now * 1000).toISOString();
  if (decision === 'reject') return definedMembers<DecisionRecord>({ ...told, decidedAt });
  const approved = {
    execution: name.execution,
    inputSha256: work?.payloadSha256 ?? '',
    state,
    ...(comment !== undefined && { commentSha256: commentDigest(comment) }),
  };
  const terms = {
    issuer: rules.handOver.issuer,
    audience: document.target,
    requestingWorkload: rules.policy.application,
    expiresAt,
    approved,
  };
  const handOver = await mintApprovalToken(transaction, terms, signer, now);
  return definedMembers<DecisionRecord>({ ...told, decidedAt, handOver });
}

/** AWS's answers for a token whose task is over: decided by somebody else, timed out, tried again, ended. */
const OVER = ['TaskDoesNotExist', 'TaskTimedOut', 'InvalidToken'];

async function send(
  { sdk }: SfnAccess,
  client: Client,
  { decision, name, state }: Deciding,
  taskToken: string,
  record: DecisionRecord,
): Promise<void> {
  try {
    if (decision === 'approve') {
      const success = new sdk.SendTaskSuccessCommand({ taskToken, output: JSON.stringify(record) });
      await sentOnce(() => client.send(success));
    } else {
      const failure = new sdk.SendTaskFailureCommand({ taskToken, error: REJECTED, cause: JSON.stringify(record) });
      await sentOnce(() => client.send(failure));
    }
  } catch (thrown) {
    const cause = withoutToken(thrown as AwsError, taskToken);
    if (OVER.includes(cause.name)) {
      throw notPending('over', `The state "${state}" does not wait any more: ${cause.name}.`, cause);
    }
    // It is allowed for all resources or not at all.
    throw workflowError({ name: name.workflow, arn: '*', action: SEND[decision] }, cause);
  }
}

type AwsError = Error & { readonly $metadata?: object; readonly code?: unknown };

/** What AWS says of a request quotes what it does not like of it, and the SDK keeps the answer with its error. */
function withoutToken({ name, message, $metadata, code }: AwsError, token: string): AwsError {
  const error = new Error(message.replaceAll(token, '…'));
  return Object.assign(error, { name, ...($metadata && { $metadata }), ...(code !== undefined && { code }) });
}
