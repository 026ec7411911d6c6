import { StatesError } from './asl/states-error';
import type { TaskRequest } from './integrations';
import { httpMetadata, roleHeaders, type AssumeRole } from './service-call';

/** The body may be an object, which goes into the message as its JSON. */
function inputOf(parameters: unknown): object {
  const { MessageBody: body, ...rest } = parameters as Readonly<Record<string, unknown>>;
  return { ...rest, MessageBody: typeof body === 'string' ? body : JSON.stringify(body) };
}

/** An error of SQS, by the name that Step Functions gives it. */
function serviceError(status: number, { __type: type, message }: { __type?: unknown; message?: unknown }): StatesError {
  const name = typeof type === 'string' ? (type.split('#').pop() ?? '') : 'Unknown';
  const text = typeof message === 'string' ? message : 'SQS refused the call.';
  return new StatesError(`SQS.${name}`, `${text} (Service: Sqs, Status Code: ${status})`);
}

/**
 * Messages to queues through an SQS endpoint.
 * @param url of the endpoint; undefined where there is none, and every call fails
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html
 */
export function sqsMessages(url: string | undefined, assumeRole: AssumeRole | undefined) {
  return async (request: TaskRequest): Promise<unknown> => {
    if (url === undefined) {
      throw new StatesError('SQS.SdkClientException', 'There is no SQS endpoint here: "sqsUrl" was not given.');
    }
    const headers = {
      ...(await roleHeaders(request, 'sqs', assumeRole)),
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
    };
    const body = JSON.stringify(inputOf(request.parameters));
    let response: Response;
    try {
      response = await fetch(url, { method: 'POST', headers, body, signal: request.signal });
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new StatesError('SQS.SdkClientException', 'The SQS endpoint cannot be reached.');
    }
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw serviceError(response.status, answer);
    const requestId = response.headers.get('x-amzn-requestid') ?? '';
    return {
      ...answer,
      SdkHttpMetadata: httpMetadata(response),
      SdkResponseMetadata: { RequestId: requestId },
    };
  };
}
