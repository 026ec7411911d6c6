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
  /** Whether every key of `earlier` is still here, the same. */
  keeps(earlier: KeyIndex): boolean;
  /** The key that is written down under a name. */
  jwkOf(name: string): Jwk | undefined;
  readonly names: Iterable<string>;
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const;
const sameKey = (a: Jwk, b: Jwk): boolean => PUBLIC_MEMBERS.every((name) => a[name] === b[name]);

/**
 * Indexes a key set for the algorithms that may be used with it. Members that cannot verify any of them (encryption
 * keys, weak ones, symmetric ones) are left out; the caller decides whether that is an error. Where two keys share an ID
 * and an algorithm, neither is used: which of them a token means would be a guess.
 */
export function indexKeys(keys: readonly Jwk[], algorithms: readonly Algorithm[]): KeyIndex {
  // A Map, so that a kid such as "__proto__" finds nothing.
  const usable = new Map<string, Jwk | undefined>();
  for (const jwk of keys) {
    if (typeof jwk !== 'object' || jwk === null || typeof jwk.kid !== 'string') continue;
    for (const algorithm of algorithms) {
      const name = `${algorithm} ${jwk.kid}`;
      if (keyFault(jwk, algorithm) !== undefined) continue;
      const twin = usable.get(name);
      const clear = !usable.has(name) || (twin !== undefined && sameKey(twin, jwk));
      usable.set(name, clear ? jwk : undefined);
    }
  }
  const imported = new Map<string, Promise<VerificationKey>>();
  return {
    get names() {
      return usable.keys();
    },
    jwkOf: (name) => usable.get(name),
    keeps: (earlier) => {
      for (const name of earlier.names) {
        const [before, now] = [earlier.jwkOf(name), usable.get(name)];
        if (before !== undefined && (now === undefined || !sameKey(before, now))) return false;
      }
      return true;
    },
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

const fixedFault = (jwk: Jwk, algorithms: readonly Algorithm[]): string | undefined => {
  if (typeof jwk !== 'object' || jwk === null) return 'it is no JSON object';
  if (typeof jwk.kid !== 'string' || jwk.kid === '') return 'it has no ID (kid)';
  const faults = algorithms.filter(isAlgorithm).map((algorithm) => keyFault(jwk, algorithm));
  return faults.every((fault) => fault !== undefined) ? (faults[0] ?? 'no algorithm is accepted') : undefined;
};

/**
 * A key set that is written down: in the policy, in a file, in a test.
 *
 * @throws BatonError `key_invalid` where a member can verify none of the algorithms, or two share an ID
 */
export function fixedKeySource({ keys }: JwkSet, algorithms: readonly Algorithm[]): KeySource {
  const refuse = (why: string): BatonError => new BatonError('key_invalid', why);
  for (const jwk of keys) {
    const fault = fixedFault(jwk, algorithms);
    if (fault !== undefined) throw refuse(`A key of the set cannot verify ${algorithms.join(' or ')}: ${fault}.`);
  }
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw refuse('The key set gives a key ID (kid) twice.');
  const index = indexKeys(keys, algorithms);
  return { find: (kid, algorithm) => index.find(kid, algorithm), version: () => 0 };
}
