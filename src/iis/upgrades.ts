import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { isVerifying, responseOn } from '../core/upgrade';
import type { HostRequest } from './host-request';
import { refuseRequest } from './refusal';

/** How upgrades are let in. */
export interface UpgradeRules {
  /** What every request goes through: an upgrade comes from the host as well. */
  readonly readRequest: HostRequest;
  /** Whether listeners of the app's own may take upgrades that nobody verified. */
  readonly allowsUnverified: boolean;
  readonly logger: () => Logger | undefined;
}

/** A listener as it was added: `once()` wraps it. */
const original = (listener: unknown): object =>
  (listener as { readonly listener?: object }).listener ?? (listener as object);

/**
 * Upgrades go round every middleware. They reach their listeners only where all of those verify callers, since one that
 * does not would answer beside one that does.
 */
export class Upgrades {
  readonly #rules: UpgradeRules;
  readonly #open = new Set<Duplex>();

  constructor(rules: UpgradeRules) {
    this.#rules = rules;
  }

  /** Whether the upgrade may go on to its listeners; if not, it is answered. */
  admits(request: IncomingMessage, socket: Duplex, listeners: readonly unknown[]): boolean {
    // Nobody else listens yet, and an error without listener ends the process.
    socket.on('error', () => socket.destroy());
    try {
      this.#rules.readRequest(request);
      if (!this.#rules.allowsUnverified && !listeners.every((listener) => isVerifying(original(listener)))) {
        throw new BatonError(
          'upgrade_unverified',
          'The app listens for upgrades (WebSockets) and does not verify who asks for one. Make the listener with verifyUpgrade().',
        );
      }
    } catch (thrown) {
      const response = responseOn(request, socket);
      if (response !== undefined) refuseRequest(response, thrown, this.#rules.logger());
      return false;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return true;
  }

  /** Ends all connections that were upgraded: they have no end of their own that could be waited for. */
  end(): void {
    for (const socket of this.#open) socket.end();
  }

  /** Closes those whose other side has not answered. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
