import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a server's event `upgrade` calls: the request, its connection, and what came on it behind the request. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const verifying = new WeakSet<object>();

/** Says of a listener that it lets nobody through unverified. */
export function markVerifying(listener: UpgradeListener): UpgradeListener {
  verifying.add(listener);
  return listener;
}

/** Whether a listener was made by Baton to verify upgrades. */
export function isVerifying(listener: object): boolean {
  return verifying.has(listener);
}

/**
 * A plain HTTP response on the connection of a request that wants to leave HTTP. Once it is ended the connection is
 * closed: what the client sent behind its request belongs to a protocol that nobody speaks here.
 *
 * @returns undefined where the connection still answers an earlier request, which it cannot leave; it is closed
 */
export function responseOn(request: IncomingMessage, socket: Duplex): ServerResponse | undefined {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  try {
    // Node hands over what it listened on; its types know sockets only.
    response.assignSocket(socket as Socket);
  } catch {
    socket.destroy();
    return undefined;
  }
  response.once('finish', () => {
    response.detachSocket(socket as Socket);
    socket.end(() => socket.destroy());
  });
  return response;
}
