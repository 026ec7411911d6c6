import type { Server } from 'node:http';
import { BatonError } from '../core/errors';
import type { HostMode } from './host-mode';

export const DEFAULT_PORT = 3000;

/** Where to listen: a pipe (or socket) by its path, or a TCP port; without a host on all addresses. */
export type Endpoint = { readonly path: string } | { readonly port: number; readonly host?: string };

/**
 * Where the host wants the app to listen.
 * @throws BatonError `listen_failed` where it did not say
 */
export function findEndpoint(hostMode: HostMode, port: number | undefined): Endpoint {
  switch (hostMode) {
    case 'iisnode': {
      const pipe = process.env['PORT'];
      if (!pipe) {
        throw new BatonError(
          'listen_failed',
          'The host mode is iisnode, but PORT, which names its pipe, is not set. Outside IIS, set BATON_HOST_MODE to standalone.',
        );
      }
      // As the string it is: apps that run PORT through parseInt listen on port NaN.
      return { path: pipe };
    }
    // Both modules connect to this very machine; nobody else has to reach the app past IIS.
    case 'httpPlatform':
      return { port: portFrom('HTTP_PLATFORM_PORT'), host: '127.0.0.1' };
    case 'ancm':
      return { port: portFrom('ASPNETCORE_PORT'), host: '127.0.0.1' };
    case 'proxy':
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

/** The endpoint, for messages. */
export function describe(endpoint: Endpoint): string {
  return 'path' in endpoint ? endpoint.path : `port ${endpoint.port}`;
}

/** Where the server can be reached: a URL, or the pipe's name. */
export function address(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return String(bound);
  const everywhere = bound.address === '::' || bound.address === '0.0.0.0';
  return `http://${everywhere ? 'localhost' : bound.address}:${bound.port}`;
}

/** What to do about the errors that listening usually meets. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens there: stop it, or set PORT or the option "port" to a free one.',
  EACCES:
    'This account may not listen there: choose a port above 1024, or give the account the right to. Windows also keeps ' +
    'ports for itself (netsh interface ipv4 show excludedportrange tcp), and has no sockets by path but pipes: ' +
    '\\\\.\\pipe\\name.',
  EADDRNOTAVAIL: 'This machine does not have that address.',
  ENOENT: 'The directory of that socket does not exist.',
};

/** The error for what the system said, with what to do about it. */
export function listenFailed(wanted: string, cause: unknown): BatonError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
  const advice = ADVICE[code] ?? 'See the cause of this error.';
  return new BatonError('listen_failed', `Cannot listen on ${wanted} (${code}). ${advice}`, { cause });
}
