import { checkDefinition, type DefinitionFault } from './asl/check';
import type { StateMachine } from './asl/definition';
import { resourceCheck } from './integrations';
import { ServiceError, validationError } from './service-error';

export type StateMachineType = 'STANDARD' | 'EXPRESS';

/** A state machine that was loaded. */
export interface LoadedMachine {
  readonly name: string;
  readonly arn: string;
  readonly type: StateMachineType;
  readonly roleArn: string;
  /** As it was given. */
  readonly definitionText: string;
  readonly definition: StateMachine;
  readonly createdAtMs: number;
}

/** Names of machines and executions. Source: Step Functions API reference, `StartExecution`, parameter `name`. */
const BAD_CHARACTER = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udfff]/u;

/**
 * Checks a name.
 * @throws ServiceError `InvalidName`, `ValidationException`
 */
export function checkName(name: string): void {
  if (name.length > 80) throw validationError(name, 'name', 'Member must have length less than or equal to 80');
  if (name === '') throw validationError(name, 'name', 'Member must have length greater than or equal to 1');
  if (BAD_CHARACTER.test(name)) throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
}

/** A definition's faults in one sentence, as `CreateStateMachine` answers. */
function faultText(faults: readonly DefinitionFault[]): string {
  return faults.map(({ code, message, pointer }) => `${code}: ${message} at ${pointer}`).join(', ');
}

/**
 * Reads a definition.
 * @throws ServiceError `InvalidDefinition`
 */
export function readMachineText(definitionText: string, type: StateMachineType): StateMachine {
  const refuse = (what: string): ServiceError =>
    new ServiceError('InvalidDefinition', `Invalid State Machine Definition: '${what}'`);
  let value: unknown;
  try {
    value = JSON.parse(definitionText);
  } catch (error) {
    throw refuse(`INVALID_JSON_DESCRIPTION: ${(error as Error).message}`);
  }
  const checked = checkDefinition(value, resourceCheck(type));
  if ('States' in checked) return checked;
  throw refuse(faultText(checked));
}
