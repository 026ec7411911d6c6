import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import { InvocationLog } from './function-log';
import type { FunctionPool, Lease } from './function-pool';
import { functionArn } from './functions';
import { MAX_SYNC_BYTES, type InvokeRequest } from './invoke-request';
import type { FunctionError } from './messages';
import { ServiceError } from './service-error';

/** What an invocation gave. */
export interface InvokeResult {
  /** JSON text: the handler's result, or the error. */
  readonly payload: string;
  readonly failed: boolean;
  /** The end of the log in base64. */
  readonly logTail: string;
}

/** Version that a qualifier stands for. This endpoint has one version of each function; an alias stands for `1`. */
export function executedVersion(qualifier: string | undefined): string {
  if (qualifier === undefined || qualifier === '$LATEST') return '$LATEST';
  return /^\d+$/.test(qualifier) ? qualifier : '1';
}

/**
 * Runs one invocation.
 *
 * @param event JSON text
 * @throws ServiceError `TooManyRequestsException` where all processes that are allowed are busy
 */
export async function invoke(
  pool: FunctionPool,
  request: InvokeRequest,
  event: string,
  awsRequestId: string,
): Promise<InvokeResult> {
  const version = executedVersion(request.qualifier);
  const lease = await pool.lease();
  if (lease === 'throttled') {
    throw new ServiceError(429, 'TooManyRequestsException', 'Rate Exceeded.', {
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
  }
  const log = new InvocationLog(pool.log, awsRequestId, version);
  if ('errorType' in lease) return reportUnstarted(pool, lease, log, awsRequestId);
  try {
    return await run(pool, lease, log, { request, event, awsRequestId, version });
  } finally {
    pool.release(lease.process);
  }
}

interface Invocation {
  readonly request: InvokeRequest;
  readonly event: string;
  readonly awsRequestId: string;
  readonly version: string;
}

async function run(
  pool: FunctionPool,
  lease: Lease,
  log: InvocationLog,
  invocation: Invocation,
): Promise<InvokeResult> {
  const { request, event, awsRequestId, version } = invocation;
  const { settings } = pool;
  const traceHeader = request.traceHeader ?? newTraceHeader();
  const startedAt = performance.now();
  const outcome = await lease.process.invoke(
    {
      type: 'invoke',
      event,
      traceHeader,
      facts: {
        awsRequestId,
        functionName: settings.name,
        functionVersion: version,
        invokedFunctionArn: functionArn(settings, request.qualifier),
        memoryMegabytes: settings.memoryMegabytes,
        logGroupName: `/aws/lambda/${settings.name}`,
        logStreamName: pool.logStreamName,
        deadline: Date.now() + settings.timeoutSeconds * 1000,
        // Lambda does not deliver it to asynchronous invocations.
        clientContext: request.invocationType === 'Event' ? undefined : request.clientContext,
      },
    },
    log,
  );
  const { payload, error } = withinSizeLimit(outcome);
  if (error?.errorType === 'Sandbox.Timedout' || error?.errorType === 'Runtime.ExitError')
    log.write(error.errorMessage);
  log.end({
    requestId: awsRequestId,
    durationMs: performance.now() - startedAt,
    ...(lease.fresh && lease.process.initDurationMs !== undefined && { initDurationMs: lease.process.initDurationMs }),
    memoryMegabytes: settings.memoryMegabytes,
    memoryUsedBytes: outcome.memoryBytes,
    traceHeader,
  });
  return { payload: payload ?? JSON.stringify(error), failed: error !== undefined, logTail: log.tail() };
}

function withinSizeLimit(outcome: { readonly payload?: string; readonly error?: FunctionError }): {
  readonly payload?: string;
  readonly error?: FunctionError;
} {
  if (outcome.payload === undefined || Buffer.byteLength(outcome.payload) <= MAX_SYNC_BYTES) return outcome;
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${String(MAX_SYNC_BYTES)} bytes).`;
  return { error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}

function reportUnstarted(
  pool: FunctionPool,
  error: FunctionError,
  log: InvocationLog,
  requestId: string,
): InvokeResult {
  log.write(`${new Date().toISOString()}\t${requestId}\tERROR\t${error.errorType}: ${error.errorMessage}`);
  const { memoryMegabytes } = pool.settings;
  log.end({ requestId, durationMs: 0, memoryMegabytes, memoryUsedBytes: 0, traceHeader: '' });
  return { payload: JSON.stringify(error), failed: true, logTail: log.tail() };
}

/** What Lambda makes where the caller sends no trace: a new root, not sampled. */
function newTraceHeader(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}
