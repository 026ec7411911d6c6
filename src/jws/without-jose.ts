import { createHash, webcrypto } from 'node:crypto';
import type { Algorithm } from './algorithms';
import { jose, replaceJose, type Jose } from './jose';
import { importParametersOf } from './signature';

/** RFC 7638, section 3.2: the members that make the key, in the order of their names. */
const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

const standIn = {
  async importJWK(jwk: webcrypto.JsonWebKey, algorithm: string) {
    return webcrypto.subtle.importKey('jwk', jwk, importParametersOf(algorithm as Algorithm), false, ['verify']);
  },
  async calculateJwkThumbprint(jwk: webcrypto.JsonWebKey) {
    const members = (THUMBPRINT_MEMBERS[jwk.kty ?? ''] ?? []).map((name) => [
      name,
      jwk[name as keyof webcrypto.JsonWebKey],
    ]);
    return createHash('sha256')
      .update(JSON.stringify(Object.fromEntries(members)))
      .digest('base64url');
  },
} as unknown as Jose;

/**
 * Lets Node's WebCrypto do what Baton asks of jose, in runners that cannot load jose: it is ES modules only, and Jest's
 * own `require` knows none. Where jose loads, nothing changes. Every check stays: the algorithm, the key's type and size,
 * the strict form and the claims are checked by Baton's own code before and after, in both cases.
 */
export function standInForJose(): void {
  try {
    jose();
  } catch {
    replaceJose(standIn);
  }
}
