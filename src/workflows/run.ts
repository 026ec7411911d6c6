import { checkStillValid, requireCaller, type Caller } from '../context/caller';
import { callerFields } from '../core/audited';
import { nowSeconds, type Clock } from '../core/clock';
import type { AwsCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { definedMembers } from '../core/objects';
import { identityFrom } from '../identity/from-transaction';
import type { KeyFinder } from '../jws/keys';
import type { WorkflowDocument } from '../policy/document';
import { refusalAdvice } from '../policy/refusal-advice';
import { decidableOf, decidableStates, waitingApprovals } from './approver';
import { workflowError } from './errors';
import { executionArn } from './execution-name';
import { PassedStates, type PassedState } from './history';
import { historyPages } from './history-pages';
import { startOf, type DescribedExecution } from './owner';
import { PendingApprovals, type PendingApproval } from './pending-approvals';
import { workflowNamed, type WorkflowRules } from './prepare';
import { readRunId, runNotFound, type RunName } from './run-id';
import type { SfnAccess } from './sfn-client';

/** How an execution stands. */
export interface WorkflowRun {
  readonly id: string;
  /** The workflow's name in the policy. */
  readonly workflow: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';
  readonly startedAt: Date;
  /** When it ended, where it has. */
  readonly endedAt?: Date;
  /** The name of the error that it ended with. Its text is in AWS alone: nobody knows what it quotes. */
  readonly error?: string;
  /** The states at work: more than one in parallel branches and maps. */
  readonly currentStates: readonly string[];
  /** The states passed, the first entered first; of more than 1000 the last 1000. */
  readonly states: readonly PassedState[];
  /** The states that wait for somebody's decision: what `decide()` takes. */
  readonly pendingApprovals: readonly PendingApproval[];
  /** Whether there were more states than `states` holds. */
  readonly truncated: boolean;
}

/** What a look at an execution is made with. */
export interface LookTerms {
  readonly rules: WorkflowRules;
  readonly keys: KeyFinder;
  readonly access: () => SfnAccess;
  readonly clock: Clock;
  readonly credentialsFor: (
    workflow: string,
    caller: Caller,
    arn: string,
    actions: readonly string[],
    /** The state that the caller decides, where its permission is what the call is made by. */
    approval?: string,
  ) => Promise<AwsCredentials | undefined>;
}

const SEE = ['states:DescribeExecution', 'states:GetExecutionHistory'];
const STOP = ['states:DescribeExecution', 'states:StopExecution'];

/** What is to be done with an execution. */
export type RunAction = 'see' | 'follow' | 'cancel';

/** Why an execution is open to its caller. */
export type RunRight = 'starter' | 'viewer' | 'approver';

/** An execution that the caller may look at, and the client to do so with. */
export interface OpenedRun extends RunName {
  readonly arn: string;
  readonly as: RunRight;
  readonly caller: Caller;
  readonly described: Awaited<ReturnType<typeof describe>>;
  readonly sdk: SfnAccess['sdk'];
  readonly client: ReturnType<SfnAccess['client']>;
  /** The client with the caller's credentials of the moment. */
  readonly signIn: () => Promise<ReturnType<SfnAccess['client']>>;
}

/** @throws BatonError `run_not_found`, `workflow_*` */
export async function describe({ sdk, client, arn, workflow }: Pick<OpenedRun, 'sdk' | 'client' | 'arn' | 'workflow'>) {
  try {
    return await client.send(new sdk.DescribeExecutionCommand({ executionArn: arn }));
  } catch (thrown) {
    if ((thrown as Error).name === 'ExecutionDoesNotExist') throw runNotFound('AWS knows none.', 'unknown', thrown);
    throw workflowError({ name: workflow, arn, action: 'states:DescribeExecution' }, thrown);
  }
}

/**
 * Finds an execution and decides whether it is this caller's: the caller must still hold the workflow's permission, and have
 * started it; or see everybody's, by a role that the policy names; or be asked for a decision that it waits for. The
 * decision is in the audit trail.
 *
 * @throws BatonError `identity_missing`, `token_invalid`, `permission_denied`, `run_not_found`, `workflow_*`
 */
export async function openRun(id: string, action: RunAction, terms: LookTerms): Promise<OpenedRun> {
  const name = readRunId(id);
  const { workflow, execution } = name;
  const caller = requireCaller(workflow);
  checkStillValid(workflow, caller, nowSeconds(terms.clock));
  const { policy } = terms.rules;
  if (!Object.hasOwn(policy.workflows, workflow)) throw runNotFound('The policy has no such workflow.', 'workflow');
  const document = workflowNamed(terms.rules, workflow);
  if (document.type === 'EXPRESS') throw runNotFound('AWS describes no Express workflows.', 'express');
  const decides = action === 'cancel' ? [] : decidableStates(document, caller, policy);
  const look: RunLook = { caller, document, name, action, decides };
  const mayStart = authorize(look, terms);
  const arn = executionArn(document.target, execution);
  const actions = action === 'cancel' ? STOP : SEE;
  const { sdk, client: clientFor } = terms.access();
  const signIn = async (): Promise<OpenedRun['client']> =>
    clientFor(await terms.credentialsFor(workflow, caller, arn, actions, mayStart ? undefined : decides[0]));
  const client = await signIn();
  const described = await describe({ sdk, client, arn, workflow });
  const as = await decide({ ...described, name: execution }, { ...look, mayStart, arn, sdk, client }, terms);
  return { ...name, arn, as, caller, described, sdk, client, signIn };
}

/** Who wants to do what with which execution. */
interface RunLook {
  readonly caller: Caller;
  readonly document: WorkflowDocument;
  readonly name: RunName;
  readonly action: RunAction;
  /** The states whose decision is the caller's by permission. */
  readonly decides: readonly string[];
}

/** The same, with the way to its history. */
interface OpeningRun extends RunLook, Pick<OpenedRun, 'arn' | 'sdk' | 'client'> {
  /** Whether the caller holds the workflow's own permission: whoever decides others' requests need not. */
  readonly mayStart: boolean;
}

interface Decided {
  readonly outcome: 'allowed' | 'denied';
  readonly reason: string;
  readonly as?: RunRight;
}

function audit({ caller: { record, user }, name: { workflow, execution }, action }: RunLook, decided: Decided): void {
  record.audit.record({
    event: 'workflow_run',
    workflow,
    execution,
    action,
    ...decided,
    ...callerFields(user),
  });
}

/** @returns whether the caller holds the workflow's permission; whoever only decides its approvals does not */
function authorize(look: RunLook, { rules: { policy } }: LookTerms): boolean {
  const { caller, document, name, decides } = look;
  const { permission } = document;
  const { allowed, reason } = (caller.record.policy ?? policy).decidePermission(caller.user, permission);
  if (allowed || decides.length > 0) return allowed;
  audit(look, { outcome: 'denied', reason });
  const advice = refusalAdvice(policy, reason, permission, caller.user);
  throw new BatonError('permission_denied', `The policy refuses "${name.workflow}": ${reason}. ${advice}`, { reason });
}

async function decide(described: DescribedExecution, look: OpeningRun, terms: LookTerms): Promise<RunRight> {
  const as = await rightOf(described, look, terms);
  if (as !== undefined) {
    audit(look, { outcome: 'allowed', reason: 'granted', as });
    return as;
  }
  audit(look, { outcome: 'denied', reason: 'not_starter' });
  throw runNotFound('It was started by somebody else, or without Baton.', 'not_starter');
}

async function rightOf(
  described: DescribedExecution & { readonly status?: string | undefined },
  look: OpeningRun,
  { rules: { policy, handOver }, keys }: LookTerms,
): Promise<RunRight | undefined> {
  const { caller, document, action, mayStart, name, arn, decides } = look;
  const { user, record } = caller;
  const start = await startOf(described, document, handOver, keys);
  if (mayStart && start?.transaction.sub === user.subject) return 'starter';
  const viewers = [document.viewers ?? []].flat();
  const isViewer = viewers.some((role) => (record.policy ?? policy).decideRole(user, role).allowed);
  if (mayStart && isViewer && action !== 'cancel') return 'viewer';
  if (start === undefined || described.status !== 'RUNNING') return undefined;
  const asking = identityFrom(start, { profile: 'hand-over', issuer: handOver.issuer });
  const states = decidableOf(decides, document, asking, caller, policy);
  if (states.length === 0) return undefined;
  const waiting = await waitingApprovals(look, { executionArn: arn, workflow: name.workflow }, document);
  return waiting.some(({ state }) => states.includes(state)) ? 'approver' : undefined;
}

/**
 * Looks at an execution: how it stands, and the states that it passed.
 * @throws BatonError `identity_missing`, `token_invalid`, `permission_denied`, `run_not_found`, `workflow_*`
 */
export async function seeRun(id: string, terms: LookTerms): Promise<WorkflowRun> {
  const run = await openRun(id, 'see', terms);
  const { status, startDate, stopDate, error } = run.described;
  const { passed, pending } = await readHistory(run, terms.rules);
  return definedMembers<WorkflowRun>({
    id,
    workflow: run.workflow,
    status: status ?? 'RUNNING',
    startedAt: startDate ?? new Date(NaN),
    endedAt: stopDate,
    error,
    currentStates: status === 'RUNNING' ? passed.current : [],
    states: passed.states,
    pendingApprovals: status === 'RUNNING' ? pending : [],
    truncated: passed.truncated,
  });
}

async function readHistory(
  { arn, workflow, sdk, client }: OpenedRun,
  rules: WorkflowRules,
): Promise<{ readonly passed: PassedStates; readonly pending: readonly PendingApproval[] }> {
  const passed = new PassedStates();
  const approvals = new PendingApprovals(workflowNamed(rules, workflow));
  // Inputs and outputs are no client's business.
  for await (const events of historyPages({ sdk, client }, { executionArn: arn, workflow })) {
    for (const event of events) approvals.add(event, passed.add(event));
  }
  return { passed, pending: approvals.among(passed.open).map(({ state, since }) => ({ state, since })) };
}

/**
 * Ends an execution. One that has ended stays as it is.
 * @throws BatonError `identity_missing`, `token_invalid`, `permission_denied`, `run_not_found`, `workflow_*`
 */
export async function cancelRun(id: string, terms: LookTerms): Promise<void> {
  const { arn, workflow, caller, described, sdk, client } = await openRun(id, 'cancel', terms);
  if (described.status !== 'RUNNING' && described.status !== 'PENDING_REDRIVE') return;
  const { correlationId } = caller.record.context;
  const command = new sdk.StopExecutionCommand({
    executionArn: arn,
    error: 'Cancelled',
    cause: `By who started it; correlation ID ${correlationId}.`,
  });
  try {
    await client.send(command);
  } catch (thrown) {
    throw workflowError({ name: workflow, arn, action: 'states:StopExecution' }, thrown);
  }
}
