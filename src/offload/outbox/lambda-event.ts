import { callError } from '../errors';
import { traced, type LambdaAccess } from '../lambda-client';
import type { Carrier } from './shipping';

const ACTION = 'lambda:InvokeFunction';

/**
 * Hands work to Lambda's own queue: an asynchronous invocation. Lambda keeps it for up to six hours and tries a function
 * that fails twice more.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
 */
export function lambdaEventCarrier(access: () => LambdaAccess): Carrier {
  return {
    targetOf: (name, { target }) => ({ kind: 'function', name, arn: target, actions: [ACTION] }),
    async ship({ name, document: { target }, body, traceHeader, credentials, signal }) {
      const { sdk, client } = access();
      const input = { FunctionName: target, InvocationType: 'Event' as const, Payload: Buffer.from(body) };
      const command = new sdk.InvokeCommand(traced(input, traceHeader));
      try {
        await client(credentials).send(command, { abortSignal: signal });
      } catch (thrown) {
        throw callError({ name, target, action: ACTION }, thrown);
      }
    },
  };
}
