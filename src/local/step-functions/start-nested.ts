import { isRecord } from '../is-record';
import { StatesError } from './asl/states-error';
import { checkInput } from './execution-input';
import type { Executions } from './executions';
import type { TaskRequest } from './integrations';
import { ServiceError } from './service-error';
import type { StateMachines } from './state-machines';

/** `states:startExecution`: an execution that starts another one and goes on. */
export function nestedStarts(machines: StateMachines, executions: () => Executions) {
  return (request: TaskRequest): Promise<unknown> => {
    const {
      StateMachineArn: arn,
      Input: input = {},
      Name: name,
    } = isRecord(request.parameters) ? request.parameters : {};
    const machine = typeof arn === 'string' ? machines.find(arn) : undefined;
    const failed = (type: string, message: string): Promise<never> =>
      Promise.reject(new StatesError(`StepFunctions.${type}Exception`, message));
    if (machine === undefined)
      return failed('StateMachineDoesNotExist', `State Machine Does Not Exist: '${String(arn)}'`);
    try {
      const execution = executions().start({
        machine,
        name: typeof name === 'string' ? name : undefined,
        input: checkInput(typeof input === 'string' ? input : JSON.stringify(input)),
        traceHeader: request.traceHeader,
      });
      return Promise.resolve({
        ExecutionArn: execution.start.arn,
        StartDate: new Date(execution.startedAtMs).toISOString(),
      });
    } catch (error) {
      if (error instanceof ServiceError) return failed(error.type, error.message);
      throw error;
    }
  };
}
