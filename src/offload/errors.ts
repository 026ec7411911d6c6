import { BatonError, type BatonErrorDetails } from '../core/errors';
import { credentialsAdvice, roleAdvice } from '../credentials/advice';
import { refusedForClock } from '../credentials/corrected-clock';
import { REFUSAL_PREFIX } from '../token/envelope';
import { HttpFailure } from './http-failure';
import { THROTTLED_BY_WHOM } from './retry';

type AwsError = Error & {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly retryAfterSeconds?: unknown;
  readonly code?: unknown;
};

/** What a failure is explained with. */
export interface CalledFunction {
  readonly name: string;
  /** ARN of the function. */
  readonly target: string;
  /** What AWS must allow: `lambda:InvokeFunction`, or `execute-api:Invoke` behind a gateway. */
  readonly action: string;
}

const THROTTLES = [
  'TooManyRequestsException',
  'ThrottlingException',
  'LimitExceededException',
  'EC2ThrottledException',
];

/** What the SDK or fetch() threw, in the table's terms. AWS's own text stays in the cause. */
export function callError(called: CalledFunction, thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const { name } = called;
  const error = thrown as AwsError;
  const status = error.$metadata?.httpStatusCode;
  const reason = reasonOf(error);
  const details: BatonErrorDetails = { cause: thrown, reason };
  if (THROTTLES.includes(error.name) || status === 429) return throttled(name, error, details);
  if (refusedForClock(thrown)) {
    const message = `AWS refused the call of "${name}" for this machine's clock. The SDK goes by AWS's clock from now on: call again.`;
    return new BatonError('function_unavailable', message, details);
  }
  const advice = refusalAdvice(called, error);
  if (advice !== undefined) {
    return new BatonError('function_access_denied', `AWS refused the call of "${name}": ${advice}`, details);
  }
  if (error.name === 'ResourceNotFoundException' || status === 404) {
    const message = `AWS knows no function at the target of "${name}". Check /functions, and that version or alias exist.`;
    return new BatonError('function_unknown', message, details);
  }
  if (error.name === 'RequestTooLargeException' || status === 413) {
    return new BatonError('payload_too_large', `Lambda refused the payload for "${name}" as too large.`, details);
  }
  // Another attempt would bring the same bytes.
  if (error.name === 'InvalidRequestContentException') {
    return new BatonError('payload_invalid', `Lambda could not read the payload for "${name}" as JSON.`, details);
  }
  if (status === 504 && error instanceof HttpFailure) {
    const message = `The gateway did not wait for "${name}" any longer. It may still be running; it was not called again.`;
    return new BatonError('function_timeout', message, details);
  }
  if (error instanceof HttpFailure && status !== 503) {
    return new BatonError('function_failed', `The gateway answered the call of "${name}" with ${status}.`, details);
  }
  return new BatonError('function_unavailable', `Lambda could not be asked to run "${name}": ${reason}.`, details);
}

/** Node's own errors are all called "Error" and fetch's "TypeError"; what is known of them is their code. */
function reasonOf(error: AwsError): string {
  const { cause } = error as { cause?: { code?: unknown } };
  const code = error.name === 'TypeError' && cause !== undefined ? cause.code : error.code;
  return (error.name === 'Error' || error.name === 'TypeError') && typeof code === 'string' ? code : error.name;
}

function throttled(name: string, error: AwsError, details: BatonErrorDetails): BatonError {
  const wait = Number(error.retryAfterSeconds);
  // A function behind a gateway can answer 429 itself, and then it has run.
  const byWhom = error instanceof HttpFailure && !error.namedByAws ? { reason: THROTTLED_BY_WHOM } : {};
  const when = Number.isFinite(wait) && wait > 0 ? { retryAfterSeconds: Math.ceil(wait) } : {};
  return new BatonError(
    'function_throttled',
    `AWS throttled the call of "${name}". Raise the concurrency of the function or the account, or call it less.`,
    {
      ...details,
      ...byWhom,
      ...when,
    },
  );
}

/** What was wrong with the credentials or the permissions, and what to change; undefined where neither was. */
function refusalAdvice({ target, action }: CalledFunction, error: AwsError): string | undefined {
  const advice = credentialsAdvice(error.name);
  if (advice !== undefined) return advice;
  const status = error.$metadata?.httpStatusCode;
  if (status === 401) {
    return `the gateway did not accept the hand-over token. Its JWT authorizer needs the issuer of /handOver and the audience ${target}, and must reach the app's public keys.`;
  }
  if (error.name !== 'AccessDeniedException' && status !== 403) return undefined;
  return roleAdvice(action, target);
}

/**
 * What a function that failed answered: its own words go to the log, as the cause; what its guard says is told apart, so
 * that an outage over there is not taken for a refusal.
 */
export function functionError(name: string, kind: string, payload: string): BatonError {
  const { errorType, errorMessage } = readFailure(payload);
  const cause = new Error(errorMessage);
  cause.name = errorType;
  const details = { cause, reason: errorType };
  switch (errorType) {
    case `${REFUSAL_PREFIX}permission_denied`:
      return new BatonError('permission_denied', `The function "${name}" refused the caller.`, {
        cause,
        reason: 'function',
      });
    case `${REFUSAL_PREFIX}keys_unavailable`:
      return new BatonError(
        'function_unavailable',
        `The function "${name}" could not get the keys that verify a hand-over.`,
        details,
      );
    case `${REFUSAL_PREFIX}token_invalid`:
    case `${REFUSAL_PREFIX}event_invalid`:
      return new BatonError(
        'function_access_denied',
        `The function "${name}" did not accept the hand-over. Function and app must hold the same policy, and its /handOver keys must hold the app's public key.`,
        details,
      );
    default:
      return new BatonError(
        'function_failed',
        `The function "${name}" failed (${kind}). Its own log says more, under the same correlation ID.`,
        details,
      );
  }
}

function readFailure(payload: string): { errorType: string; errorMessage: string } {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as Record<string, unknown>;
    return {
      errorType: typeof errorType === 'string' ? errorType : 'Error',
      errorMessage: typeof errorMessage === 'string' ? errorMessage : 'The function gave no message.',
    };
  } catch {
    return { errorType: 'Error', errorMessage: 'The function gave no readable error.' };
  }
}
