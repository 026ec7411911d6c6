import { BatonError } from '../core/errors';
import type { CredentialsTarget } from '../core/credentials';

/** STS's limit on inline and managed session policies, as plain text (API reference, `Policy`). */
const MAX_CHARACTERS = 2048;

/** What AWS allows for all resources or not at all: the task token says which task is meant. */
const FOR_ALL_RESOURCES = ['states:SendTaskSuccess', 'states:SendTaskFailure'];

/**
 * The session policy that leaves of a role what the one target needs: what a session may do is what both allow.
 *
 * @throws BatonError `credentials_refused`, reason `session_policy`: a target that would stand for more than one thing, or
 *   a policy that is too long
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
 */
export function sessionPolicy({ arn, actions, name }: CredentialsTarget): string {
  const refuse = (what: string): BatonError =>
    new BatonError('credentials_refused', `No session policy can be written for "${name}": ${what}.`, {
      reason: 'session_policy',
    });
  // A wildcard or a policy variable would let the session reach more than the target.
  if (!/^arn:[^*?$\s]+$/.test(arn)) throw refuse('its target must be a plain ARN, without "*", "?" and "$"');
  if (actions.length === 0 || actions.some((action) => !/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))) {
    throw refuse('its actions must be plain IAM actions, without "*"');
  }
  const allow = (some: readonly string[], resource: string): object[] =>
    some.length === 0 ? [] : [{ Effect: 'Allow', Action: some, Resource: resource }];
  const isForAll = (action: string): boolean => FOR_ALL_RESOURCES.includes(action);
  const scoped = actions.filter((action) => !isForAll(action));
  const statements = [...allow(scoped, arn), ...allow(actions.filter(isForAll), '*')];
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  if (text.length > MAX_CHARACTERS)
    throw refuse(`it would have ${text.length} characters, and AWS takes ${MAX_CHARACTERS}`);
  return text;
}
