import { BatonError } from '../core/errors';
import { isAlgorithm, type Algorithm } from '../jws/algorithms';
import {
  importVerificationKey,
  keyFault,
  type Jwk,
  type JwkSet,
  type KeySource,
  type VerificationKey,
} from '../jws/keys';

/** A key set whose members are found by ID and imported when first used. */
export interface KeyIndex {
  find(kid: string, algorithm: Algorithm): Promise<VerificationKey | undefined>;
  readonly size: number;
}

/**
 * Indexes a key set for the algorithms that may be used with it. Members that cannot verify any of them (encryption
 * keys, weak ones, symmetric ones) are left out; the caller decides whether that is an error.
 */
export function indexKeys(keys: readonly Jwk[], algorithms: readonly Algorithm[]): KeyIndex {
  // A Map, so that a kid such as "__proto__" finds nothing.
  const usable = new Map<string, Jwk>();
  for (const jwk of keys) {
    if (typeof jwk !== 'object' || jwk === null || typeof jwk.kid !== 'string') continue;
    for (const algorithm of algorithms) {
      if (keyFault(jwk, algorithm) === undefined) usable.set(`${algorithm} ${jwk.kid}`, jwk);
    }
  }
  const imported = new Map<string, Promise<VerificationKey>>();
  return {
    size: usable.size,
    async find(kid, algorithm) {
      const name = `${algorithm} ${kid}`;
      const jwk = usable.get(name);
      if (jwk === undefined) return undefined;
      let key = imported.get(name);
      if (key === undefined) imported.set(name, (key = importVerificationKey(jwk, algorithm)));
      return key;
    },
  };
}

/**
 * A key set that is written down: in the policy, in a file, in a test.
 *
 * @throws BatonError `key_invalid` where no member can verify any of the algorithms, or two share an ID
 */
export function fixedKeySource({ keys }: JwkSet, algorithms: readonly Algorithm[]): KeySource {
  const kids = keys.map(({ kid }) => kid);
  if (new Set(kids).size !== kids.length)
    throw new BatonError('key_invalid', 'The key set gives a key ID (kid) twice.');
  for (const jwk of keys) {
    const faults = algorithms.filter(isAlgorithm).map((algorithm) => keyFault(jwk, algorithm));
    if (faults.every((fault) => fault !== undefined)) {
      throw new BatonError(
        'key_invalid',
        `A key of the set cannot verify ${algorithms.join(' or ')}: ${faults[0] ?? ''}.`,
      );
    }
  }
  return indexKeys(keys, algorithms);
}
