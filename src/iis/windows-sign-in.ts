import { BatonError } from '../core/errors';
import { detectHostMode, type HostMode } from './host-mode';

/** What the app gets of IIS's own sign-in, where it is not the user's name. */
const OTHERWISE: Readonly<Record<Exclude<HostMode, 'iisnode'>, string>> = {
  httpPlatform:
    'HttpPlatformHandler passes on a handle of the Windows token, which JavaScript cannot turn into a name, and a client can send one too',
  ancm: 'the ASP.NET Core Module passes on a handle of the Windows token, which JavaScript cannot turn into a name',
  proxy: 'a proxy has no server variables to pass on, and a client can send headers that look like them',
  standalone: "nobody signed anybody in, and a client can send headers that look like iisnode's",
};

/**
 * Refuses the edge `windows` where IIS's sign-in does not reach the app: in every mode but iisnode, which promotes server
 * variables.
 *
 * @throws BatonError `option_invalid`
 */
export function checkWindowsSignIn(mode: HostMode = detectHostMode()): void {
  if (mode === 'iisnode') return;
  throw new BatonError(
    'option_invalid',
    `identity(): option "windows" needs iisnode, and the host mode is ${mode}: ${OTHERWISE[mode]}.`,
  );
}
