import { BatonError } from '../core/errors';
import { namePrefix } from './execution-name';

/** Which execution of which workflow is meant. */
export interface RunName {
  /** The workflow's name in the policy. */
  readonly workflow: string;
  /** The execution's name. */
  readonly execution: string;
}

/** What clients call an execution: the workflow's name, and the part of the execution's name that is its own. */
export function runIdOf({ workflow, execution }: RunName): string {
  return `${workflow}~${execution.slice(namePrefix(workflow).length)}`;
}

/**
 * Reads what a client calls an execution.
 * @throws BatonError `run_not_found`
 */
export function readRunId(id: string): RunName {
  const [, workflow, own] = /^([A-Za-z][A-Za-z0-9._-]{0,63})~([0-9A-Za-z_-]{43})$/.exec(id) ?? [];
  if (workflow === undefined || own === undefined) throw runNotFound('The ID is none of an execution.', 'id');
  return { workflow, execution: `${namePrefix(workflow)}${own}` };
}

/** What is not there and what is not this caller's have one answer. */
export function runNotFound(message: string, reason: string, cause?: unknown): BatonError {
  return new BatonError('run_not_found', message, { reason, ...(cause !== undefined && { cause }) });
}
