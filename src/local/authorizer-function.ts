/**
 * Calls the authorizer as API Gateway does: as a Lambda function, in a process and with an environment of its own. A
 * function error becomes an error with the function's message, because the gateway decides by that message.
 */
export function authorizerFunction(lambdaUrl: string, name: string): (event: unknown) => Promise<unknown> {
  return async (event) => {
    const answer = await fetch(`${lambdaUrl}/2015-03-31/functions/${name}/invocations`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-amz-invocation-type': 'RequestResponse',
        // The local endpoint asks that a call is signed, as Lambda does, but knows no secrets to check by.
        authorization: 'AWS4-HMAC-SHA256 Credential=apigateway',
      },
      body: JSON.stringify(event),
    });
    const result: unknown = await answer.json();
    if (answer.status === 200 && !answer.headers.has('x-amz-function-error')) return result;
    const { errorMessage } = (result ?? {}) as { errorMessage?: unknown };
    throw new Error(typeof errorMessage === 'string' ? errorMessage : `Lambda answered ${answer.status}.`);
  };
}
