import { createRequire } from 'node:module';
import { join } from 'node:path';
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

/**
 * An optional peer that bundlers must leave where it is: esbuild puts every literal `require` into a Lambda bundle, used or
 * not, and a client of the AWS SDK is 0.5 MB, which Lambda's own runtime has at hand already.
 *
 * @throws BatonError `peer_missing`
 */
export function unbundledPeer<T>(name: string, purpose: string): T {
  return optionalPeer(name, purpose, () => requireFromHere()(name) as T);
}

/**
 * Checks, without loading it, that a peer is there which will be needed later: at the start a missing package is found by
 * who deploys, with the first token by who is on call.
 *
 * @throws BatonError `peer_missing`
 */
export function checkUnbundledPeer(name: string, purpose: string): void {
  optionalPeer(name, purpose, () => requireFromHere().resolve(name));
}

/** In a bundle that is an ES module there is no __filename; Lambda starts in the folder of the code. */
function requireFromHere(): NodeJS.Require {
  return createRequire(typeof __filename === 'string' ? __filename : join(process.cwd(), 'index.js'));
}

/** The error for an optional peer that could not be loaded. */
export function peerMissing(name: string, purpose: string, cause: unknown): BatonError {
  return new BatonError('peer_missing', `${purpose} needs the package "${name}". Install it: npm install ${name}`, {
    cause,
  });
}
