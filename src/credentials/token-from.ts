import { readFile } from 'node:fs/promises';
import { BatonError } from '../core/errors';
import type { TokenSource } from '../core/token-source';
import { textOf } from '../core/text-file';
import { expiryOf } from './web-identity';

/** Where a token does not say when it ends, it is fetched anew after this long, in seconds. */
const UNKNOWN_LIFETIME_SECONDS = 60;

const dated = (token: string): { token: string; expiresAt: number } => ({
  token,
  expiresAt: expiryOf(token) ?? Date.now() / 1000 + UNKNOWN_LIFETIME_SECONDS,
});

/**
 * Tokens from a file that something else keeps fresh, as Kubernetes does with the token of a service account. It is read anew
 * whenever a token is needed; the file says what the token is for.
 *
 * @param path default: what `AWS_WEB_IDENTITY_TOKEN_FILE` names
 * @throws BatonError at start `option_invalid` without a path; later `credentials_unavailable`, reason `token_source`
 *
 * @example
 * ```ts
 * webIdentityCredentials({ token: tokenFromFile('C:\\ProgramData\\invoices\\aws.jwt'), audience: 'sts.amazonaws.com' });
 * ```
 */
export function tokenFromFile(path: string | undefined = process.env.AWS_WEB_IDENTITY_TOKEN_FILE): TokenSource {
  if (typeof path !== 'string' || path === '') {
    throw new BatonError(
      'option_invalid',
      'tokenFromFile(): name the file, as the argument or in AWS_WEB_IDENTITY_TOKEN_FILE.',
    );
  }
  return {
    async token() {
      try {
        return dated(textOf(await readFile(path)).trim());
      } catch (cause) {
        const message = `The token file ${path} cannot be read. The identity of the application pool needs read access to it.`;
        throw new BatonError('credentials_unavailable', message, { cause, reason: 'token_source' });
      }
    },
  };
}

/**
 * Tokens from a function of the app's own: any OpenID provider whose tokens AWS can verify.
 *
 * @param get gives a token for the audience. It is asked again shortly before the token ends, once for all who wait; what it
 *   throws becomes the cause of `credentials_unavailable`
 *
 * @example
 * ```ts
 * webIdentityCredentials({ token: tokenFrom((audience) => myProvider.tokenFor(audience)), audience: 'sts.amazonaws.com' });
 * ```
 */
export function tokenFrom(get: (audience: string) => Promise<string>): TokenSource {
  if (typeof get !== 'function')
    throw new BatonError('option_invalid', 'tokenFrom(): the argument must be a function.');
  return { token: async (audience) => dated(await get(audience)) };
}
