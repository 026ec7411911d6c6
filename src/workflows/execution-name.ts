import { createHash } from 'node:crypto';
import type { Identity } from '../core/identity';
import { actorChain } from '../credentials/session-name';

/** What makes one execution one: the same of all of these is the same execution. */
export interface ExecutionKey {
  readonly application: string;
  /** The workflow's name in the policy. */
  readonly workflow: string;
  readonly user: Pick<Identity, 'subject' | 'actor'>;
  readonly idempotencyKey: string;
}

/** Step Functions takes 80 characters; these are the ones that CloudWatch takes as well. */
const MAX_CHARACTERS = 80;
const NOT_IN_NAMES = /[^0-9A-Za-z_-]+/g;
/** SHA-256 in base64url. */
const HASH_CHARACTERS = 43;

/** What all executions of a workflow are called at first: so much of its name as there is room for. */
export function namePrefix(workflow: string): string {
  return `${workflow.replace(NOT_IN_NAMES, '-').slice(0, MAX_CHARACTERS - HASH_CHARACTERS - 1)}-`;
}

/**
 * The execution's name: so much of the workflow's that people know it again, and a hash. Whoever retries gets the same
 * name, and with it the same execution; nobody gets another caller's by choosing that one's key.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
export function executionName({ application, workflow, user, idempotencyKey }: ExecutionKey): string {
  const caller = [user.subject, ...actorChain(user)];
  const hash = createHash('sha256')
    .update(JSON.stringify([application, workflow, caller, idempotencyKey]))
    .digest('base64url');
  return `${namePrefix(workflow)}${hash}`;
}

/** The ARN of an execution of a Standard workflow. A version's or alias's executions are those of its state machine. */
export function executionArn(stateMachineArn: string, name: string): string {
  const [arn, partition, service, region, account, , machine] = stateMachineArn.split(':');
  return [arn, partition, service, region, account, 'execution', machine, name].join(':');
}
