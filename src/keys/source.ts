import type { Clock } from '../core/clock';
import { secureUrl } from '../core/options';
import type { Algorithm } from '../jws/algorithms';
import type { JwkSet, KeySource } from '../jws/keys';
import { discoverJwksUri } from './discovery';
import type { Fetch } from './fetch-json';
import { fixedKeySource } from './fixed';
import { RemoteKeySource } from './remote';

/** Where a policy says that keys are: by URL, in place, or found by discovery from the issuer. */
export type KeyLocation = { readonly jwksUri: string } | { readonly jwks: JwkSet } | { readonly discover: string };

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
 * @throws BatonError `key_invalid`, `option_invalid` (a URL that is not https)
 */
export function keySourceAt(location: KeyLocation, options: KeySourceOptions): KeySource {
  const name = JSON.stringify([location, options.algorithms]);
  const source = options.known?.get(name) ?? makeSource(location, options);
  options.known?.set(name, source);
  return source;
}

function makeSource(location: KeyLocation, options: KeySourceOptions): KeySource {
  if ('jwks' in location) return fixedKeySource(location.jwks, options.algorithms);
  if ('jwksUri' in location) {
    const url = secureUrl('keys.jwksUri', location.jwksUri);
    return new RemoteKeySource({ ...options, locate: () => Promise.resolve(url) });
  }
  const { discover } = location;
  secureUrl('issuer', discover);
  let found: URL | undefined;
  const fetchOf = options.fetch ?? ((url, init) => fetch(url, init));
  const locate = async (lastFailed: boolean): Promise<URL> => {
    if (lastFailed) found = undefined;
    return (found ??= await discoverJwksUri(discover, fetchOf));
  };
  return new RemoteKeySource({ ...options, locate });
}
