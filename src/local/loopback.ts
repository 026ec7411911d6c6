import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { BatonError } from '../core/errors';

/** The only address that the local relay listens on: its parts hold test keys and must not be reachable from outside. */
export const LOOPBACK = '127.0.0.1';

/**
 * Makes `server` listen on loopback.
 *
 * @param port 0 lets the system choose a free one
 * @returns the port
 * @throws BatonError `relay_failed` where the port cannot be had
 */
export async function listenOnLoopback(server: Server, port: number, what: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(portUnavailable(what, port, cause));
    });
    server.listen(port, LOOPBACK, resolve);
  });
  return (server.address() as AddressInfo).port;
}

function portUnavailable(what: string, port: number, cause: Error): BatonError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const advice = code === 'EADDRINUSE' ? ' Another process listens there: end it, or choose another port, or 0.' : '';
  return new BatonError('relay_failed', `${what} cannot listen on ${LOOPBACK}:${port} (${code}).${advice}`, { cause });
}

/** Stops `server` and cuts what is still open: keep-alive connections would hold the process for their whole timeout. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
