import { requireCaller, type Caller } from '../context/caller';
import { callerFields } from '../core/audited';
import type { AwsCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { definedMembers } from '../core/objects';
import type { KeyFinder } from '../jws/keys';
import type { WorkflowDocument } from '../policy/document';
import { refusalAdvice } from '../policy/refusal-advice';
import { workflowError } from './errors';
import { executionArn } from './execution-name';
import { PassedStates, type PassedState } from './history';
import { starterOf, type DescribedExecution } from './owner';
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
  /** Whether there were more states than `states` holds. */
  readonly truncated: boolean;
}

/** What a look at an execution is made with. */
export interface LookTerms {
  readonly rules: WorkflowRules;
  readonly keys: KeyFinder;
  readonly access: () => SfnAccess;
  readonly credentialsFor: (
    workflow: string,
    caller: Caller,
    arn: string,
    actions: readonly string[],
  ) => Promise<AwsCredentials | undefined>;
}

const SEE = ['states:DescribeExecution', 'states:GetExecutionHistory'];
const STOP = ['states:DescribeExecution', 'states:StopExecution'];
const MAX_STATES = 1000;
const MAX_PAGE = 1000;

/** An execution that the caller may look at, and the client to do so with. */
interface OpenedRun extends RunName {
  readonly arn: string;
  readonly caller: Caller;
  readonly described: Awaited<ReturnType<typeof describe>>;
  readonly sdk: SfnAccess['sdk'];
  readonly client: ReturnType<SfnAccess['client']>;
}

/** @throws BatonError `run_not_found`, `workflow_*` */
async function describe({ sdk, client, arn, workflow }: Pick<OpenedRun, 'sdk' | 'client' | 'arn' | 'workflow'>) {
  try {
    return await client.send(new sdk.DescribeExecutionCommand({ executionArn: arn }));
  } catch (thrown) {
    if ((thrown as Error).name === 'ExecutionDoesNotExist') throw runNotFound('AWS knows none.', 'unknown', thrown);
    throw workflowError({ name: workflow, arn, action: 'states:DescribeExecution' }, thrown);
  }
}

/**
 * Finds an execution and decides whether it is this caller's: the caller must still hold the workflow's permission, and have
 * started it; or see everybody's, by a role that the policy names. The decision is in the audit trail.
 *
 * @throws BatonError `identity_missing`, `permission_denied`, `run_not_found`, `workflow_*`
 */
async function open(id: string, action: 'see' | 'cancel', terms: LookTerms): Promise<OpenedRun> {
  const name = readRunId(id);
  const { workflow, execution } = name;
  const caller = requireCaller(workflow);
  const { policy } = terms.rules;
  if (!Object.hasOwn(policy.workflows, workflow)) throw runNotFound('The policy has no such workflow.', 'workflow');
  const document = workflowNamed(terms.rules, workflow);
  if (document.type === 'EXPRESS') throw runNotFound('AWS describes no Express workflows.', 'express');
  const look: Look = { caller, document, name, action };
  authorize(look, terms);
  const arn = executionArn(document.target, execution);
  const credentials = await terms.credentialsFor(workflow, caller, arn, action === 'see' ? SEE : STOP);
  const { sdk, client: clientFor } = terms.access();
  const client = clientFor(credentials);
  const described = await describe({ sdk, client, arn, workflow });
  await decide({ ...described, name: execution }, look, terms);
  return { ...name, arn, caller, described, sdk, client };
}

/** Who wants to do what with which execution. */
interface Look {
  readonly caller: Caller;
  readonly document: WorkflowDocument;
  readonly name: RunName;
  readonly action: 'see' | 'cancel';
}

interface Decided {
  readonly outcome: 'allowed' | 'denied';
  readonly reason: string;
  readonly as?: 'starter' | 'viewer';
}

function audit({ caller: { record, user }, name: { workflow, execution }, action }: Look, decided: Decided): void {
  record.audit.record({
    event: 'workflow_run',
    workflow,
    execution,
    action,
    ...decided,
    ...callerFields(user),
  });
}

function authorize(look: Look, { rules: { policy } }: LookTerms): void {
  const { caller, document, name } = look;
  const { permission } = document;
  const { allowed, reason } = (caller.record.policy ?? policy).decidePermission(caller.user, permission);
  if (allowed) return;
  audit(look, { outcome: 'denied', reason });
  const advice = refusalAdvice(policy, reason, permission, caller.user);
  throw new BatonError('permission_denied', `The policy refuses "${name.workflow}": ${reason}. ${advice}`, { reason });
}

async function decide(
  described: DescribedExecution,
  look: Look,
  { rules: { policy, handOver }, keys }: LookTerms,
): Promise<void> {
  const { caller, document, action } = look;
  const { user, record } = caller;
  if ((await starterOf(described, document, handOver, keys)) === user.subject) {
    audit(look, { outcome: 'allowed', reason: 'granted', as: 'starter' });
    return;
  }
  const viewers = [document.viewers ?? []].flat();
  const isViewer = viewers.some((role) => (record.policy ?? policy).decideRole(user, role).allowed);
  if (isViewer && action === 'see') {
    audit(look, { outcome: 'allowed', reason: 'granted', as: 'viewer' });
    return;
  }
  audit(look, { outcome: 'denied', reason: 'not_starter' });
  throw runNotFound('It was started by somebody else, or without Baton.', 'not_starter');
}

/**
 * Looks at an execution: how it stands, and the states that it passed.
 * @throws BatonError `identity_missing`, `permission_denied`, `run_not_found`, `workflow_*`
 */
export async function seeRun(id: string, terms: LookTerms): Promise<WorkflowRun> {
  const run = await open(id, 'see', terms);
  const { status, startDate, stopDate, error } = run.described;
  const states = await passedStates(run);
  const isOpen = status === 'RUNNING';
  return definedMembers<WorkflowRun>({
    id,
    workflow: run.workflow,
    status: status ?? 'RUNNING',
    startedAt: startDate ?? new Date(NaN),
    endedAt: stopDate,
    error,
    currentStates: isOpen ? states.filter(({ exitedAt }) => exitedAt === undefined).map(({ name }) => name) : [],
    states: states.slice(-MAX_STATES),
    truncated: states.length > MAX_STATES,
  });
}

async function passedStates({ arn, workflow, sdk, client }: OpenedRun): Promise<readonly PassedState[]> {
  const passed = new PassedStates();
  let nextToken: string | undefined;
  try {
    do {
      const command = new sdk.GetExecutionHistoryCommand({
        executionArn: arn,
        // Inputs and outputs are no client's business, and may be 256 KB each.
        includeExecutionData: false,
        maxResults: MAX_PAGE,
        ...(nextToken !== undefined && { nextToken }),
      });
      const page = await client.send(command);
      page.events?.forEach((event) => passed.add(event));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
  } catch (thrown) {
    throw workflowError({ name: workflow, arn, action: 'states:GetExecutionHistory' }, thrown);
  }
  return passed.states;
}

/**
 * Ends an execution. One that has ended stays as it is.
 * @throws BatonError `identity_missing`, `permission_denied`, `run_not_found`, `workflow_*`
 */
export async function cancelRun(id: string, terms: LookTerms): Promise<void> {
  const { arn, workflow, caller, described, sdk, client } = await open(id, 'cancel', terms);
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
