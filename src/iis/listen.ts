import * as http from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { BatonError } from '../core/errors';
import { drainer } from './drain';
import { address, describe, findEndpoint, listenFailed, type Endpoint } from './endpoint';
import { trustHostHop } from './express-trust';
import { onlyFinalResponses } from './final-responses';
import type { HostMode } from './host-mode';
import { hostRequest } from './host-request';
import { hostToken } from './host-token';
import { readSettings, type ListenOptions, type ListenSettings, type RequestHandler } from './listen-options';
import { refuseRequest } from './refusal';
import { drainOnSignals, shutdownMessages } from './shutdown';
import { Upgrades } from './upgrades';

export type { ListenOptions, RequestHandler } from './listen-options';

/**
 * Starts the app where its host wants it: on iisnode's named pipe, on the loopback port of HttpPlatformHandler or of the
 * ASP.NET Core Module, or on a TCP port of its own. Timeouts are set so that the host's connection pool never meets a
 * connection that Node is about to close.
 *
 * Express's `req.ip`, `req.protocol` and `req.hostname` are the client's without any setting, in every mode; in other apps
 * `clientOf()` says the same. When the host tells the process to end, open requests finish first.
 *
 * Do not put it behind `if (require.main === module)`: under iisnode the main module is iisnode's own script, and an app
 * that waits for itself to be main never listens.
 *
 * @param app an Express 4 or 5 app, or any `(request, response) => void`
 * @returns the server. If the port or pipe cannot be had, it emits `error` with a BatonError `listen_failed` that says
 *   what to do; without a listener for it that ends the process, as it should.
 * @throws BatonError `listen_failed` where the host did not say where to listen; `option_invalid`, `option_unknown`
 * @example
 * ```ts
 * const app = express();
 * app.use(baton());
 * listen(app, { onListening: (address) => console.log(`listening on ${address}`) });
 * ```
 * @see https://github.com/Azure/iisnode
 * @see https://learn.microsoft.com/iis/extensions/httpplatformhandler/httpplatformhandler-configuration-reference
 */
export function listen(app: RequestHandler, options: ListenOptions = {}): HostedServer {
  const settings = readSettings(app, options);
  const { hostMode, logger } = settings;
  const endpoint = findEndpoint(hostMode, options.port);
  const server = new HostedServer(describe(endpoint));
  const drain = drainer(server, { ...settings, onDrain: options.onDrain });
  server.drain = async (reason) => {
    upgradesOf.get(server)?.end();
    await drain(reason);
    upgradesOf.get(server)?.close();
  };
  setTimeouts(server, hostMode);
  serve(server, app, settings, options.unsafelyAllowUnverifiedUpgrades === true);
  trustHostHop(app, hostMode, settings.isTrusted);
  server.once('listening', () => {
    if (hostMode !== 'iisnode') server.once('close', drainOnSignals(server.drain));
    logger()?.info(`Listening, host mode ${hostMode}`, { type: 'listening', hostMode, address: address(server) });
    warnOfUnknownClients(settings);
    options.onListening?.(address(server));
  });
  void start(server, endpoint, options.warmUp);
  return server;
}

async function start(server: HostedServer, endpoint: Endpoint, warmUp: ListenOptions['warmUp']): Promise<void> {
  if (warmUp !== undefined) {
    try {
      await warmUp();
    } catch (cause) {
      server.emit('error', new BatonError('listen_failed', 'The app did not start: its warmUp failed.', { cause }));
      return;
    }
  }
  server.listen(endpoint);
}

/** Which upgrades a server lets in. */
const upgradesOf = new WeakMap<Server, Upgrades>();

/** A server whose errors before it listens come as BatonErrors, for every listener of `error` alike. */
export class HostedServer extends http.Server {
  readonly #wanted: string;
  /**
   * Takes no new connections, lets open requests finish, then runs what has to be done at the end. Signals and the host's
   * message call it; an app that is told to end in another way can. It does not end the process.
   *
   * @param reason for the log
   */
  drain!: (reason: string) => Promise<void>;

  constructor(wanted: string) {
    super();
    this.#wanted = wanted;
  }

  // An override, since a listener cannot change what the listeners after it are given, nor keep it from them.
  override emit(event: string, ...args: unknown[]): boolean {
    if (event === 'upgrade') {
      const [request, socket] = args as [IncomingMessage, Duplex];
      if (upgradesOf.get(this)?.admits(request, socket, this.rawListeners('upgrade')) !== true) return true;
    }
    if (event !== 'error' || this.listening) return super.emit(event, ...args);
    return super.emit('error', args[0] instanceof BatonError ? args[0] : listenFailed(this.#wanted, args[0]));
  }
}

/** Under iisnode only server variables say who the client is; without them there is an app, but no address. */
function warnOfUnknownClients({ hostMode, iisnode, logger }: ListenSettings): void {
  const promoted = iisnode.promotedVariables.map((name) => name.toUpperCase());
  const missing = ['REMOTE_ADDR', 'HTTPS', 'UNENCODED_URL'].filter((name) => !promoted.includes(name));
  if (hostMode !== 'iisnode' || missing.length === 0) return;
  logger()?.warn(
    `iisnode does not tell this app all of its clients' address, protocol and URL. In web.config: promoteServerVars="REMOTE_ADDR,HTTPS,UNENCODED_URL"`,
    { type: 'host', missing },
  );
}

/**
 * Under IIS all connections are the module's own pool, so IIS must be the side that closes them. Node's default of 5 s
 * is shorter than the 30 s for which iisnode reuses a pipe (maxNamedPipePooledConnectionAge): a request that meets a
 * pipe which Node is closing fails with 500.1013, win32 status 109. 0 switches Node's clock off, however long the pool
 * is set to keep pipes, and keeps `Keep-Alive: timeout=` out of responses, which IIS would pass on to clients. IIS times
 * slow clients too, and iisnode hands a body over as slowly as the client sends it: Node's 300 s would cut long uploads.
 *
 * On its own the app may stand behind a load balancer that keeps connections for 60 s (the default of an AWS ALB), where
 * the same race waits, and faces slow clients alone.
 */
function setTimeouts(server: Server, hostMode: HostMode): void {
  const hosted = hostMode !== 'standalone' && hostMode !== 'proxy';
  server.keepAliveTimeout = hosted ? 0 : 65_000;
  server.headersTimeout = 70_000;
  server.requestTimeout = hosted ? 0 : 300_000;
}

/** What every request goes through before the app sees it. */
function serve(server: HostedServer, app: RequestHandler, settings: ListenSettings, allowsUnverified: boolean): void {
  const { hostMode: mode, logger } = settings;
  const checkToken = hostToken(mode);
  const readRequest = hostRequest({ ...settings, mode, checkToken });
  upgradesOf.set(server, new Upgrades({ readRequest, allowsUnverified, logger }));
  const isShutdown = shutdownMessages(mode, checkToken !== undefined, server.drain);
  const finalOnly = mode === 'iisnode' ? onlyFinalResponses(logger) : undefined;
  const handle: RequestHandler = (request, response) => {
    finalOnly?.(response);
    try {
      const headers = readRequest(request);
      if (isShutdown(request, response, headers)) return;
    } catch (thrown) {
      refuseRequest(response, thrown, logger());
      return;
    }
    app(request, response);
  };
  server.on('request', handle);
  // Without this listener Node writes `100 Continue` by itself.
  if (mode === 'iisnode') server.on('checkContinue', handle);
}
