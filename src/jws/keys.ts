import type { webcrypto } from 'node:crypto';
import { BatonError } from '../core/errors';
import { algorithmEntry, type Algorithm } from './algorithms';
import { jose } from './jose';

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
  readonly key: webcrypto.CryptoKey;
}

/**
 * Where verification keys come from: a fixed set, a URL, a key server. One conformance suite runs against each.
 */
export interface KeySource {
  /**
   * The key of that ID for that algorithm; undefined where there is none.
   * @throws BatonError `keys_unavailable` where the source cannot be asked, `token_invalid` where the key is unusable
   */
  find(kid: string, algorithm: Algorithm): Promise<VerificationKey | undefined>;
}

const MIN_RSA_BITS = 2048;

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
  if (needs.kty === 'RSA') return rsaFault(jwk);
  return undefined;
}

/** RFC 7518, section 3.3: at least 2048 bits. An exponent of 1 makes every message its own signature. */
function rsaFault(jwk: Jwk): string | undefined {
  if (typeof jwk.n !== 'string' || typeof jwk.e !== 'string') return 'it has no modulus or exponent';
  const modulus = Buffer.from(jwk.n, 'base64url');
  const leadingZeroBits = Math.clz32(modulus[0] ?? 0) - 24;
  if (modulus.length * 8 - leadingZeroBits < MIN_RSA_BITS) return `it has fewer than ${MIN_RSA_BITS} bits`;
  const exponent = Buffer.from(jwk.e, 'base64url');
  const value = exponent.length > 6 ? Infinity : exponent.readUIntBE(0, exponent.length || 1);
  if (value < 3 || value % 2 === 0) return 'its exponent is unsafe';
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
  const { kty, crv, x, y, n, e } = jwk;
  const publicJwk = kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
  try {
    const key = await jose().importJWK(publicJwk as Parameters<ReturnType<typeof jose>['importJWK']>[0], algorithm);
    return { kid: jwk.kid, algorithm, key: key as webcrypto.CryptoKey };
  } catch (cause) {
    throw new BatonError('key_invalid', `The key cannot verify ${algorithm}: it is damaged.`, { cause });
  }
}
