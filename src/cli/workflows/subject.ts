import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { unknownName } from '../../core/options';
import type { WorkflowDocument } from '../../policy/document';
import { POLICY_VARIABLE } from '../../policy/load';
import type { Policy } from '../../policy/policy';
import { machineArn } from '../../workflows/auditor/machines';
import { executionArn } from '../../workflows/execution-name';
import { readRunId } from '../../workflows/run-id';
import { usageErrorOf } from '../arguments';
import { environmentOf, policyOf } from '../policy/files';

/** What `baton workflows show` was asked to draw. */
export type Subject =
  | { readonly kind: 'file'; readonly file: string; readonly workflow?: NamedWorkflow }
  | { readonly kind: 'machine'; readonly arn: string; readonly workflow?: NamedWorkflow }
  | { readonly kind: 'run'; readonly arn: string; readonly workflow?: NamedWorkflow };

/** A workflow of the policy. */
export interface NamedWorkflow {
  readonly name: string;
  readonly document: WorkflowDocument;
}

/** Where the policy is. */
export interface PolicyPlace {
  readonly policy: string | undefined;
  readonly envFile: string | undefined;
}

const usage = usageErrorOf();

const ARN = /^arn:[a-z-]+:states:[a-z0-9-]+:\d{12}:([A-Za-z]+):/;
const RUN_ID = /^[A-Za-z][A-Za-z0-9._-]*~/;

/**
 * Finds out what is meant: an ARN of an execution or a state machine, a run's ID, a file, or the name of a workflow in the
 * policy. ARNs and files need no policy; where one is named, it says what each state asks for.
 *
 * @throws BatonError `option_invalid`, `run_not_found`, `policy_*`
 */
export function subjectOf(what: string, place: PolicyPlace): Subject {
  const [, type] = ARN.exec(what) ?? [];
  if (type !== undefined) return subjectOfArn(what, type, place);
  if (RUN_ID.test(what)) {
    const { workflow, execution } = readRunId(what);
    const named = workflowIn(policyAt(place), workflow);
    return { kind: 'run', arn: executionArn(named.document.target, execution), workflow: named };
  }
  if (/[/\\]|\.(json|ya?ml)$/i.test(what)) {
    if (!existsSync(what)) throw usage(`There is no file ${what}.`);
    return { kind: 'file', file: resolve(what) };
  }
  return subjectOfWorkflow(what, place);
}

function subjectOfArn(arn: string, type: string, place: PolicyPlace): Subject {
  if (type === 'express') {
    throw usage('AWS keeps no history of Express workflows: their events are in CloudWatch Logs, at level ALL.');
  }
  if (type !== 'execution' && type !== 'stateMachine')
    throw usage(`${arn} is neither an execution nor a state machine.`);
  const kind = type === 'execution' ? 'run' : 'machine';
  if (place.policy === undefined) return { kind, arn };
  const { workflows } = policyAt(place);
  const machine = machineArn(arn.replace(':execution:', ':stateMachine:'));
  const found = Object.entries(workflows).find(([, { target }]) => machineArn(target) === machine);
  return { kind, arn, ...(found && { workflow: { name: found[0], document: found[1] } }) };
}

/** Its file, where the policy names one; else as it stands in AWS. */
function subjectOfWorkflow(name: string, place: PolicyPlace): Subject {
  const workflow = workflowIn(policyAt(place), name);
  const { definition, target } = workflow.document;
  if (definition === undefined) return { kind: 'machine', arn: target, workflow };
  const file = place.policy ?? environmentOf(place.envFile)[POLICY_VARIABLE] ?? process.env[POLICY_VARIABLE] ?? '';
  return { kind: 'file', file: resolve(dirname(resolve(file)), definition), workflow };
}

const policyAt = ({ policy, envFile }: PolicyPlace): Policy => policyOf(policy, envFile);

function workflowIn({ workflows }: Policy, name: string): NamedWorkflow {
  const document = Object.hasOwn(workflows, name) ? workflows[name] : undefined;
  if (document !== undefined) return { name, document };
  throw usage(`The policy's workflow ${unknownName(name, Object.keys(workflows))}.`);
}

/** What the policy asks for in each state. */
export function needsOf({ steps = {}, approvals = {} }: WorkflowDocument): Record<string, string> {
  const ofSteps = Object.entries(steps).map(([state, { permission, approvedBy }]) => {
    const after = approvedBy === undefined ? '' : `, approved in ${approvedBy}`;
    return [state, `needs ${permission}${after}`];
  });
  const ofApprovals = Object.entries(approvals).map(([state, { permission, ownRequests }]) => {
    const whose = ownRequests === true ? '' : ', not the starter';
    return [state, `decided with ${permission}${whose}`];
  });
  return Object.fromEntries([...ofSteps, ...ofApprovals]) as Record<string, string>;
}
