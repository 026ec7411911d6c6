import type { Execution } from '../execution';
import { checkInput } from '../execution-input';
import type { StartRequest } from '../executions';
import type { ApiRequest } from '../request';
import { ServiceError } from '../service-error';
import { executionOf, machineOf, seconds, type Action, type Service } from './action';

function readStart(service: Service, request: ApiRequest): StartRequest {
  const machine = machineOf(service, request);
  const traceHeader = request.traceHeader ?? request.text('traceHeader', 256);
  return { machine, name: request.text('name'), input: checkInput(request.text('input') ?? '{}'), traceHeader };
}

/** `StartExecution` */
export const startExecution: Action = (service, request) => {
  const execution = service.executions.start(readStart(service, request));
  return { executionArn: execution.start.arn, startDate: seconds(execution.startedAtMs) };
};

const notSupported = (): ServiceError =>
  new ServiceError('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine');

/** What a started execution says of itself in `DescribeExecution` and `StartSyncExecution`. */
function described(execution: Execution, withData: boolean): object {
  const { start, startedAtMs, stoppedAtMs, status, output, error, cause } = execution;
  return {
    executionArn: start.arn,
    stateMachineArn: start.machine.arn,
    name: start.name,
    status,
    startDate: seconds(startedAtMs),
    ...(stoppedAtMs !== undefined && { stopDate: seconds(stoppedAtMs) }),
    ...(withData && { input: start.input }),
    inputDetails: { included: withData },
    ...(withData && output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause }),
    ...(start.traceHeader !== undefined && { traceHeader: start.traceHeader }),
  };
}

const INCLUDED = ['ALL_DATA', 'METADATA_ONLY'] as const;

/** `StartSyncExecution`: waits for the end, and answers 200 however it was. */
export const startSyncExecution: Action = async (service, request) => {
  const start = readStart(service, request);
  if (start.machine.type !== 'EXPRESS') throw notSupported();
  const withData = request.choice('includedData', INCLUDED) !== 'METADATA_ONLY';
  const execution = service.executions.start(start);
  await execution.ended;
  const durationMs = (execution.stoppedAtMs ?? 0) - execution.startedAtMs;
  return {
    ...described(execution, withData),
    outputDetails: { included: withData },
    // Time is billed in steps of 100 ms, memory in steps of 64 MB.
    billingDetails: {
      billedMemoryUsedInMB: 64,
      billedDurationInMilliseconds: Math.max(1, Math.ceil(durationMs / 100)) * 100,
    },
  };
};

function redriveMembers({ redriveCount, redrivenAtMs, notRedrivable }: Execution): object {
  return {
    redriveCount,
    ...(redrivenAtMs !== undefined && { redriveDate: seconds(redrivenAtMs) }),
    redriveStatus: notRedrivable === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...(notRedrivable !== undefined && { redriveStatusReason: notRedrivable }),
  };
}

/** `DescribeExecution` */
export const describeExecution: Action = (service, request) => {
  const execution = executionOf(service, request);
  const withData = request.choice('includedData', INCLUDED) !== 'METADATA_ONLY';
  return {
    ...described(execution, withData),
    ...(execution.output !== undefined && { outputDetails: { included: withData } }),
    ...redriveMembers(execution),
  };
};

const STATUSES = ['SUCCEEDED', 'TIMED_OUT', 'PENDING_REDRIVE', 'ABORTED', 'FAILED', 'RUNNING'] as const;

/** `ListExecutions`: the latest first. */
export const listExecutions: Action = (service, request) => {
  const { pages, executions } = service;
  const machine = machineOf(service, request);
  if (machine.type === 'EXPRESS') throw notSupported();
  const status = request.choice('statusFilter', STATUSES);
  const redriven = request.choice('redriveFilter', ['REDRIVEN', 'NOT_REDRIVEN']);
  const question = `executions ${machine.arn} ${status ?? ''} ${redriven ?? ''}`;
  const token = request.text('nextToken', 1024);
  const count = request.maxResults(100);
  const all = executions
    .of(machine)
    .filter(
      (one) =>
        (status === undefined || one.status === status) &&
        (redriven === undefined || one.redriveCount > 0 === (redriven === 'REDRIVEN')),
    );
  // Counted from the oldest: what is started between two pages must not move the others.
  const end = token === undefined ? all.length : Math.min(all.length, pages.read(token, question));
  const from = all.length - end;
  return {
    executions: all.slice(from, from + count).map((one) => ({
      executionArn: one.start.arn,
      stateMachineArn: machine.arn,
      name: one.start.name,
      status: one.status,
      startDate: seconds(one.startedAtMs),
      ...(one.stoppedAtMs !== undefined && { stopDate: seconds(one.stoppedAtMs) }),
      redriveCount: one.redriveCount,
      ...(one.redrivenAtMs !== undefined && { redriveDate: seconds(one.redrivenAtMs) }),
    })),
    ...(from + count < all.length && { nextToken: pages.make(question, end - count) }),
  };
};

/** `StopExecution`; one that has ended stays as it is, and its end is told. */
export const stopExecution: Action = (service, request) => {
  const execution = executionOf(service, request);
  const error = request.text('error', 256);
  const cause = request.text('cause', 32_768);
  execution.end('ABORTED', { ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) }, 0);
  return { stopDate: seconds(execution.stoppedAtMs ?? service.timers.now()) };
};

/** `RedriveExecution` */
export const redriveExecution: Action = (service, request) => {
  const execution = executionOf(service, request);
  service.executions.redrive(execution);
  return { redriveDate: seconds(execution.redrivenAtMs ?? service.timers.now()) };
};
