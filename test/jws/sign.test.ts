import { createSecretKey } from 'node:crypto';
import { compactVerify, importJWK } from 'jose';
import { ALGORITHMS, isAlgorithm, type Algorithm } from '../../src/jws/algorithms';
import { importVerificationKey, type Jwk } from '../../src/jws/keys';
import { generateEs256KeyPair, jwkSigner, signJws } from '../../src/jws/sign';
import { verifyJws } from '../../src/jws/verify';
import { thrownBy } from '../support/errors';
import { makeKey } from '../support/tokens';

const rsa = makeKey('RS256');
const keyFor = (alg: Algorithm): { privateJwk: Jwk; publicJwk: Jwk } => {
  if (ALGORITHMS[alg].kty !== 'RSA') return makeKey(alg);
  return { privateJwk: { ...rsa.privateJwk, alg }, publicJwk: { ...rsa.publicJwk, alg } };
};

describe('isAlgorithm', () => {
  it.each(['none', 'HS256', 'es256', 'ES256K', 'toString', '__proto__', '', undefined, null, ['ES256']])(
    'does not know %j',
    (name) => expect(isAlgorithm(name)).toBe(false),
  );
});

describe('signJws', () => {
  it.each(Object.keys(ALGORITHMS) as Algorithm[])('makes %s signatures that jose and Baton verify', async (alg) => {
    const { privateJwk, publicJwk } = keyFor(alg);
    const token = await signJws('a+jwt', { sub: 'Zoë' }, jwkSigner(privateJwk));
    const { payload, protectedHeader } = await compactVerify(token, await importJWK(publicJwk as object, alg));
    expect(protectedHeader).toEqual({ alg, typ: 'a+jwt', kid: publicJwk.kid });
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ sub: 'Zoë' });
    const keys = { find: () => importVerificationKey(publicJwk, alg) };
    expect(await verifyJws(token, { algorithms: [alg], keys, types: ['a+jwt'] })).toEqual({ sub: 'Zoë' });
  });

  it('signs many at once', async () => {
    const { privateJwk, publicJwk } = makeKey();
    const signer = jwkSigner(privateJwk);
    const keys = { find: () => importVerificationKey(publicJwk, 'ES256') };
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => signJws('a', { n }, signer)));
    const claims = await Promise.all(tokens.map((it) => verifyJws(it, { algorithms: ['ES256'], keys, types: ['a'] })));
    expect(claims.map(({ n }) => n)).toEqual(tokens.map((_, n) => n));
  });
});

describe('jwkSigner', () => {
  const { privateJwk, publicJwk } = makeKey();

  it('takes the algorithm from the key or from its caller', () => {
    expect(jwkSigner(privateJwk)).toMatchObject({ algorithm: 'ES256', keyId: 'ES256-1' });
    expect(jwkSigner({ ...privateJwk, alg: undefined }, 'ES256').algorithm).toBe('ES256');
    expect(jwkSigner({ ...privateJwk, key_ops: ['sign'] }).algorithm).toBe('ES256');
  });

  it.each([
    ['a public key', publicJwk],
    ['no algorithm', { ...privateJwk, alg: undefined }],
    ['HS256', { ...privateJwk, alg: 'HS256' }],
    ['a secret', { ...createSecretKey(Buffer.alloc(32, 1)).export({ format: 'jwk' }), alg: 'ES256', kid: 'k' }],
    ['another algorithm than its curve', { ...privateJwk, alg: 'ES384' }],
    ['no ID', { ...privateJwk, kid: undefined }],
    ['an encryption key', { ...privateJwk, use: 'enc' }],
    ['a weak RSA key', makeKey('RS256', { bits: 1024 }).privateJwk],
    ['a damaged key', { ...privateJwk, d: '!' }],
    ['the private half of another key', { ...privateJwk, d: makeKey().privateJwk.d }],
    ['a secret part that is no text', { ...privateJwk, d: 7 }],
  ])('refuses %s and quotes nothing of it', async (_, jwk) => {
    const error = await thrownBy(() => jwkSigner(jwk));
    expect(error.code).toBe('key_invalid');
    const shown = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
    for (const part of [privateJwk.d, privateJwk.x]) expect(shown).not.toContain(part);
  });
});

describe('generateEs256KeyPair', () => {
  it('makes a new pair each time, named by its thumbprint', async () => {
    const [one, two] = await Promise.all([generateEs256KeyPair(), generateEs256KeyPair()]);
    expect(one.publicJwk).not.toHaveProperty('d');
    expect(one.privateJwk.kid).toBe(one.publicJwk.kid);
    expect(one.publicJwk.kid).toMatch(/^[\w-]{43}$/);
    expect(one.publicJwk.kid).not.toBe(two.publicJwk.kid);
    const token = await signJws('a', {}, jwkSigner(one.privateJwk));
    const keys = { find: () => importVerificationKey(one.publicJwk, 'ES256') };
    expect(await verifyJws(token, { algorithms: ['ES256'], keys, types: ['a'] })).toEqual({});
  });
});
