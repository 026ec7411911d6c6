/**
 * The second argument of a Lambda handler, as the Node.js runtime passes it.
 * Source: AWS Lambda developer guide, "Using the Lambda context object" (Node.js).
 */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  /** In MB, as text. */
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly clientContext?: unknown;
  callbackWaitsForEmptyEventLoop: boolean;
  /** Milliseconds until the invocation is ended by force. */
  getRemainingTimeInMillis(): number;
}

/** What {@link lambdaContext} needs to know of an invocation. */
export interface InvocationFacts {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryMegabytes: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly clientContext?: unknown;
}

/** The context object of one invocation. */
export function lambdaContext(facts: InvocationFacts, clock: () => number): LambdaContext {
  return {
    awsRequestId: facts.awsRequestId,
    functionName: facts.functionName,
    functionVersion: facts.functionVersion,
    invokedFunctionArn: facts.invokedFunctionArn,
    memoryLimitInMB: String(facts.memoryMegabytes),
    logGroupName: facts.logGroupName,
    logStreamName: facts.logStreamName,
    clientContext: facts.clientContext,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, facts.deadline - clock()),
  };
}
