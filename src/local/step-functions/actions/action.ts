import type { Execution } from '../execution';
import type { Executions } from '../executions';
import type { PageTokens } from '../pages';
import type { ApiRequest } from '../request';
import { ServiceError } from '../service-error';
import type { LoadedMachine } from '../state-machine';
import type { StateMachines } from '../state-machines';
import type { TaskTokens } from '../task-tokens';
import type { Timers } from '../../../core/timers';

/** What the actions of the API work on. */
export interface Service {
  readonly machines: StateMachines;
  readonly executions: Executions;
  readonly tokens: TaskTokens;
  readonly pages: PageTokens;
  readonly timers: Timers;
}

/** Answers one action: the members of its response. Fails with a `ServiceError`. */
export type Action = (service: Service, request: ApiRequest) => object | Promise<object>;

/** A time as `application/x-amz-json-1.0` writes it: seconds since the epoch. */
export const seconds = (timeMs: number): number => timeMs / 1000;

/**
 * The machine that `stateMachineArn` names.
 * @throws ServiceError `InvalidArn`, `StateMachineDoesNotExist`
 */
export function machineOf({ machines }: Service, request: ApiRequest): LoadedMachine {
  const arn = request.arn('stateMachineArn');
  const machine = machines.find(arn);
  if (machine === undefined)
    throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  return machine;
}

/**
 * The execution that `executionArn` names; those of Express machines can only be started.
 * @throws ServiceError `InvalidArn`, `ExecutionDoesNotExist`
 */
export function executionOf({ executions }: Service, request: ApiRequest): Execution {
  const arn = request.arn('executionArn');
  const type = arn.split(':')[5] ?? '';
  if (type !== 'execution') {
    throw new ServiceError('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${type}'`);
  }
  const execution = executions.find(arn);
  if (execution === undefined) throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  return execution;
}
