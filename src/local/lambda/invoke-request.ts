import type { IncomingMessage } from 'node:http';
import { callerOf, oneHeader, type AwsCaller } from '../aws-caller';
import { readBody } from '../request-body';
import { ServiceError } from './service-error';

/** Largest event of a call that waits for its answer, and largest answer, in bytes: 6 MB. */
export const MAX_SYNC_BYTES: number = 6 * 1024 * 1024;
/** Largest event of an asynchronous call, in bytes: 1 MB. */
const MAX_ASYNC_BYTES: number = 1024 * 1024;

/** Largest `ClientContext`, in bytes of base64. */
const MAX_CLIENT_CONTEXT_BYTES = 3_583;

const INVOCATION_TYPES = ['RequestResponse', 'Event', 'DryRun'] as const;

/** What an Invoke call asks for. */
export interface InvokeRequest extends AwsCaller {
  readonly functionName: string;
  /** Alias or version. */
  readonly qualifier: string | undefined;
  readonly invocationType: (typeof INVOCATION_TYPES)[number];
  /** Whether it is an InvokeWithResponseStream call. */
  readonly inPieces: boolean;
  readonly wantsLogTail: boolean;
  readonly clientContext: unknown;
  readonly traceHeader: string | undefined;
}

/**
 * Reads path and headers of an Invoke or InvokeWithResponseStream call.
 * @returns `undefined` where the path is neither
 * @throws ServiceError as Lambda would answer
 */
export function readInvokeRequest(incoming: IncomingMessage): InvokeRequest | undefined {
  const url = new URL(incoming.url ?? '/', 'http://lambda.invalid');
  const whole = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url.pathname)?.[1];
  const inPieces = /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/.exec(url.pathname)?.[1];
  const encoded = whole ?? inPieces;
  if (encoded === undefined || incoming.method !== 'POST') return undefined;
  const caller = callerOf(incoming.headers);
  if (caller === undefined) {
    throw new ServiceError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const named = readFunctionName(decodeURIComponent(encoded));
  const given = header(incoming, 'x-amz-invocation-type') ?? 'RequestResponse';
  const invocationType = INVOCATION_TYPES.find((type) => type === given);
  if (invocationType === undefined) {
    throw new ServiceError(
      400,
      'InvalidParameterValueException',
      'The invocation type is not one of those that exist.',
    );
  }
  return {
    functionName: named.functionName,
    qualifier: url.searchParams.get('Qualifier') ?? named.qualifier,
    invocationType,
    inPieces: inPieces !== undefined,
    wantsLogTail: header(incoming, 'x-amz-log-type') === 'Tail',
    clientContext: readClientContext(header(incoming, 'x-amz-client-context')),
    traceHeader: header(incoming, 'x-amzn-trace-id'),
    ...caller,
  };
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  return oneHeader(headers, name) || undefined;
}

/** A name, `account:function:name` or a whole ARN, each with or without `:qualifier`. */
function readFunctionName(text: string): { functionName: string; qualifier: string | undefined } {
  const pattern =
    /^(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:)?(?:\d{12}:function:)?([A-Za-z0-9_-]+)(?::([$A-Za-z0-9_-]+))?$/;
  const [, functionName, qualifier] = pattern.exec(text) ?? [];
  if (functionName === undefined) {
    throw new ServiceError(400, 'ValidationException', 'The function name is neither a name nor an ARN.');
  }
  return { functionName, qualifier };
}

function readClientContext(encoded: string | undefined): unknown {
  if (encoded === undefined) return undefined;
  const invalid = new ServiceError(400, 'InvalidRequestContentException', 'Client context must be base64 of JSON.');
  if (encoded.length > MAX_CLIENT_CONTEXT_BYTES) throw invalid;
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown;
  } catch {
    throw invalid;
  }
}

/**
 * Reads the event.
 * @returns its JSON text; an empty body is an empty object
 * @throws ServiceError `RequestTooLargeException`, `InvalidRequestContentException`
 */
export async function readEvent(incoming: IncomingMessage, { invocationType }: InvokeRequest): Promise<string> {
  const limit = invocationType === 'Event' ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES;
  const { received, bytes } = await readBody(incoming, limit);
  if (bytes === undefined) {
    const message = `${String(received)} byte payload is too large for the ${invocationType} invocation type (limit ${String(limit)} bytes)`;
    throw new ServiceError(413, 'RequestTooLargeException', message);
  }
  const text = bytes.toString('utf8') || '{}';
  try {
    JSON.parse(text);
  } catch {
    throw new ServiceError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  return text;
}
