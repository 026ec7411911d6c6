import * as http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { checkOptionNames, unknownName, wholeNumber, type OptionNames } from '../core/options';
import { onlyFinalResponses } from './final-responses';
import { detectHostMode, HOST_MODES, type HostMode } from './host-mode';

/** What {@link listen} takes as app: an Express app, or any other request listener. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface ListenOptions {
  /** TCP port where no host hands one over, 0 for any free one. Default: `PORT` from the environment, else 3000. */
  readonly port?: number;
  /** Who starts the process. Default: found out from the environment, see {@link detectHostMode}. */
  readonly hostMode?: HostMode;
  /** Told once when the app calls something that its host cannot carry. Default: nobody is told. */
  readonly logger?: Logger;
  /** Called once with the address when the app can be reached: a URL, or the pipe's name. */
  readonly onListening?: (address: string) => void;
}

const OPTION_NAMES: OptionNames<ListenOptions> = { port: true, hostMode: true, logger: true, onListening: true };

const DEFAULT_PORT = 3000;

/** Where to listen: a pipe (or socket) by its path, or a TCP port; without a host on all addresses. */
type Endpoint = { readonly path: string } | { readonly port: number; readonly host?: string };

/**
 * Starts the app where its host wants it: on iisnode's named pipe, on the loopback port of HttpPlatformHandler or of the
 * ASP.NET Core Module, or on a TCP port of its own. Timeouts are set so that the host's connection pool never meets a
 * connection that Node is about to close.
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
export function listen(app: RequestHandler, options: ListenOptions = {}): Server {
  checkOptions(app, options);
  const hostMode = options.hostMode ?? detectHostMode();
  const endpoint = findEndpoint(hostMode, options.port);
  const server = new HostedServer(describe(endpoint));
  setTimeouts(server, hostMode);
  if (hostMode === 'iisnode') serveFinalResponsesOnly(server, app, options.logger);
  else server.on('request', app);
  server.listen(endpoint, () => options.onListening?.(address(server)));
  return server;
}

/** A server whose errors before it listens come as BatonErrors, for every listener of `error` alike. */
class HostedServer extends http.Server {
  readonly #wanted: string;

  constructor(wanted: string) {
    super();
    this.#wanted = wanted;
  }

  // An override, since a listener cannot change what the listeners after it are given.
  override emit(event: string, ...args: unknown[]): boolean {
    if (event !== 'error' || this.listening) return super.emit(event, ...args);
    return super.emit('error', listenFailed(this.#wanted, args[0]));
  }
}

function checkOptions(app: RequestHandler, options: ListenOptions): void {
  if (typeof app !== 'function') {
    throw new BatonError('option_invalid', 'listen: the app must be an Express app or a (request, response) function.');
  }
  checkOptionNames('listen', options, OPTION_NAMES);
  wholeNumber('listen', 'port', options.port, { fallback: DEFAULT_PORT, min: 0, max: 65_535 });
  const { hostMode } = options;
  if (hostMode !== undefined && !HOST_MODES.includes(hostMode)) {
    throw new BatonError('option_invalid', `listen: hostMode ${unknownName(hostMode, HOST_MODES)}`);
  }
}

function findEndpoint(hostMode: HostMode, port: number | undefined): Endpoint {
  switch (hostMode) {
    case 'iisnode': {
      const pipe = process.env['PORT'];
      if (!pipe) {
        throw new BatonError('listen_failed', 'Host mode is iisnode, but PORT, which names its pipe, is not set.');
      }
      // As the string it is: apps that run PORT through parseInt listen on port NaN.
      return { path: pipe };
    }
    // Both modules connect to this very machine; nobody else has to reach the app past IIS.
    case 'httpPlatform':
      return { port: portFrom('HTTP_PLATFORM_PORT'), host: '127.0.0.1' };
    case 'ancm':
      return { port: portFrom('ASPNETCORE_PORT'), host: '127.0.0.1' };
    case 'standalone':
      return { port: port ?? (process.env['PORT'] ? portFrom('PORT') : DEFAULT_PORT) };
  }
}

function portFrom(variable: string): number {
  const text = process.env[variable] ?? '';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new BatonError(
    'listen_failed',
    `The environment variable ${variable} must be a TCP port from 0 to 65535, not ${JSON.stringify(text)}.`,
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
  const hosted = hostMode !== 'standalone';
  server.keepAliveTimeout = hosted ? 0 : 65_000;
  server.headersTimeout = 70_000;
  server.requestTimeout = hosted ? 0 : 300_000;
}

function serveFinalResponsesOnly(server: Server, app: RequestHandler, logger: Logger | undefined): void {
  const guard = onlyFinalResponses(logger);
  const handle: RequestHandler = (request, response) => {
    guard(response);
    app(request, response);
  };
  server.on('request', handle);
  // Without this listener Node writes `100 Continue` by itself.
  server.on('checkContinue', handle);
}

function describe(endpoint: Endpoint): string {
  return 'path' in endpoint ? endpoint.path : `port ${endpoint.port}`;
}

function address(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return String(bound);
  const everywhere = bound.address === '::' || bound.address === '0.0.0.0';
  return `http://${everywhere ? 'localhost' : bound.address}:${bound.port}`;
}

/** What to do about the errors that listening usually meets. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens there: stop it, or set PORT or the option "port" to a free one.',
  EACCES: 'This account may not listen there: choose a port above 1024, or give the account the right to.',
  EADDRNOTAVAIL: 'This machine does not have that address.',
  ENOENT: 'The directory of that socket does not exist.',
};

function listenFailed(wanted: string, cause: unknown): BatonError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
  const advice = ADVICE[code] ?? 'See the cause of this error.';
  return new BatonError('listen_failed', `Cannot listen on ${wanted} (${code}). ${advice}`, { cause });
}
