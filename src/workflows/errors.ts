import { BatonError, type BatonErrorDetails } from '../core/errors';
import { credentialsAdvice, roleAdvice } from '../credentials/advice';
import { refusedForClock } from '../credentials/corrected-clock';
import { REFUSAL_PREFIX } from '../token/envelope';

/** What a failure is explained with. */
export interface CalledWorkflow {
  /** The workflow's name in the policy. */
  readonly name: string;
  /** ARN of what the call is about. */
  readonly arn: string;
  /** What AWS must allow, such as `states:StartExecution`. */
  readonly action: string;
}

type AwsError = Error & {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly code?: unknown;
};

const THROTTLES = [
  'ThrottlingException',
  'TooManyRequestsException',
  'ExecutionLimitExceeded',
  'ServiceQuotaExceededException',
];
const UNKNOWN = ['StateMachineDoesNotExist', 'StateMachineDeleting', 'StateMachineTypeNotSupported', 'InvalidArn'];

/** What the SDK threw, in the table's terms. AWS's own text stays in the cause. */
export function workflowError(called: CalledWorkflow, thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const { name, arn } = called;
  const error = thrown as AwsError;
  const status = error.$metadata?.httpStatusCode;
  const reason = error.name === 'Error' && typeof error.code === 'string' ? error.code : error.name;
  const details: BatonErrorDetails = { cause: thrown, reason };
  if (THROTTLES.includes(error.name) || status === 429) {
    return new BatonError('workflow_throttled', `AWS throttled the call of the workflow "${name}".`, details);
  }
  if (UNKNOWN.includes(error.name)) {
    const message = `AWS does not start ${arn}: ${error.name}. Check /workflows/${name}: its target, and its type ("EXPRESS" for Express).`;
    return new BatonError('workflow_unknown', message, details);
  }
  if (error.name === 'InvalidExecutionInput') {
    const message = `Step Functions could not read the input of the workflow "${name}".`;
    return new BatonError('payload_invalid', message, details);
  }
  if (refusedForClock(thrown)) {
    const message = `AWS refused the call of the workflow "${name}" for this machine's clock. The SDK goes by AWS's clock from now on: ask again.`;
    return new BatonError('workflow_unavailable', message, details);
  }
  const advice = credentialsAdvice(error.name) ?? refusalOf(called, error.name, status);
  if (advice !== undefined) {
    return new BatonError(
      'workflow_access_denied',
      `AWS refused the call of the workflow "${name}": ${advice}`,
      details,
    );
  }
  return new BatonError(
    'workflow_unavailable',
    `Step Functions could not be asked about the workflow "${name}": ${reason}.`,
    details,
  );
}

/**
 * Makes a call, and names what it was about where it fails.
 * @throws BatonError `workflow_*`
 */
export async function calling<T>(called: CalledWorkflow, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw workflowError(called, thrown);
  }
}

function refusalOf({ action, arn }: CalledWorkflow, errorName: string, status?: number): string | undefined {
  if (errorName.startsWith('Kms')) return `the key that encrypts it: ${errorName}. Allow the role to use it.`;
  if (errorName !== 'AccessDeniedException' && status !== 403) return undefined;
  return roleAdvice(action, arn);
}

/** How an Express execution ended that did not succeed. */
export interface FailedExecution {
  readonly status?: string | undefined;
  /** The name of the error as the state machine gives it. */
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** An execution that was waited for and did not succeed; its own words are for the log, as the cause. */
export function executionError(
  name: string,
  { status = '', error = 'Error', cause: text = '' }: FailedExecution,
): BatonError {
  const cause = new Error(text);
  cause.name = error;
  if (status === 'TIMED_OUT') {
    const message = `The workflow "${name}" ran out of its own time.`;
    return new BatonError('workflow_timeout', message, { cause, reason: status });
  }
  if (error === `${REFUSAL_PREFIX}permission_denied`) {
    return new BatonError('permission_denied', `A step of the workflow "${name}" refused the caller.`, {
      cause,
      reason: 'step',
    });
  }
  if (error === `${REFUSAL_PREFIX}token_invalid` || error === `${REFUSAL_PREFIX}event_invalid`) {
    const message = `A step of the workflow "${name}" did not accept the hand-over. Function and app must hold the same policy, and the state must hand on what docs/workflows.md says.`;
    return new BatonError('workflow_access_denied', message, { cause, reason: error });
  }
  return new BatonError('workflow_failed', `The workflow "${name}" ended as ${status}.`, { cause, reason: error });
}
