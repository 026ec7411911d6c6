import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, secureUrl, wholeNumber } from '../../core/options';
import { systemTimers, type Timers } from '../../core/timers';
import { callerOf, oneHeader } from '../aws-caller';
import type { LogGroups } from '../logs/log-groups';
import { closeServer, listenOnLoopback } from '../loopback';
import { readBody } from '../request-body';
import type { StsSessions } from '../sts/sessions';
import { withoutTokens } from '../without-tokens';
import type { Action, Service } from './actions/action';
import * as executionActions from './actions/executions';
import { getExecutionHistory } from './actions/history';
import * as machineActions from './actions/machines';
import * as taskActions from './actions/tasks';
import { Executions, MAX_ENDED, type MadeExecution } from './executions';
import { openExecutionLog, type ExecutionLog } from './execution-log';
import { lambdaInvocations } from './lambda-invocations';
import { PageTokens } from './pages';
import { ApiRequest } from './request';
import { deliverTo, type MachineLogging } from './log-delivery';
import type { AssumeRole } from './service-call';
import { ServiceError } from './service-error';
import { sqsMessages } from './sqs-messages';
import { nestedStarts } from './start-nested';
import type { StateMachineType } from './state-machine';
import { StateMachines } from './state-machines';
import { TaskTokens } from './task-tokens';

export type { MadeEvent, MadeExecution } from './executions';
export type { AssumeRole, RoleRequest, RoleSession } from './service-call';
export type { StateMachineType } from './state-machine';
export type { Timers } from '../../core/timers';

/** One state machine of the endpoint. */
export interface StateMachineDefinition {
  /** In the Amazon States Language with JSONPath: an object, or its JSON. */
  readonly definition: object | string;
  /** Default `STANDARD`. */
  readonly type?: StateMachineType;
  /** Default: a role of the machine's name. */
  readonly roleArn?: string;
  /** What it logs, where there are `logGroups`. Default: nothing. */
  readonly logging?: MachineLogging;
}

/** What {@link startStepFunctionsEndpoint} is told. */
export interface StepFunctionsEndpointOptions {
  /** The state machines by name. More can be made with `CreateStateMachine`. */
  readonly stateMachines?: Readonly<Record<string, StateMachineDefinition>>;
  /** The Lambda endpoint whose functions the tasks call. */
  readonly lambdaUrl?: string;
  /** The SQS endpoint whose queues the tasks fill. */
  readonly sqsUrl?: string;
  /** Gives keys of roles to the calls of tasks. Without it calls have the account's, and a role stands in the history alone. */
  readonly assumeRole?: AssumeRole;
  /** The sessions of a local STS: whoever calls with one may do what it allows. */
  readonly sessions?: StsSessions;
  /** So many executions that have ended are kept, 1 to 10,000; the oldest go first. Default 10,000. */
  readonly maxEndedExecutions?: number;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Gets a file for each state machine, with what AWS logs of it at level `ALL`. Default: nothing is logged. */
  readonly logDirectory?: string;
  /** The log groups of a local CloudWatch Logs. */
  readonly logGroups?: LogGroups;
  /** Time for Wait, time-outs, retries and histories. Default: the machine's. */
  readonly timers?: Timers;
  readonly logger?: Logger;
}

/** A Step Functions endpoint that runs. */
export interface StepFunctionsEndpoint {
  /** What the SDK's `endpoint` option takes. */
  readonly url: string;
  readonly port: number;
  /** The ARN of a state machine of this name. */
  arnOf(name: string): string;
  /**
   * Puts in an execution with a history that was made, of up to 25,000 events.
   * @returns its ARN
   * @throws BatonError `option_invalid` where there is no such state machine
   */
  loadExecution(stateMachine: string, execution: MadeExecution): string;
  /** Ends the server and what runs. */
  stop(): Promise<void>;
}

