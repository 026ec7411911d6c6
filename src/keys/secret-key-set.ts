import { BatonError } from '../core/errors';
import type { Jwk } from '../jws/keys';
import { keySetMembers, MAX_KEYS } from './key-set';
import { secretReader } from './secret';

/**
 * Gets a JWK Set that is the text of a secret in AWS Secrets Manager.
 * @returns a function that rejects with `keys_unavailable`
 * @throws BatonError `peer_missing`
 */
export function secretKeySet(secretId: string): () => Promise<readonly Jwk[]> {
  const read = secretReader(secretId);
  const fail = (what: string, cause?: unknown): BatonError =>
    new BatonError('keys_unavailable', `The keys in the secret ${secretId} cannot be had: ${what}.`, {
      cause,
      retryAfterSeconds: 5,
    });
  return async () => {
    let text: string;
    try {
      text = await read();
    } catch (cause) {
      throw fail(cause instanceof BatonError ? cause.message : 'Secrets Manager gave no answer', cause);
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // No cause: the parser's message quotes the secret.
      throw fail('it is not JSON');
    }
    const keys = keySetMembers(value);
    if (keys === undefined) throw fail(`it is no JWK Set of at most ${MAX_KEYS} keys`);
    return keys;
  };
}
