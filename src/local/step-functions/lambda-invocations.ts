import { StatesError } from './asl/states-error';
import type { TaskRequest } from './integrations';
import { httpMetadata, roleHeaders, type AssumeRole } from './service-call';

interface InvokeParameters {
  readonly FunctionName?: unknown;
  readonly Payload?: unknown;
  readonly Qualifier?: unknown;
  readonly InvocationType?: unknown;
  readonly ClientContext?: unknown;
  readonly LogType?: unknown;
}

/** An error of Lambda itself, by the name that Step Functions gives it. */
function serviceError(type: string, message: string, status: number, requestId: string): StatesError {
  const known = type === '' ? 'Unknown' : type;
  return new StatesError(
    `Lambda.${known}`,
    `${message} (Service: Lambda, Status Code: ${status}, Request ID: ${requestId})`,
  );
}

/** The function's own error: its name is the type that it gave, its cause the whole payload. */
function functionError(payload: string): StatesError {
  let type: unknown;
  try {
    type = (JSON.parse(payload) as { errorType?: unknown } | null)?.errorType;
  } catch {
    type = undefined;
  }
  return new StatesError(typeof type === 'string' && type !== '' ? type : 'Lambda.Unknown', payload);
}

async function send(url: string, request: TaskRequest, assumeRole: AssumeRole | undefined): Promise<Response> {
  const { FunctionName, Payload, Qualifier, InvocationType, ClientContext } = request.parameters as InvokeParameters;
  if (typeof FunctionName !== 'string')
    throw new StatesError('States.Runtime', 'The parameter FunctionName must be a string.');
  const query = typeof Qualifier === 'string' ? `?Qualifier=${encodeURIComponent(Qualifier)}` : '';
  const optional: readonly (readonly [string, unknown])[] = [
    ['x-amz-client-context', ClientContext],
    ['x-amzn-trace-id', request.traceHeader],
  ];
  const given = optional.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
  return fetch(`${url}/2015-03-31/functions/${encodeURIComponent(FunctionName)}/invocations${query}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-amz-invocation-type': typeof InvocationType === 'string' ? InvocationType : 'RequestResponse',
      ...Object.fromEntries(given),
      ...(await roleHeaders(request, 'lambda', assumeRole)),
    },
    body: Payload === undefined ? '{}' : JSON.stringify(Payload),
    signal: request.signal,
  });
}

function parsed(payload: string): unknown {
  if (payload === '') return null;
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return payload;
  }
}

/**
 * Calls of functions through a Lambda endpoint.
 * @param url of the endpoint; undefined where there is none, and every call fails
 */
export function lambdaInvocations(url: string | undefined, assumeRole: AssumeRole | undefined) {
  return async (request: TaskRequest, direct: boolean): Promise<unknown> => {
    if (url === undefined)
      throw new StatesError(
        'Lambda.SdkClientException',
        'There is no Lambda endpoint here: "lambdaUrl" was not given.',
      );
    let response: Response;
    try {
      response = await send(url, request, assumeRole);
    } catch (error) {
      if (error instanceof StatesError || request.signal.aborted) throw error;
      throw new StatesError('Lambda.SdkClientException', 'The Lambda endpoint cannot be reached.');
    }
    const payload = await response.text();
    const requestId = response.headers.get('x-amzn-requestid') ?? '';
    if (!response.ok) {
      const { message } = (parsed(payload) ?? {}) as { message?: unknown };
      const type = response.headers.get('x-amzn-errortype') ?? '';
      throw serviceError(
        type,
        typeof message === 'string' ? message : 'Lambda refused the call.',
        response.status,
        requestId,
      );
    }
    if (response.headers.has('x-amz-function-error')) throw functionError(payload);
    if (direct) return parsed(payload);
    return {
      ExecutedVersion: response.headers.get('x-amz-executed-version') ?? '$LATEST',
      Payload: parsed(payload),
      SdkHttpMetadata: httpMetadata(response),
      SdkResponseMetadata: { RequestId: requestId },
      StatusCode: response.status,
    };
  };
}
