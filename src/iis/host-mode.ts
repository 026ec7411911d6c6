import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';

/**
 * Who starts the process and hands it requests.
 *
 * - `iisnode`: the IIS module iisnode; requests arrive on a named pipe.
 * - `httpPlatform`: HttpPlatformHandler 1.2 or 2; requests arrive on a loopback TCP port.
 * - `ancm`: the ASP.NET Core Module, out of process; a loopback TCP port as well.
 * - `proxy`: a reverse proxy whose addresses are named, such as IIS with Application Request Routing in front of a
 *   Windows service.
 * - `standalone`: none of them: a laptop, a container.
 */
export type HostMode = 'iisnode' | 'httpPlatform' | 'ancm' | 'proxy' | 'standalone';

/** Every host mode, in the order in which they are looked for. */
export const HOST_MODES: readonly HostMode[] = ['iisnode', 'httpPlatform', 'ancm', 'proxy', 'standalone'];

/** Windows names pipes `\\.\pipe\…` on this machine and `\\?\pipe\…` in its long form, in any letter case. */
const WINDOWS_PIPE = /^\\\\[.?]\\pipe\\/i;

/**
 * Tells from the environment variables who started the process.
 *
 * iisnode sets `IISNODE_VERSION` and a pipe in `PORT`; HttpPlatformHandler sets `HTTP_PLATFORM_PORT`; the ASP.NET Core
 * Module sets `ASPNETCORE_PORT` together with `ASPNETCORE_TOKEN` (the port alone is also set by hand for .NET apps).
 * Nothing tells of a reverse proxy but who names its addresses in `BATON_TRUSTED_PROXIES`. `BATON_HOST_MODE` overrides it
 * all. A signed identity is verified the same way in every mode; the edge `windows`, which nobody signs, starts on
 * iisnode only.
 *
 * @param env the environment; `process.env` by default
 * @throws BatonError `option_invalid` where `BATON_HOST_MODE` names no mode
 * @example
 * ```ts
 * if (detectHostMode() === 'iisnode') console.log('on a named pipe');
 * ```
 * @see https://github.com/Azure/iisnode
 * @see https://learn.microsoft.com/iis/extensions/httpplatformhandler/httpplatformhandler-configuration-reference
 */
export function detectHostMode(env: Readonly<Record<string, string | undefined>> = process.env): HostMode {
  const told = env['BATON_HOST_MODE'];
  if (isSet(told)) return checkHostMode('The environment variable BATON_HOST_MODE:', told);
  if (isSet(env['IISNODE_VERSION']) || WINDOWS_PIPE.test(env['PORT'] ?? '')) return 'iisnode';
  if (isSet(env['HTTP_PLATFORM_PORT'])) return 'httpPlatform';
  if (isSet(env['ASPNETCORE_PORT']) && isSet(env['ASPNETCORE_TOKEN'])) return 'ancm';
  if (isSet(env['BATON_TRUSTED_PROXIES'])) return 'proxy';
  return 'standalone';
}

/**
 * The mode of that name.
 * @throws BatonError `option_invalid`
 */
export function checkHostMode(owner: string, name: string): HostMode {
  const mode = HOST_MODES.find((known) => known === name);
  if (mode === undefined) throw new BatonError('option_invalid', `${owner} hostMode ${unknownName(name, HOST_MODES)}`);
  return mode;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
