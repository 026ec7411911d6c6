import { StatesError } from '../asl/states-error';
import type { ApiRequest } from '../request';
import { MAX_DATA_BYTES } from '../run';
import { invalidToken, ServiceError } from '../service-error';
import type { Action, Service } from './action';

/**
 * A token that a task waits with.
 * @throws ServiceError `InvalidToken` for one that nobody gave out, `TaskTimedOut` for one that is used up or too late,
 * `TaskDoesNotExist` for one of an execution that is forgotten
 */
function waitingToken({ tokens, executions }: Service, request: ApiRequest): string {
  const token = request.requiredText('taskToken', 2048);
  const arn = tokens.executionOf(token);
  if (arn === undefined) throw invalidToken();
  const execution = executions.find(arn);
  if (execution === undefined) {
    throw new ServiceError('TaskDoesNotExist', "Task Does Not Exist: 'Provided task does not exist'");
  }
  if (execution.status !== 'RUNNING' || !tokens.isPending(token)) {
    throw new ServiceError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  }
  return token;
}

function readOutput(request: ApiRequest): unknown {
  const output = request.requiredText('output');
  const refuse = (why: string): ServiceError => new ServiceError('InvalidOutput', `Invalid Output: '${why}'`);
  if (Buffer.byteLength(output) > MAX_DATA_BYTES) throw refuse('The output is larger than 262144 bytes.');
  try {
    return JSON.parse(output) as unknown;
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

/** `SendTaskSuccess` */
export const sendTaskSuccess: Action = (service, request) => {
  const token = waitingToken(service, request);
  service.tokens.succeed(token, readOutput(request));
  return {};
};

/** `SendTaskFailure` */
export const sendTaskFailure: Action = (service, request) => {
  const token = waitingToken(service, request);
  const error = request.text('error', 256);
  const cause = request.text('cause', 32_768);
  service.tokens.fail(token, new StatesError(error ?? '', cause));
  return {};
};

/** `SendTaskHeartbeat`: the time until the next one starts anew; the task's own time-out does not. */
export const sendTaskHeartbeat: Action = (service, request) => {
  service.tokens.heartbeat(waitingToken(service, request));
  return {};
};
