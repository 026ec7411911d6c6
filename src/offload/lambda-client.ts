import { BatonError } from '../core/errors';
import { optionalPeer } from '../core/peers';

type LambdaSdk = typeof import('@aws-sdk/client-lambda');

/** One call of a function, in plain terms. */
export interface FunctionCall {
  /** ARN of the function, with version or alias where wanted. */
  readonly target: string;
  readonly payload: Uint8Array;
  /** `X-Amzn-Trace-Id`, where the request belongs to a trace. */
  readonly traceHeader?: string;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface FunctionAnswer {
  readonly payload: string;
  /** Set where the function itself failed: Lambda answers 200 then, too. */
  readonly functionError?: string;
}

/** Calls functions. The AWS SDK stands behind it; nothing above knows. */
export type CallFunction = (call: FunctionCall) => Promise<FunctionAnswer>;

const RETRY_SETTINGS = ['maxAttempts', 'retryMode', 'retryStrategy'];

/**
 * Calls through `@aws-sdk/client-lambda`, which is loaded with the first call.
 *
 * The SDK's defaults would time out never, and on errors call three times, a function that has already begun (measured,
 * SDK 3.1162): so one attempt, a limit on connecting, and the caller's signal for the rest.
 *
 * @param clientConfig what goes to `new LambdaClient()` beside that: region, credentials, endpoint
 * @throws BatonError `option_invalid` for settings of retries; in a call `peer_missing`
 */
export function lambdaCaller(clientConfig: Readonly<Record<string, unknown>>): CallFunction {
  const refused = RETRY_SETTINGS.find((name) => name in clientConfig);
  if (refused !== undefined) {
    throw new BatonError(
      'option_invalid',
      `clientConfig.${refused} cannot be set: a function that may have begun is not called again.`,
    );
  }
  let sdk: LambdaSdk | undefined;
  let client: InstanceType<LambdaSdk['LambdaClient']> | undefined;
  return async ({ target, payload, traceHeader, signal }) => {
    sdk ??= optionalPeer(
      '@aws-sdk/client-lambda',
      'Calling Lambda functions',
      () => require('@aws-sdk/client-lambda') as LambdaSdk,
    );
    client ??= new sdk.LambdaClient({
      requestHandler: { connectionTimeout: 3000 },
      ...clientConfig,
      maxAttempts: 1,
    });
    const command = new sdk.InvokeCommand({
      FunctionName: target,
      InvocationType: 'RequestResponse',
      Payload: payload,
    });
    if (traceHeader !== undefined) {
      command.middlewareStack.add(
        (next) => (args) => {
          (args.request as { headers: Record<string, string> }).headers['X-Amzn-Trace-Id'] = traceHeader;
          return next(args);
        },
        { step: 'build', name: 'batonTraceHeader' },
      );
    }
    const output = await client.send(command, { abortSignal: signal });
    return {
      // Null, against its type, where the answer has no body.
      payload: Buffer.from(output.Payload ?? []).toString('utf8'),
      ...(output.FunctionError !== undefined && { functionError: output.FunctionError }),
    };
  };
}
