import type { WorkflowDocument } from '../../policy/document';
import type { Policy } from '../../policy/policy';

/** A workflow of the policy, by its name there. */
export interface NamedWorkflow {
  readonly name: string;
  readonly document: WorkflowDocument;
}

/** The workflows of a policy. */
export interface AuditedWorkflows {
  readonly all: readonly NamedWorkflow[];
  /** Those among them whose executions are written. */
  readonly followed: readonly NamedWorkflow[];
}

/** A state machine, and the workflows that are it: versions and aliases have ARNs of their own. */
export interface AuditedMachine extends AuditedWorkflows {
  readonly arn: string;
}

/** @param names of those that are followed; undefined: all */
export function auditedWorkflows({ workflows }: Policy, names: readonly string[] | undefined): AuditedWorkflows {
  const all = Object.entries(workflows).map(([name, document]) => ({ name, document }));
  return { all, followed: all.filter(({ name }) => names?.includes(name) ?? true) };
}

/** The ARN without the version or alias: under it AWS lists the executions of them all. */
export const machineArn = (target: string): string => target.split(':').slice(0, 7).join(':');

/** The state machine of a workflow, with all workflows that are it. */
export function machineOf({ document }: NamedWorkflow, { all, followed }: AuditedWorkflows): AuditedMachine {
  const arn = machineArn(document.target);
  const isOfIt = (one: NamedWorkflow): boolean => machineArn(one.document.target) === arn;
  return { arn, all: all.filter(isOfIt), followed: followed.filter(isOfIt) };
}

/** The state machines of Standard workflows that are followed. */
export function standardMachines({ all, followed }: AuditedWorkflows): readonly AuditedMachine[] {
  const isStandard = ({ document }: NamedWorkflow): boolean => document.type !== 'EXPRESS';
  const standard = { all: all.filter(isStandard), followed: followed.filter(isStandard) };
  const machines = standard.followed.map((workflow) => machineOf(workflow, standard));
  return [...new Map(machines.map((machine) => [machine.arn, machine])).values()];
}

/**
 * The workflow that an execution belongs to, by what it was started with: an alias, which brings a version along, a version,
 * or neither. What the policy does not name counts as the first one that is followed.
 */
export function workflowOf(
  { all, followed }: AuditedMachine,
  { stateMachineAliasArn, stateMachineVersionArn, stateMachineArn }: Readonly<Record<string, unknown>>,
): NamedWorkflow | undefined {
  const by = [stateMachineAliasArn, stateMachineVersionArn].filter((arn) => typeof arn === 'string');
  // AWS tells the plain ARN of every execution; it is what was started only where there is no alias and no version.
  const targets: readonly unknown[] = by.length > 0 ? by : [stateMachineArn];
  for (const target of targets) {
    const found = all.find(({ document }) => document.target === target);
    if (found !== undefined) return found;
  }
  return followed[0];
}

/** Whether executions of this name are written. One that the policy has no more is: what was begun is brought to its end. */
export function isFollowed({ all, followed }: AuditedMachine, workflow: string): boolean {
  const isOfThis = ({ name }: NamedWorkflow): boolean => name === workflow;
  return followed.some(isOfThis) || !all.some(isOfThis);
}
