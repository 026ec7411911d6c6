import { BatonError, type BatonErrorDetails } from '../core/errors';
import { REFUSAL_PREFIX } from '../token/envelope';

type AwsError = Error & {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly retryAfterSeconds?: unknown;
  readonly code?: unknown;
};

const CREDENTIALS_ERRORS = ['CredentialsProviderError', 'ExpiredTokenException', 'UnrecognizedClientException'];

/** What the SDK threw, in the table's terms. AWS's own text stays in the cause. */
export function callError(name: string, thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const error = thrown as AwsError;
  const status = error.$metadata?.httpStatusCode;
  const details: BatonErrorDetails = { cause: thrown, reason: error.name };
  if (error.name === 'TooManyRequestsException' || status === 429) {
    const wait = Number(error.retryAfterSeconds);
    const throttled = Number.isFinite(wait) && wait > 0 ? { ...details, retryAfterSeconds: Math.ceil(wait) } : details;
    return new BatonError('function_throttled', `Lambda throttled the call of "${name}".`, throttled);
  }
  if (error.name === 'AccessDeniedException' || status === 403 || CREDENTIALS_ERRORS.includes(error.name)) {
    return new BatonError(
      'function_access_denied',
      `AWS refused the call of "${name}". The app's AWS credentials must be valid and allow lambda:InvokeFunction on its target.`,
      details,
    );
  }
  if (error.name === 'RequestTooLargeException' || status === 413) {
    return new BatonError('payload_too_large', `Lambda refused the payload for "${name}" as too large.`, details);
  }
  return new BatonError('function_unavailable', `Lambda could not be asked to run "${name}": ${error.name}.`, details);
}

/** What a function that failed answered: its own words go to the log, as the cause; a refusal of its guard is told apart. */
export function functionError(name: string, kind: string, payload: string): BatonError {
  const answer = readFailure(payload);
  const cause = new Error(answer.errorMessage);
  cause.name = answer.errorType;
  if (answer.errorType === `${REFUSAL_PREFIX}permission_denied`) {
    return new BatonError('permission_denied', `The function "${name}" refused the caller.`, {
      cause,
      reason: 'function',
    });
  }
  if (answer.errorType.startsWith(REFUSAL_PREFIX)) {
    return new BatonError(
      'function_access_denied',
      `The function "${name}" did not accept the hand-over. Function and app must hold the same policy, and its /handOver keys must hold the app's public key.`,
      { cause, reason: answer.errorType },
    );
  }
  return new BatonError('function_failed', `The function "${name}" failed (${kind}).`, {
    cause,
    reason: answer.errorType,
  });
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