const OWNER = 'startStepFunctionsEndpoint()';
/** The API takes so much in one request: 1 MB. */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** The operations that are answered, by name. */
export const STEP_FUNCTIONS_ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['CreateStateMachine', machineActions.createStateMachine],
  ['DescribeStateMachine', machineActions.describeStateMachine],
  ['DescribeStateMachineForExecution', machineActions.describeStateMachineForExecution],
  ['ListStateMachines', machineActions.listStateMachines],
  ['StartExecution', executionActions.startExecution],
  ['StartSyncExecution', executionActions.startSyncExecution],
  ['DescribeExecution', executionActions.describeExecution],
  ['ListExecutions', executionActions.listExecutions],
  ['StopExecution', executionActions.stopExecution],
  ['RedriveExecution', executionActions.redriveExecution],
  ['GetExecutionHistory', getExecutionHistory],
  ['SendTaskSuccess', taskActions.sendTaskSuccess],
  ['SendTaskFailure', taskActions.sendTaskFailure],
  ['SendTaskHeartbeat', taskActions.sendTaskHeartbeat],
]);

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const { bytes } = await readBody(incoming, MAX_REQUEST_BYTES);
  if (bytes === undefined) throw new ServiceError('RequestEntityTooLargeException', 'The request is too large.', 413);
  try {
    return JSON.parse(bytes.toString('utf8') || '{}') as unknown;
  } catch {
    throw new ServiceError('SerializationException', 'The request is not JSON.');
  }
}

/** Lets through whom the local STS lets; keys of no session are the account's own. */
function authorize(incoming: IncomingMessage, action: string, body: unknown, sessions: StsSessions | undefined): void {
  const caller = callerOf(incoming.headers);
  if (caller === undefined) {
    throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
  }
  const { stateMachineArn, executionArn } = (body ?? {}) as { stateMachineArn?: unknown; executionArn?: unknown };
  const resource = [stateMachineArn, executionArn].find((arn) => typeof arn === 'string') ?? '*';
  const refusal = sessions?.authorize({ ...caller, action: `states:${action}`, resource });
  if (refusal !== undefined) throw new ServiceError(refusal.type, refusal.message, 400);
}

async function perform(
  service: Service,
  sessions: StsSessions | undefined,
  incoming: IncomingMessage,
): Promise<object> {
  const body = await readJson(incoming);
  const name = /^AWSStepFunctions\.(\w+)$/.exec(oneHeader(incoming.headers, 'x-amz-target') ?? '')?.[1] ?? '';
  const action = incoming.method === 'POST' ? STEP_FUNCTIONS_ACTIONS.get(name) : undefined;
  if (action === undefined) throw new ServiceError('UnknownOperationException', `"${name}" is not answered here.`);
  authorize(incoming, name, body, sessions);
  return action(service, new ApiRequest(body, oneHeader(incoming.headers, 'x-amzn-trace-id')));
}

function send(outgoing: ServerResponse, status: number, body: object): void {
  const headers = { 'Content-Type': 'application/x-amz-json-1.0', 'x-amzn-RequestId': randomUUID() };
  outgoing.writeHead(status, headers).end(JSON.stringify(body));
}

function sendError(outgoing: ServerResponse, thrown: unknown, logger: Logger | undefined): void {
  if (!(thrown instanceof ServiceError)) {
    logger?.error(`The local Step Functions endpoint failed: ${withoutTokens(String(thrown))}`);
  }
  const error =
    thrown instanceof ServiceError ? thrown : new ServiceError('InternalFailure', 'The local endpoint failed.', 500);
  // With the namespace that AWS sends, which clients cut off.
  send(outgoing, error.status, { __type: `com.amazonaws.sfn#${error.type}`, message: error.message });
}

function loadMachines(machines: StateMachines, options: StepFunctionsEndpointOptions, createdAtMs: number): void {
  const { stateMachines = {}, accountId = '123456789012' } = options;
  for (const [name, given] of Object.entries(stateMachines)) {
    const owner = `${OWNER}: state machine "${name}"`;
    checkOptionNames(owner, given, { definition: true, type: true, roleArn: true, logging: true });
    const { definition, type = 'STANDARD', roleArn = `arn:aws:iam::${accountId}:role/${name}` } = given;
    const definitionText = typeof definition === 'string' ? definition : JSON.stringify(definition);
    try {
      machines.create({ name, definitionText, type, roleArn, createdAtMs });
    } catch (cause) {
      if (!(cause instanceof ServiceError)) throw cause;
      throw new BatonError('option_invalid', `${owner} cannot be run. ${cause.message}`, { cause });
    }
  }
}

