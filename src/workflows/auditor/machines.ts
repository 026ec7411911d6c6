import type { WorkflowDocument } from '../../policy/document';
import type { Policy } from '../../policy/policy';

/** A workflow of the policy, by its name there. */
export interface NamedWorkflow {
  readonly name: string;
  readonly document: WorkflowDocument;
}

/** A state machine, and the workflows that are it: versions and aliases have ARNs of their own. */
export interface AuditedMachine {
  readonly arn: string;
  readonly workflows: readonly NamedWorkflow[];
}

/** The workflows of a policy that are followed. */
export function auditedWorkflows(
  { workflows }: Policy,
  names: readonly string[] | undefined,
): readonly NamedWorkflow[] {
  return Object.entries(workflows)
    .filter(([name]) => names?.includes(name) ?? true)
    .map(([name, document]) => ({ name, document }));
}

/** The ARN without the version or alias: under it AWS lists the executions of them all. */
export const machineArn = (target: string): string => target.split(':').slice(0, 7).join(':');

/** The state machines of Standard workflows. */
export function standardMachines(workflows: readonly NamedWorkflow[]): readonly AuditedMachine[] {
  const byArn = new Map<string, NamedWorkflow[]>();
  for (const workflow of workflows) {
    if (workflow.document.type === 'EXPRESS') continue;
    const arn = machineArn(workflow.document.target);
    byArn.set(arn, [...(byArn.get(arn) ?? []), workflow]);
  }
  return [...byArn].map(([arn, of]) => ({ arn, workflows: of }));
}

/** The workflow that an execution belongs to, by the version or alias that it was started with. */
export function workflowOf(
  { workflows }: AuditedMachine,
  { stateMachineAliasArn, stateMachineVersionArn }: Readonly<Record<string, unknown>>,
): NamedWorkflow | undefined {
  const targets = [stateMachineAliasArn, stateMachineVersionArn];
  return workflows.find(({ document }) => targets.includes(document.target)) ?? workflows[0];
}
