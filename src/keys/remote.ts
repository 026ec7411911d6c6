import type { Jwk } from '../jws/keys';
import { fetchJson, type Fetch } from './fetch-json';
import { fetchFailed } from './fetch-text';
import { keySetMembers, MAX_KEYS } from './key-set';

/**
 * Gets a JWK Set by URL.
 *
 * @param locate finds the URL; asked before each fetch. Discovery remembers what it found until a fetch has failed: the
 *   key set may have moved.
 */
export function remoteKeySet(
  locate: (lastFailed: boolean) => Promise<URL>,
  fetchOf: Fetch,
): (lastFailed: boolean) => Promise<readonly Jwk[]> {
  return async (lastFailed) => {
    const url = await locate(lastFailed);
    const keys = keySetMembers(await fetchJson(url, fetchOf));
    if (keys === undefined) throw fetchFailed(url, `the answer is no JWK Set of at most ${MAX_KEYS} keys`);
    return keys;
  };
}
