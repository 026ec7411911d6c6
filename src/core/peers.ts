import { BatonError } from './errors';

/**
 * Turns "module not found" for an optional peer into an error that names what to install.
 *
 * @param load requires the peer; kept a literal `require` at the call, so that bundlers see it
 * @throws BatonError `peer_missing`
 */
export function optionalPeer<T>(name: string, purpose: string, load: () => T): T {
  try {
    return load();
  } catch (cause) {
    throw peerMissing(name, purpose, cause);
  }
}

/** The error for an optional peer that could not be loaded. */
export function peerMissing(name: string, purpose: string, cause: unknown): BatonError {
  return new BatonError('peer_missing', `${purpose} needs the package "${name}". Install it: npm install ${name}`, {
    cause,
  });
}
