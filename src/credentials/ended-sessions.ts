import type { AwsCredentials } from '../core/credentials';

/** What AWS's services answer to credentials that have ended, or that they do not know. Nothing was done then. */
const ENDED = ['ExpiredToken', 'ExpiredTokenException', 'InvalidClientTokenId', 'UnrecognizedClientException'];

const ended = new WeakSet<AwsCredentials>();
const refusals = new WeakSet<Error>();

/**
 * Remembers that a service refused these credentials as ended, where the error says so. Sessions can end before their time:
 * by a revocation, or by a clock.
 */
export function noteRefusal(credentials: AwsCredentials, thrown: unknown): void {
  if (!(thrown instanceof Error) || !ENDED.includes(thrown.name)) return;
  ended.add(credentials);
  refusals.add(thrown);
}

/** Whether a service has refused these credentials as ended: nobody is given them any more. */
export const haveEnded = (credentials: AwsCredentials): boolean => ended.has(credentials);

/** Whether a call failed because its session had ended, so that the next one has another. Not so with keys of the server. */
export const failedByEndedSession = (thrown: unknown): boolean => thrown instanceof Error && refusals.has(thrown);
