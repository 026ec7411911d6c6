import { createPublicKey, KeyObject, type JsonWebKey, type webcrypto } from 'node:crypto';
import { BatonError } from '../core/errors';
import { algorithmEntry, type Algorithm } from './algorithms';
import { jose } from './jose';
import { hasRocaFingerprint } from './roca';

/** A JSON Web Key (RFC 7517), as far as Baton reads it. */
export interface Jwk {
  readonly kty?: unknown;
  readonly kid?: unknown;
  readonly alg?: unknown;
  readonly use?: unknown;
  readonly key_ops?: unknown;
  readonly crv?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
  readonly n?: unknown;
  readonly e?: unknown;
  readonly d?: unknown;
}

/** A JSON Web Key Set (RFC 7517, section 5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** A public key, ready to verify one algorithm. */
export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** Finds verification keys; all that a verifier needs. */
export interface KeyFinder {
  /**
   * The key of that ID for that algorithm; undefined where there is none.
   * @throws BatonError `keys_unavailable` where the source cannot be asked, `token_invalid` where the key is unusable
   */
  find(kid: string, algorithm: Algorithm): Promise<VerificationKey | undefined>;
}

/**
 * Where verification keys come from: a fixed set, a URL, a key server. One conformance suite runs against each.
 */
export interface KeySource extends KeyFinder {
  /**
   * Which state of the keys this is: another number as soon as a key that was there is gone or is another one, and -1
   * while the keys must not be used. A verdict that was remembered under another number is worth nothing. Asked for each
   * request, so it never waits; it also sees to it that old keys are fetched anew.
   */
  version(): number;
}

const MIN_RSA_BITS = 2048;
/** A verification costs the square of the modulus times the exponent's length: a key must not make each token expensive. */
const MAX_RSA_BITS = 8192;
const MAX_EXPONENT_BITS = 64;

/** Why the key must not verify `algorithm`; undefined where it may. */
export function keyFault(jwk: Jwk, algorithm: Algorithm): string | undefined {
  const needs = algorithmEntry(algorithm);
  if (jwk.kty !== needs.kty) return `its type (kty) is not ${needs.kty}`;
  if (needs.crv !== undefined && jwk.crv !== needs.crv) return `its curve is not ${needs.crv}`;
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return 'it is for another algorithm';
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'its use is not "sig"';
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) {
    return 'its operations (key_ops) do not include "verify"';
  }
  return (needs.kty === 'RSA' ? rsaFault(jwk) : undefined) ?? damage(jwk);
}

/** The public half of a key, and nothing else of it. */
function publicHalf({ kty, crv, x, y, n, e }: Jwk): JsonWebKey {
  return (kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x }) as JsonWebKey;
}

/** Found when keys are read, not when the first token comes: a point off the curve, a number of the wrong length. */
function damage(jwk: Jwk): string | undefined {
  try {
    createPublicKey({ format: 'jwk', key: publicHalf(jwk) });
    return undefined;
  } catch {
    return 'it is damaged';
  }
}

/** Leading zeros do not count: a short modulus, or an exponent of 1, must not look longer than it is. */
const unsignedInteger = (base64url: string): bigint =>
  BigInt(`0x0${Buffer.from(base64url, 'base64url').toString('hex')}`);

const bitsOf = (value: bigint): number => value.toString(2).length;

/** RFC 7518, section 3.3: at least 2048 bits. An exponent of 1 makes every message its own signature. */
function rsaFault(jwk: Jwk): string | undefined {
  if (typeof jwk.n !== 'string' || typeof jwk.e !== 'string') return 'it has no modulus or exponent';
  const modulus = unsignedInteger(jwk.n);
  const bits = bitsOf(modulus);
  if (bits < MIN_RSA_BITS) return `it has fewer than ${MIN_RSA_BITS} bits`;
  if (bits > MAX_RSA_BITS) return `it has more than ${MAX_RSA_BITS} bits`;
  const exponent = unsignedInteger(jwk.e);
  if (exponent < 3n || exponent % 2n === 0n) return 'its exponent is unsafe';
  if (bitsOf(exponent) > MAX_EXPONENT_BITS) return `its exponent has more than ${MAX_EXPONENT_BITS} bits`;
  if (hasRocaFingerprint(modulus)) return 'its modulus comes from a weak generator (CVE-2017-15361)';
  return undefined;
}

/**
 * The public half of `jwk` as a key that verifies `algorithm`.
 * @throws BatonError `key_invalid`
 */
export async function importVerificationKey(jwk: Jwk, algorithm: Algorithm): Promise<VerificationKey> {
  const fault = keyFault(jwk, algorithm);
  if (fault !== undefined) throw new BatonError('key_invalid', `The key cannot verify ${algorithm}: ${fault}.`);
  if (typeof jwk.kid !== 'string' || jwk.kid === '') throw new BatonError('key_invalid', 'The key has no ID (kid).');
  // Not in the try: a jose that cannot be loaded is no damaged key, and no token's fault.
  const { importJWK } = jose();
  try {
    const key = await importJWK(publicHalf(jwk), algorithm);
    return { kid: jwk.kid, algorithm, key: KeyObject.from(key as webcrypto.CryptoKey) };
  } catch (cause) {
    throw new BatonError('key_invalid', `The key cannot verify ${algorithm}: it is damaged.`, { cause });
  }
}
