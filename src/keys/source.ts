import type { Clock } from '../core/clock';
import { secureUrl } from '../core/options';
import type { Algorithm } from '../jws/algorithms';
import type { JwkSet, KeySource } from '../jws/keys';
import { discoverJwksUri } from './discovery';
import type { Fetch } from './fetch-json';
import { fileKeySource } from './file';
import { fixedKeySource } from './fixed';
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
  /**
   * Sources that were made before, to be taken again for the same location: a policy that is reloaded must not forget
   * keys, or a key server that happens to be down would end what worked.
   */
  readonly known?: Map<string, KeySource>;
}

/**
 * The key source for a location.
 * @throws BatonError `key_invalid` (a set or file with keys that cannot be used), `option_invalid` (a URL that is not https)
 */
export function keySourceAt(location: KeyLocation, options: KeySourceOptions): KeySource {
  const name = JSON.stringify([location, options.algorithms]);
  const source = options.known?.get(name) ?? makeSource(location, options);
  options.known?.set(name, source);
  return source;
}

function makeSource(location: KeyLocation, options: KeySourceOptions): KeySource {
  if ('jwks' in location) return fixedKeySource(location.jwks, options.algorithms);
  if ('file' in location) return fileKeySource(location.file, options);
  if ('pemUrl' in location) return pemByKidSource({ ...options, url: location.pemUrl });
  if ('secretId' in location) return new RenewedKeySource({ ...options, load: secretKeySet(location.secretId) });
  const fetchOf = options.fetch ?? ((url, init) => fetch(url, init));
  const locate = 'jwksUri' in location ? fixedUrl(location.jwksUri) : discovery(location.discover, fetchOf);
  return new RenewedKeySource({ ...options, load: remoteKeySet(locate, fetchOf) });
}

function fixedUrl(jwksUri: string): () => Promise<URL> {
  const url = secureUrl('keys.jwksUri', jwksUri);
  return () => Promise.resolve(url);
}

function discovery(issuer: string, fetchOf: Fetch): (lastFailed: boolean) => Promise<URL> {
  secureUrl('issuer', issuer);
  let found: URL | undefined;
  return async (lastFailed) => {
    if (lastFailed) found = undefined;
    return (found ??= await discoverJwksUri(issuer, fetchOf));
  };
}
