/** What a call of a function gave. */
export interface FunctionAnswer {
  /** Status of the endpoint; 200 also where the function failed. */
  readonly status: number;
  /** Whether the function ended with an error. */
  readonly failed: boolean;
  /** JSON text. */
  readonly payload: string;
}

/**
 * Calls a function of the local endpoint and waits for its answer, as a service of AWS does.
 *
 * @param caller stands in the signature where an access key's ID would
 */
export async function callFunction(
  lambdaUrl: string,
  name: string,
  event: unknown,
  caller: string,
): Promise<FunctionAnswer> {
  const answer = await fetch(`${lambdaUrl}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-amz-invocation-type': 'RequestResponse',
      // The local endpoint asks that a call is signed, as Lambda does, but knows no secrets to check by.
      authorization: `AWS4-HMAC-SHA256 Credential=${caller}`,
    },
    body: JSON.stringify(event),
  });
  const failed = answer.status !== 200 || answer.headers.has('x-amz-function-error');
  return { status: answer.status, failed, payload: await answer.text() };
}
