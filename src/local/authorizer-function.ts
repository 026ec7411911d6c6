import { callFunction } from './function-call';

/**
 * Calls the authorizer as API Gateway does: as a Lambda function, in a process and with an environment of its own. A
 * function error becomes an error with the function's message, because the gateway decides by that message.
 */
export function authorizerFunction(lambdaUrl: string, name: string): (event: unknown) => Promise<unknown> {
  return async (event) => {
    const { status, failed, payload } = await callFunction(lambdaUrl, name, event, 'apigateway');
    const result = JSON.parse(payload) as unknown;
    if (!failed) return result;
    const { errorMessage } = (result ?? {}) as { errorMessage?: unknown };
    throw new Error(typeof errorMessage === 'string' ? errorMessage : `Lambda answered ${status}.`);
  };
}
