import type { HostMode } from './host-mode';
import type { TrustedAddresses } from './trusted-proxies';

/** As much of an Express app as it takes; Express 4 and 5 mark a setting that nobody has touched by this name. */
interface ExpressApp {
  readonly settings: Readonly<Record<string, unknown>>;
  set(name: string, value: unknown): unknown;
}
const UNTOUCHED = '@@symbol:trust_proxy_default';

type HopTrust = (address: string | undefined, hop: number) => boolean;

/**
 * Has Express believe the host's own hop and no other: `req.ip`, `req.protocol` and `req.hostname` come from headers in
 * which `listen()` has put what is so. A pipe has no address, so Express's own lists of addresses never match there.
 *
 * An app that sets `trust proxy` itself keeps its setting.
 */
export function trustHostHop(app: unknown, mode: HostMode, isTrusted: TrustedAddresses): void {
  if (mode === 'standalone' || !isExpressApp(app) || app.settings[UNTOUCHED] !== true) return;
  app.set('trust proxy', hopTrust(mode, isTrusted));
}

function isExpressApp(app: unknown): app is ExpressApp {
  const { set, settings } = app as Partial<ExpressApp>;
  return typeof set === 'function' && typeof settings === 'object' && settings !== null;
}

/**
 * By the peer's address and not just by the hop's number: the same app may have another server, whose requests nobody has
 * looked at.
 */
function hopTrust(mode: HostMode, isTrusted: TrustedAddresses): HopTrust {
  switch (mode) {
    case 'iisnode':
      return (address, hop) => hop === 0 && address === undefined;
    case 'proxy':
      return (address, hop) => hop === 0 && isTrusted(address);
    default:
      return (address, hop) => hop === 0 && address === '127.0.0.1';
  }
}
