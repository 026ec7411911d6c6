import { timingSafeEqual } from 'node:crypto';
import { BatonError } from '../core/errors';
import type { HostMode } from './host-mode';

/** The environment variable in which a host names the token that it sends along with each request. */
const VARIABLES: Partial<Record<HostMode, string>> = { httpPlatform: 'HTTP_PLATFORM_TOKEN', ancm: 'ASPNETCORE_TOKEN' };

/** Checks the values of `MS-ASPNETCORE-TOKEN`. @throws BatonError `host_token_invalid` */
export type TokenCheck = (values: readonly string[]) => void;

/**
 * Makes the check that a request came through the host, and not from another program on this machine that found the
 * port. HttpPlatformHandler 1.2 has no token; there is nothing to check then.
 *
 * @throws BatonError `listen_failed` for the ASP.NET Core Module without its token
 * @see https://github.com/lextudio/httpplatformhandlerv2
 */
export function hostToken(
  mode: HostMode,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TokenCheck | undefined {
  const variable = VARIABLES[mode];
  const expected = variable === undefined ? '' : (env[variable] ?? '');
  if (expected !== '') return checkAgainst(Buffer.from(expected, 'latin1'));
  if (mode !== 'ancm') return undefined;
  throw new BatonError(
    'listen_failed',
    'The host mode is ancm, but ASPNETCORE_TOKEN, which its requests carry, is not set. Outside IIS, set BATON_HOST_MODE to standalone.',
  );
}

function checkAgainst(expected: Buffer): TokenCheck {
  const refuse = (reason: string, message: string): BatonError =>
    new BatonError('host_token_invalid', message, { reason });
  return (values) => {
    const [value] = values;
    if (value === undefined) throw refuse('missing', "The request does not carry the host's token.");
    if (values.length > 1) throw refuse('duplicate', "The request carries the host's token more than once.");
    const given = Buffer.from(value, 'latin1');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw refuse('mismatch', "The request carries another token than the host's.");
    }
  };
}
