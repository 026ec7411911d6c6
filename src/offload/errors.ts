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
  // Node's own errors are all called "Error"; what is known of them is their code, such as ECONNREFUSED.
  const reason = error.name === 'Error' && typeof error.code === 'string' ? error.code : error.name;
  const details: BatonErrorDetails = { cause: thrown, reason };
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
  if (error.name === 'ResourceNotFoundException') {
    const message = `AWS knows no function at the target of "${name}". Check /functions, and that version or alias exist.`;
    return new BatonError('function_unknown', message, details);
  }
  if (error.name === 'RequestTooLargeException' || status === 413) {
    return new BatonError('payload_too_large', `Lambda refused the payload for "${name}" as too large.`, details);
  }
  return new BatonError('function_unavailable', `Lambda could not be asked to run "${name}": ${reason}.`, details);
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
      return new BatonError('function_failed', `The function "${name}" failed (${kind}).`, details);
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