/** All places that events of executions are logged to. */
function logsOf({
  logDirectory,
  logGroups,
  stateMachines = {},
}: StepFunctionsEndpointOptions): ExecutionLog | undefined {
  const loggings = Object.entries(stateMachines).flatMap(([name, { logging }]) =>
    logging ? [[name, logging] as const] : [],
  );
  const logs = [
    ...(logDirectory === undefined ? [] : [openExecutionLog(logDirectory)]),
    ...(logGroups === undefined ? [] : [deliverTo(logGroups, new Map(loggings))]),
  ];
  return logs.length === 0 ? undefined : (execution, event) => logs.forEach((log) => log(execution, event));
}

function createService(options: StepFunctionsEndpointOptions): Service {
  const {
    region = 'eu-west-1',
    accountId = '123456789012',
    timers = systemTimers,
    logger,
    lambdaUrl,
    sqsUrl,
    assumeRole,
  } = options;
  const limits = { fallback: MAX_ENDED, min: 1, max: MAX_ENDED };
  const maxEnded = wholeNumber(OWNER, 'maxEndedExecutions', options.maxEndedExecutions, limits);
  const machines = new StateMachines(region, accountId);
  loadMachines(machines, options, timers.now());
  const tokens = new TaskTokens();
  const services = {
    invokeFunction: lambdaInvocations(lambdaUrl, assumeRole),
    startExecution: nestedStarts(machines, () => executions),
    sendMessage: sqsMessages(sqsUrl, assumeRole),
  };
  const log = logsOf(options);
  const executions: Executions = new Executions({ timers, tokens, services, region, logger, log }, maxEnded);
  return { machines, executions, tokens, pages: new PageTokens(timers), timers };
}

/**
 * Starts an endpoint on loopback that answers the real AWS SDK as Step Functions does: it runs state machines (JSONPath),
 * calls the functions of a Lambda endpoint, fills the queues of an SQS endpoint, gives out task tokens and keeps histories
 * with AWS's event types and numbers. What the interpreter does not run (JSONata, the distributed Map, `.sync`, other
 * services, filters in paths) is refused at the load.
 *
 * `StartSyncExecution`: the SDK puts `sync-` before the host, which no name leads to; its option `disableHostPrefix: true` keeps
 * it from that.
 *
 * Source: AWS Step Functions API reference; the Amazon States Language, https://states-language.net/spec.html
 *
 * @throws BatonError `option_invalid` (with every fault of a definition), `option_unknown`; `relay_failed` for a port that cannot
 * be had
 *
 * @example
 * ```ts
 * const states = await startStepFunctionsEndpoint({ stateMachines: { approval: { definition } }, lambdaUrl: lambda.url });
 * const client = new SFNClient({ endpoint: states.url, region: 'eu-west-1', credentials });
 * ```
 */
export async function startStepFunctionsEndpoint(
  options: StepFunctionsEndpointOptions = {},
): Promise<StepFunctionsEndpoint> {
  checkOptionNames(OWNER, options, {
    stateMachines: true,
    lambdaUrl: true,
    sqsUrl: true,
    assumeRole: true,
    sessions: true,
    maxEndedExecutions: true,
    port: true,
    region: true,
    accountId: true,
    logDirectory: true,
    logGroups: true,
    timers: true,
    logger: true,
  });
  const { logger, sessions, lambdaUrl, sqsUrl } = options;
  for (const url of [lambdaUrl, sqsUrl]) if (url !== undefined) secureUrl(OWNER, url);
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const service = createService(options);
  const server = createServer((incoming, outgoing) => {
    perform(service, sessions, incoming).then(
      (body) => send(outgoing, 200, body),
      (error: unknown) => sendError(outgoing, error, logger),
    );
  });
  const listening = await listenOnLoopback(server, port, 'The local Step Functions endpoint');
  return {
    url: `http://127.0.0.1:${listening}`,
    port: listening,
    arnOf: (name) => service.machines.arnOf(name),
    loadExecution(name, made) {
      const machine = service.machines.find(service.machines.arnOf(name));
      if (machine === undefined) throw new BatonError('option_invalid', `There is no state machine "${name}" here.`);
      return service.executions.load(machine, made).start.arn;
    },
    async stop() {
      service.executions.stop();
      await closeServer(server);
    },
  };
}
