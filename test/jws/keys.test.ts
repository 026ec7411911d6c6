import { generateKeyPairSync } from 'node:crypto';
import { jose, replaceJose } from '../../src/jws/jose';
import { importVerificationKey, keyFault, type Jwk } from '../../src/jws/keys';
import { thrownBy } from '../support/errors';
import { makeKey } from '../support/tokens';

const ec = makeKey('ES256').publicJwk;
const rsa = makeKey('RS256').publicJwk;
const okp = makeKey('EdDSA').publicJwk;
const bytes = (...values: number[]): string => Buffer.from(values).toString('base64url');
const modulus = (bits: number, leadingZeros = 0): string =>
  Buffer.concat([Buffer.alloc(leadingZeros), Buffer.alloc(bits / 8, 0xff)]).toString('base64url');

/** A modulus as the generator of CVE-2017-15361 makes them: a power of 65537 modulo each small prime. */
function rocaModulus(): string {
  const primes = Array.from({ length: 166 }, (_, n) => n + 2).filter((n) => {
    for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
    return true;
  });
  const primorial = primes.reduce((product, prime) => product * BigInt(prime), 1n);
  const odd = 65537n ** 12_345n % primorial;
  return Buffer.from((primorial * 2n ** 1830n + odd).toString(16).padStart(514, '0'), 'hex').toString('base64url');
}

describe('keyFault', () => {
  it.each([
    ['ES256', ec],
    ['ES384', makeKey('ES384').publicJwk],
    ['ES512', makeKey('ES512').publicJwk],
    ['EdDSA', okp],
    ['RS256', rsa],
    ['PS512', { ...rsa, alg: undefined }],
    ['ES256', { ...ec, alg: undefined, use: undefined }],
    ['ES256', { ...ec, key_ops: ['verify'] }],
    ['RS256', { ...rsa, e: bytes(3) }],
    ['RS256', { ...rsa, n: modulus(8192), e: bytes(0, 255, 255, 255, 255, 255, 255, 255, 255) }],
  ] as const)('lets a fitting key verify %s', (algorithm, jwk) => {
    expect(keyFault(jwk, algorithm)).toBeUndefined();
  });

  it.each([
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }, 'ES256', /type/],
    ['an RSA key for ES256', { ...rsa, alg: undefined }, 'ES256', /type/],
    ['an elliptic key for RS256', { ...ec, alg: undefined }, 'RS256', /type/],
    ['a key without type', {}, 'ES256', /type/],
    ['P-384 for ES256', { ...makeKey('ES384').publicJwk, alg: 'ES256' }, 'ES256', /curve/],
    ['secp256k1 for ES256', { ...makeKey('ES256K').publicJwk, alg: 'ES256' }, 'ES256', /curve/],
    ['X25519 for EdDSA', { ...okp, crv: 'X25519' }, 'EdDSA', /curve/],
    ['PS256 for RS256', { ...rsa, alg: 'PS256' }, 'RS256', /another algorithm/],
    ['a misspelt algorithm', { ...ec, alg: 'ES521' }, 'ES256', /another algorithm/],
    ['an encryption key', { ...ec, use: 'enc' }, 'ES256', /use/],
    ['a key that may only sign', { ...ec, key_ops: ['sign'] }, 'ES256', /operations/],
    ['operations that are no list', { ...ec, key_ops: 'verify' }, 'ES256', /operations/],
    ['RSA of 1024 bits', { ...rsa, n: modulus(1024) }, 'RS256', /2048 bits/],
    ['RSA of 1024 bits behind zeros', { ...rsa, n: modulus(1024, 200) }, 'RS256', /2048 bits/],
    ['RSA of 2040 bits', { ...rsa, n: modulus(2040) }, 'RS256', /2048 bits/],
    ['RSA of 1024 bits under PSS', { kty: 'RSA', n: modulus(1024), e: 'AQAB' }, 'PS256', /2048 bits/],
    ['RSA of 8200 bits', { ...rsa, n: modulus(8200) }, 'RS256', /more than 8192 bits/],
    ['an exponent of 65 bits', { ...rsa, e: bytes(1, 0, 0, 0, 0, 0, 0, 0, 1) }, 'RS256', /exponent .* 64 bits/],
    ['RSA without modulus', { ...rsa, n: '' }, 'RS256', /2048 bits/],
    ['RSA with a modulus that is no text', { ...rsa, n: 5 }, 'RS256', /modulus/],
    ['exponent 1', { ...rsa, e: bytes(1) }, 'RS256', /exponent/],
    ['exponent 1 behind zeros', { ...rsa, e: bytes(0, 0, 0, 0, 0, 0, 0, 0, 1) }, 'RS256', /exponent/],
    ['exponent 0', { ...rsa, e: bytes(0) }, 'RS256', /exponent/],
    ['exponent 2', { ...rsa, e: bytes(2) }, 'RS256', /exponent/],
    ['an even exponent', { ...rsa, e: bytes(1, 0, 0) }, 'RS256', /exponent/],
    ['an even exponent of ten bytes', { ...rsa, e: bytes(9, 9, 9, 9, 9, 9, 9, 9, 9, 8) }, 'RS256', /exponent/],
    ['a modulus of the ROCA generator', { ...rsa, n: rocaModulus() }, 'RS256', /CVE-2017-15361/],
    ['no exponent', { ...rsa, e: '' }, 'RS256', /exponent/],
  ] as const)('refuses %s', (_, jwk, algorithm, words) => {
    expect(keyFault(jwk as Jwk, algorithm)).toMatch(words);
  });
});

describe('importVerificationKey', () => {
  it('imports only the public half', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const imported = await importVerificationKey({ ...privateKey.export({ format: 'jwk' }), kid: 'k' }, 'ES256');
    expect(imported.key.type).toBe('public');
    expect(imported.key.export({ format: 'jwk' })).not.toHaveProperty('d');
  });

  it.each([
    ['no kid', { ...ec, kid: undefined }],
    ['an empty kid', { ...ec, kid: '' }],
    ['another type', rsa],
    ['a point off the curve', { ...ec, x: Buffer.alloc(32, 5).toString('base64url') }],
    ['no point', { ...ec, x: undefined, y: undefined }],
  ])('refuses a key with %s as key_invalid', async (_, jwk) => {
    expect(await thrownBy(() => importVerificationKey(jwk, 'ES256'))).toMatchObject({ code: 'key_invalid' });
  });
});

it('a jose that cannot be loaded is neither a damaged key nor the fault of a token', async () => {
  const before = jose();
  const unloadable = new TypeError('jose cannot be loaded');
  replaceJose({
    get importJWK(): never {
      throw unloadable;
    },
  } as never);
  try {
    await expect(importVerificationKey(ec, 'ES256')).rejects.toBe(unloadable);
  } finally {
    replaceJose(before);
  }
});
