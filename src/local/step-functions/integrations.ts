import type { ResourceCheck } from './asl/check';
import { isRecord } from '../is-record';

/** What a task asks of a service. */
export interface TaskRequest {
  readonly parameters: unknown;
  /** `Credentials.RoleArn`: whose power the call has, instead of the state machine's own. */
  readonly roleArn: string | undefined;
  readonly executionArn: string;
  /** The role of the state machine itself. */
  readonly executionRoleArn: string;
  readonly traceHeader: string | undefined;
  readonly signal: AbortSignal;
}

/** Something that a Task can call. Its calls fail with a `StatesError`. */
export interface Integration {
  /** As events name it: `lambda` and `invoke.waitForTaskToken`, or a function's ARN. */
  readonly resourceType: string;
  readonly resource: string;
  /** A function's ARN as the resource: its events are `LambdaFunction…` instead of `Task…`. */
  readonly direct: boolean;
  readonly waitsForToken: boolean;
  call(request: TaskRequest): Promise<unknown>;
}

/** The services that are there. */
export interface Services {
  /** Calls a function by the parameters of Lambda's API `Invoke`; `direct` gives its payload alone. */
  invokeFunction(request: TaskRequest, direct: boolean): Promise<unknown>;
  startExecution(request: TaskRequest): Promise<unknown>;
  sendMessage(request: TaskRequest): Promise<unknown>;
}

const LAMBDA_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::[$A-Za-z0-9_-]+)?$/;
const OPTIMISED = /^arn:aws[a-z-]*:states:::([a-z]+):([A-Za-z]+)(?:\.(waitForTaskToken|sync(?::2)?))?$/;

/** The parameters that each of them takes. Another one is refused at the load, as in AWS. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'lambda:invoke': ['FunctionName', 'Payload', 'Qualifier', 'InvocationType', 'ClientContext', 'LogType'],
  'states:startExecution': ['StateMachineArn', 'Input', 'Name', 'TraceHeader'],
  'sqs:sendMessage': [
    'QueueUrl',
    'MessageBody',
    'DelaySeconds',
    'MessageAttributes',
    'MessageDeduplicationId',
    'MessageGroupId',
  ],
};

const notHere = (message: string): ReturnType<ResourceCheck> => ({ message, member: 'Resource', code: 'NOT_RUN_HERE' });

/** Checks at the load that a Task can be run. */
export function resourceCheck(type: 'STANDARD' | 'EXPRESS'): ResourceCheck {
  return (resource, parameters) => {
    if (LAMBDA_ARN.test(resource)) return undefined;
    const [, service = '', action = '', pattern] = OPTIMISED.exec(resource) ?? [];
    const known = PARAMETERS[`${service}:${action}`];
    if (known === undefined)
      return notHere(`The resource '${resource}' cannot be called here: functions, startExecution and sendMessage can`);
    if (pattern?.startsWith('sync')) return notHere(`'.${pattern}' is not run here`);
    if (pattern !== undefined && type === 'EXPRESS') {
      const message = `Express state machine does not support '.${pattern}' service integration`;
      return { message, member: 'Resource', code: 'SCHEMA_VALIDATION_FAILED' };
    }
    const unknown = Object.keys(isRecord(parameters) ? parameters : {}).find(
      (name) => !known.includes(name.replace(/\.\$$/, '')),
    );
    if (unknown === undefined) return undefined;
    const message = `The field "${unknown}" is not supported by Step Functions`;
    return { message, member: 'Parameters', code: 'SCHEMA_VALIDATION_FAILED' };
  };
}

/** What a Task's resource stands for; the load has checked that it is one of these. */
export function integrationOf(resource: string, services: Services): Integration {
  if (LAMBDA_ARN.test(resource)) {
    const call = (request: TaskRequest): Promise<unknown> => {
      const parameters = { FunctionName: resource, Payload: request.parameters };
      return services.invokeFunction({ ...request, parameters }, true);
    };
    return { resourceType: 'lambda', resource, direct: true, waitsForToken: false, call };
  }
  const [, service = '', action = '', pattern] = OPTIMISED.exec(resource) ?? [];
  return {
    resourceType: service,
    resource: pattern === undefined ? action : `${action}.${pattern}`,
    direct: false,
    waitsForToken: pattern === 'waitForTaskToken',
    call: callOf(service, services),
  };
}

function callOf(service: string, services: Services): Integration['call'] {
  if (service === 'lambda') return (request) => services.invokeFunction(request, false);
  if (service === 'sqs') return (request) => services.sendMessage(request);
  return (request) => services.startExecution(request);
}
