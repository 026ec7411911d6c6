import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HostMode } from './host-mode';
import { plainAddress } from './trusted-proxies';

/** How the client reached IIS, as far as the host can be believed. */
export interface ClientConnection {
  readonly mode: HostMode;
  /** The client's IP address, without port; undefined where the host does not tell. */
  readonly address: string | undefined;
  readonly protocol: 'http' | 'https';
  /** As the `Host` header has it, with its port. */
  readonly host: string | undefined;
  /** The request target as the client sent it, before anybody decoded it; undefined where the host does not tell. */
  readonly rawUrl: string | undefined;
  /** Who signed in with Windows authentication at IIS, such as `CORP\bob`; undefined where nobody did. */
  readonly windowsUser: string | undefined;
}

/** On the request itself: a look-up in a WeakMap for each request costs more than all else here. */
const CONNECTION = Symbol('iis-baton.connection');

type KnownRequest = IncomingMessage & { [CONNECTION]?: ClientConnection };

/** Remembers what the host said of a request. */
export function setClient(request: IncomingMessage, connection: ClientConnection): void {
  (request as KnownRequest)[CONNECTION] = connection;
}

/**
 * Who is at the other end: address, protocol, host, raw URL and Windows user of a request that came to `listen()`'s
 * server. None of it is taken from what a client can send. The address that the gateway signed is there as soon as
 * `baton()` has verified the identity.
 *
 * A request of another server is seen as on a machine of its own: the socket's address, and no header believed.
 *
 * @example
 * ```ts
 * app.get('/whoami', (req, res) => res.json(clientOf(req)));
 * ```
 */
export function clientOf(request: IncomingMessage): ClientConnection {
  return (request as KnownRequest)[CONNECTION] ?? standaloneConnection(request);
}

/** What the socket says, and nothing else. */
export function standaloneConnection(request: IncomingMessage, mode: HostMode = 'standalone'): ClientConnection {
  // Requests that a test or an adapter made up may have no socket.
  const { remoteAddress, encrypted } = (request.socket ?? {}) as Partial<TLSSocket>;
  return {
    mode,
    address: remoteAddress === undefined ? undefined : plainAddress(remoteAddress),
    protocol: encrypted === true ? 'https' : 'http',
    host: request.headers.host,
    rawUrl: request.url,
    windowsUser: undefined,
  };
}

/**
 * Shows the address that the gateway saw and signed in place of the one that this host saw, which is the gateway's own:
 * in `clientOf()`, and as Express's `req.ip`.
 */
export function showSignedAddress(request: IncomingMessage, address: string | undefined): void {
  if (address === undefined || isIP(address) === 0) return;
  setClient(request, { ...clientOf(request), address });
  // Express has a getter on its prototype, which an assignment would meet.
  Object.defineProperty(request, 'ip', { value: address, writable: true, enumerable: true, configurable: true });
}
