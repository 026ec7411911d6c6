import { steadyClock, systemClock, type Clock } from '../core/clock';
import type { Logger } from '../core/logger';
import { secureUrl } from '../core/options';
import type { Algorithm } from '../jws/algorithms';
import type { JwkSet, KeySource } from '../jws/keys';
import { discoverJwksUri } from './discovery';
import type { Fetch } from './fetch-json';
import { fileKeySource } from './file';
import { fixedKeySource } from './fixed';
import type { KnownKeySources } from './known';
import { pemByKidSource } from './pem-by-kid';
import { remoteKeySet } from './remote';
import { RenewedKeySource } from './renewed';
import { secretKeySet } from './secret-key-set';

/** Where a policy says that keys are, or `discover`: found by discovery from the issuer. */
export type KeyLocation =
  | { readonly jwksUri: string }
  | { readonly jwks: JwkSet }
  | { readonly file: string }
  | { readonly secretId: string }
  | { readonly pemUrl: string }
  | { readonly discover: string };

/** What a key source is made with besides its location. */
export interface KeySourceOptions {
  readonly algorithms: readonly Algorithm[];
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** Sources that were made before, to be taken again for the same location. */
  readonly known?: KnownKeySources;
  /** Told when keys are not renewed any more, and when they are again. */
  readonly logger?: Logger;
}

/**
 * The key source for a location.
 * @throws BatonError `key_invalid` (a set or file with keys that cannot be used), `option_invalid` (a URL that is not
 *   https), `peer_missing`
 */
export function keySourceAt(location: KeyLocation, options: KeySourceOptions): KeySource {
  const name = JSON.stringify([location, options.algorithms]);
  return options.known?.take(name, () => makeSource(location, options)) ?? makeSource(location, options);
}

function makeSource(location: KeyLocation, { logger, ...options }: KeySourceOptions): KeySource {
  const told = { ...options, ...(logger && { logger: () => logger }) };
  if ('jwks' in location) return fixedKeySource(location.jwks, options.algorithms);
  if ('file' in location) return fileKeySource(location.file, told);
  if ('pemUrl' in location) return pemByKidSource({ ...told, url: location.pemUrl });
  if ('secretId' in location) {
    const { secretId } = location;
    return new RenewedKeySource({ ...told, source: secretId, load: secretKeySet(secretId) });
  }
  const fetchOf = options.fetch ?? ((url, init) => fetch(url, init));
  const locate =
    'jwksUri' in location ? fixedUrl(location.jwksUri) : discovery(location.discover, fetchOf, options.clock);
  const { origin, pathname } = new URL('jwksUri' in location ? location.jwksUri : location.discover);
  return new RenewedKeySource({ ...told, source: `${origin}${pathname}`, load: remoteKeySet(locate, fetchOf) });
}

function fixedUrl(jwksUri: string): () => Promise<URL> {
  const url = secureUrl('keys.jwksUri', jwksUri);
  return () => Promise.resolve(url);
}

/** An issuer that moves its keys may leave the old set where it was, and that answers: nothing fails, and no new key comes. */
const REDISCOVER_MS = 60 * 60_000;

function discovery(issuer: string, fetchOf: Fetch, clock: Clock = systemClock): (lastFailed: boolean) => Promise<URL> {
  secureUrl('issuer', issuer);
  const steady = steadyClock(clock);
  let found: { readonly url: URL; readonly at: number } | undefined;
  return async (lastFailed) => {
    if (found !== undefined && !lastFailed && steady() - found.at < REDISCOVER_MS) return found.url;
    try {
      found = { url: await discoverJwksUri(issuer, fetchOf), at: steady() };
    } catch (error) {
      // What was found an hour ago and still answers is better than nothing.
      if (found === undefined || lastFailed) throw error;
    }
    return found.url;
  };
}
