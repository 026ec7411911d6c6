import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';

import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, type OptionNames, wholeNumber } from '../../core/options';
import { closeServer, listenOnLoopback } from '../loopback';
import { withoutTokens } from '../without-tokens';
import { AsyncQueue } from './async-queue';
import { streamOf } from './event-stream';
import { FunctionPool } from './function-pool';
import { functionArn, readFunction, type FunctionDefinition } from './functions';
import { executedVersion, invoke } from './invoke';
import { readEvent, readInvokeRequest, type InvokeRequest } from './invoke-request';
import { ServiceError } from './service-error';

/** What {@link startLambdaEndpoint} is told. */
export interface LambdaEndpointOptions {
  /** The functions by name. */
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  /** Each function gets a file `<name>.log` here. */
  readonly logDirectory: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Processes of one function at a time, 1 to 100. Default 10. More calls are throttled. */
  readonly maxConcurrency?: number;
  readonly logger?: Logger;
  /**
   * Whether who signed may do it; what it gives is the refusal. Default: everybody may.
   * `sessions.authorize` of the local STS endpoint decides by the session's policies.
   */
  readonly authorize?: (call: SignedCall) => CallRefusal | undefined;
  /**
   * The program of the functions' processes.
   * @internal
   */
  readonly runtimeFile?: string;
}

/** A call as IAM sees it. */
export interface SignedCall {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly action: 'lambda:InvokeFunction';
  /** ARN of the function, with the alias or version that was asked for. */
  readonly resource: string;
}

/** What is answered to a call that may not be made. */
export interface CallRefusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** A Lambda endpoint that runs. */
export interface LambdaEndpoint {
  /** What the SDK's `endpoint` option takes. */
  readonly url: string;
  readonly port: number;
  /**
   * A function's log file.
   * @throws BatonError `function_unknown`
   */
  logFile(name: string): string;
  /** Ends the server and every process. */
  stop(): Promise<void>;
}

const OPTION_NAMES: OptionNames<LambdaEndpointOptions> = {
  functions: true,
  logDirectory: true,
  port: true,
  region: true,
  accountId: true,
  maxConcurrency: true,
  logger: true,
  authorize: true,
  runtimeFile: true,
};

/**
 * Starts an endpoint on loopback that answers the `Invoke` and `InvokeWithResponseStream` calls of the real AWS SDK. Each
 * function runs in processes of its own, with an environment of its own.
 *
 * Signatures are asked for but not checked. A function has one version: every alias and number leads to it.
 * Source: AWS Lambda API reference, `Invoke`.
 *
 * @example
 * ```ts
 * const lambda = await startLambdaEndpoint({
 *   functions: { 'render-invoice': { handlerFile: '/srv/render.js', environment: {} } }, logDirectory: 'logs',
 * });
 * const client = new LambdaClient({ endpoint: lambda.url, region: 'eu-west-1', credentials });
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 */
export async function startLambdaEndpoint(options: LambdaEndpointOptions): Promise<LambdaEndpoint> {
  const owner = 'startLambdaEndpoint()';
  checkOptionNames(owner, options, OPTION_NAMES);
  const { region = 'eu-west-1', accountId = '123456789012', logger } = options;
  const runtimeFile = options.runtimeFile ?? join(__dirname, 'runtime.js');
  const maxConcurrency = wholeNumber(owner, 'maxConcurrency', options.maxConcurrency, {
    fallback: 10,
    min: 1,
    max: 100,
  });
  const port = wholeNumber(owner, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const pools = new Map<string, FunctionPool>();
  for (const [name, definition] of Object.entries(options.functions)) {
    const settings = readFunction(name, definition, { region, accountId });
    pools.set(name, new FunctionPool(settings, runtimeFile, options.logDirectory, maxConcurrency));
  }
  const queue = new AsyncQueue();
  const { authorize = (): undefined => undefined } = options;
  const state: EndpointState = { pools, queue, logger, region, accountId, authorize };
  const server = createServer((request, response) => void answer(state, request, response));
  const listening = await listenOnLoopback(server, port, 'The local Lambda endpoint');
  return {
    url: `http://127.0.0.1:${String(listening)}`,
    port: listening,
    logFile: (name) => {
      const pool = pools.get(name);
      if (pool === undefined) throw new BatonError('function_unknown', `There is no function "${name}" here.`);
      return pool.log.file;
    },
    async stop() {
      await closeServer(server);
      await Promise.all([queue.stop(), ...[...pools.values()].map((pool) => pool.stop())]);
    },
  };
}

interface EndpointState {
  readonly pools: ReadonlyMap<string, FunctionPool>;
  readonly queue: AsyncQueue;
  readonly logger: Logger | undefined;
  readonly region: string;
  readonly accountId: string;
  readonly authorize: NonNullable<LambdaEndpointOptions['authorize']>;
}

/** What goes back to the SDK. */
interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

async function answer(state: EndpointState, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const requestId = randomUUID();
  let given: Answer;
  try {
    const request = readInvokeRequest(incoming);
    if (request === undefined) {
      throw new ServiceError(
        404,
        'UnknownOperationException',
        'Only Invoke and InvokeWithResponseStream are answered here.',
      );
    }
    const event = await readEvent(incoming, request);
    given = await perform(state, request, event, requestId);
  } catch (thrown) {
    given = serviceError(thrown, state.logger);
  }
  if (!incoming.complete) incoming.resume();
  outgoing.writeHead(given.status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(given.body),
    'x-amzn-RequestId': requestId,
    ...given.headers,
  });
  outgoing.end(given.body);
}

