import type { IncomingMessage, ServerResponse } from 'node:http';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { checkOptionNames, wholeNumber, type OptionNames } from '../core/options';
import { processLogger } from '../core/process-hooks';
import { DEFAULT_PORT } from './endpoint';
import { checkHostMode, detectHostMode, type HostMode } from './host-mode';
import { readIisnodeAdditions, type IisnodeAdditions } from './iisnode-settings';
import { NO_PROXIES, trustedAddresses, type TrustedAddresses } from './trusted-proxies';

/** What `listen()` takes as app: an Express app, or any other request listener. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Options of `listen()`. */
export interface ListenOptions {
  /** TCP port where no host hands one over, 0 for any free one. Default: `PORT` from the environment, else 3000. */
  readonly port?: number;
  /** Who starts the process. Default: found out from the environment, see `detectHostMode()`. */
  readonly hostMode?: HostMode;
  /**
   * Addresses and networks of the reverse proxies in front, such as `['10.0.0.0/8']`: what they say of their clients in
   * `X-Forwarded-For` and `X-Forwarded-Proto` is believed, so they must write both. Needed in the mode `proxy`; behind
   * IIS, for proxies in front of IIS. Default: `BATON_TRUSTED_PROXIES`, separated by commas.
   */
  readonly trustedProxies?: readonly string[];
  /** Whether those proxies write `X-Forwarded-Host` too, and change `Host`. Default: false, `Host` is believed. */
  readonly forwardedHost?: boolean;
  /** Awaited before the app can be reached: fills caches, opens connections. One that throws stops the start. */
  readonly warmUp?: () => void | Promise<void>;
  /** Awaited when the last request is answered and the process is about to end, in the modes that tell the app so. */
  readonly onDrain?: () => void | Promise<void>;
  /** How long open requests may take when the process is to end, in milliseconds. Default: 8000, of the 10 s IIS waits. */
  readonly drainTimeoutMs?: number;
  /**
   * Told in which mode the app was started, when it drains, of requests that did not come through the host, and once when
   * the app calls something that its host cannot carry. Default: the logger of `baton()`.
   */
  readonly logger?: Logger;
  /**
   * Lets listeners of the app's own take upgrades (WebSockets) whose caller nobody has verified. Default: false; upgrades
   * are let through to listeners of `verifyUpgrade()` only.
   */
  readonly unsafelyAllowUnverifiedUpgrades?: boolean;
  /** Called once with the address when the app can be reached: a URL, or the pipe's name. */
  readonly onListening?: (address: string) => void;
}

const OPTION_NAMES: OptionNames<ListenOptions> = {
  port: true,
  hostMode: true,
  trustedProxies: true,
  forwardedHost: true,
  warmUp: true,
  onDrain: true,
  drainTimeoutMs: true,
  logger: true,
  onListening: true,
  unsafelyAllowUnverifiedUpgrades: true,
};

const DEFAULT_DRAIN_TIMEOUT_MS = 8000;

/** The options, checked, with what the environment says where they say nothing. */
export interface ListenSettings {
  readonly hostMode: HostMode;
  readonly isTrusted: TrustedAddresses;
  readonly forwardedHost: boolean;
  readonly iisnode: IisnodeAdditions;
  readonly drainTimeoutMs: number;
  readonly logger: () => Logger | undefined;
}

/**
 * Checks the options, and asks the environment where they say nothing.
 * @throws BatonError `option_invalid`, `option_unknown`
 */
export function readSettings(app: RequestHandler, options: ListenOptions): ListenSettings {
  if (typeof app !== 'function') {
    throw new BatonError('option_invalid', 'listen: the app must be an Express app or a (request, response) function.');
  }
  checkOptionNames('listen', options, OPTION_NAMES);
  wholeNumber('listen', 'port', options.port, { fallback: DEFAULT_PORT, min: 0, max: 65_535 });
  const proxies = options.trustedProxies ?? proxiesOfEnvironment();
  const detected = options.hostMode === undefined ? detectHostMode() : checkHostMode('listen:', options.hostMode);
  const hostMode =
    options.hostMode === undefined && detected === 'standalone' && proxies.length > 0 ? 'proxy' : detected;
  checkProxies(hostMode, proxies);
  return {
    hostMode,
    isTrusted: proxies.length === 0 ? NO_PROXIES : trustedAddresses('listen: option "trustedProxies"', proxies),
    forwardedHost: options.forwardedHost === true,
    iisnode:
      hostMode === 'iisnode'
        ? readIisnodeAdditions(process.argv[1] ?? '')
        : { promotedVariables: [], enableXFF: false },
    drainTimeoutMs: wholeNumber('listen', 'drainTimeoutMs', options.drainTimeoutMs, {
      fallback: DEFAULT_DRAIN_TIMEOUT_MS,
      min: 0,
      max: 600_000,
    }),
    logger: () => options.logger ?? processLogger(),
  };
}

function proxiesOfEnvironment(): readonly string[] {
  return (process.env['BATON_TRUSTED_PROXIES'] ?? '').split(',').filter((text) => text.trim() !== '');
}

function checkProxies(hostMode: HostMode, proxies: readonly string[]): void {
  const refuse = (message: string): BatonError => new BatonError('option_invalid', `listen: ${message}`);
  if (!Array.isArray(proxies)) throw refuse('option "trustedProxies" must be a list of addresses and networks.');
  if (hostMode === 'proxy' && proxies.length === 0) {
    throw refuse(
      'the host mode proxy needs "trustedProxies" (or BATON_TRUSTED_PROXIES): the addresses of the proxies.',
    );
  }
  if (hostMode === 'standalone' && proxies.length > 0) {
    throw refuse('the host mode standalone believes no proxy; leave "trustedProxies" out, or say hostMode "proxy".');
  }
}