async function perform(
  state: EndpointState,
  request: InvokeRequest,
  event: string,
  requestId: string,
): Promise<Answer> {
  const pool = state.pools.get(request.functionName);
  const { region, accountId, authorize } = state;
  const arn = `arn:aws:lambda:${region}:${accountId}:function:${request.functionName}`;
  // Before the function is looked for: who may not call it is not told whether it is there.
  const { accessKeyId, sessionToken, qualifier } = request;
  const resource = qualifier === undefined ? arn : `${arn}:${qualifier}`;
  const refusal = authorize({ accessKeyId, sessionToken, action: 'lambda:InvokeFunction', resource });
  if (refusal !== undefined) throw new ServiceError(refusal.status, refusal.type, refusal.message);
  if (pool === undefined) {
    throw new ServiceError(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
  }
  if (request.invocationType === 'DryRun') return { status: 204, body: '', headers: {} };
  if (request.invocationType === 'Event') {
    state.queue.add(
      async () => !(await invoke(pool, request, event, requestId)).failed,
      () => state.logger?.warn(`An event of ${functionArn(pool.settings, request.qualifier)} failed three times.`),
    );
    return { status: 202, body: '', headers: {} };
  }
  const result = await invoke(pool, request, event, requestId);
  if (request.inPieces) {
    const headers = {
      'Content-Type': 'application/vnd.amazon.eventstream',
      'X-Amz-Executed-Version': executedVersion(request.qualifier),
    };
    return { status: 200, body: streamOf(result), headers };
  }
  return {
    status: 200,
    body: result.payload,
    headers: {
      'X-Amz-Executed-Version': executedVersion(request.qualifier),
      ...(result.failed && { 'X-Amz-Function-Error': 'Unhandled' }),
      ...(request.wantsLogTail && { 'X-Amz-Log-Result': result.logTail }),
      ...(request.traceHeader !== undefined && { 'X-Amzn-Trace-Id': request.traceHeader }),
    },
  };
}

function serviceError(thrown: unknown, logger: Logger | undefined): Answer {
  if (!(thrown instanceof ServiceError)) {
    logger?.error(`The local Lambda endpoint failed: ${withoutTokens(String(thrown))}`);
  }
  const error =
    thrown instanceof ServiceError ? thrown : new ServiceError(500, 'ServiceException', 'The local endpoint failed.');
  const type = error.status < 500 ? 'User' : 'Service';
  return {
    status: error.status,
    body: JSON.stringify({ Type: type, message: error.message, ...error.details }),
    headers: { 'x-amzn-ErrorType': error.type },
  };
}
