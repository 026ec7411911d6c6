import { createSecretKey } from 'node:crypto';
import { BatonError } from '../../src/core/errors';
import { parseCompact, unverifiedIssuer, type Padding } from '../../src/jws/compact';
import { jwsSignatureOfDer } from '../../src/jws/ecdsa-signature';
import { importVerificationKey, type KeyFinder } from '../../src/jws/keys';
import { jwkSigner } from '../../src/jws/sign';
import { verifyJws } from '../../src/jws/verify';
import { thrownBy } from '../support/errors';
import { forge, makeKey, transactionToken, withSignature } from '../support/tokens';

// What the log says of a token, and a start-up of a key: an operator has nothing else to go by.
const key = makeKey();
const good = transactionToken(key);
const [header, payload, signature] = good.split('.') as [string, string, string];
const base = { alg: 'ES256', typ: 'txntoken+jwt', kid: key.kid };
const saysOf = async (act: () => unknown): Promise<string> => (await thrownBy(act)).message;

describe('a token that cannot be read', () => {
  it.each<[string, string, Padding?]>([
    ['The token is larger than 8192 bytes.', good.padEnd(8193, 'A')],
    ['The token does not have the three parts of a compact JWS.', `${header}.${payload}`],
    ["The token's header is not canonical base64url without padding.", `${header}=.${payload}.${signature}`],
    ["The token's payload is not canonical base64url without padding.", `${header}.${payload}=.${signature}`],
    ["The token's signature is not canonical base64url without padding.", `${good}=`],
    ["The token's signature is not canonical base64url, padding required.", good, 'required'],
    ["The token's signature is not canonical base64url, padding optional.", `${good}=`, 'optional'],
    ["The token's header is not UTF-8.", forge(Buffer.from([0xff]), {}, key)],
    ["The token's payload is not UTF-8.", forge(base, Buffer.from([0xff]), key)],
    ["The token's header is not JSON.", forge('x', {}, key)],
    ["The token's payload is not a JSON object.", forge(base, '[]', key)],
    ["The token's payload gives a member twice.", forge(base, '{"a":1,"a":2}', key)],
    ['The token has a member named __proto__.', forge(base, '{"__proto__":1}', key)],
    ['The token holds a number that is out of range.', forge(base, '{"a":1e999}', key)],
    ['The token nests its JSON too deeply.', forge(base, '{"a":'.repeat(17) + '1' + '}'.repeat(17), key)],
    ['The token names critical header extensions.', forge({ ...base, crit: [] }, {}, key)],
    ['The token has an unencoded-payload header (RFC 7797).', forge({ ...base, b64: true }, {}, key)],
    ['The token names no algorithm.', forge({ ...base, alg: 1 }, {}, key)],
    ["The token's typ is not a string.", forge({ ...base, typ: 1 }, {}, key)],
    ['The token names no key (kid).', forge({ ...base, kid: '' }, {}, key)],
  ])('%s', async (message, token, padding = 'none') => {
    const named =
      padding === 'required'
        ? `${header.padEnd(Math.ceil(header.length / 4) * 4, '=')}.${payload.padEnd(Math.ceil(payload.length / 4) * 4, '=')}.${signature}`
        : token;
    expect(await saysOf(() => parseCompact(named, 8192, padding))).toBe(message);
  });

  it('without an issuer', async () => {
    const jws = parseCompact(forge(base, {}, key));
    expect(await saysOf(() => unverifiedIssuer(jws))).toBe('The token names no issuer.');
  });
});

describe('a token that does not verify', () => {
  const holds = (find: KeyFinder['find']): KeyFinder => ({ find });
  const own = holds(() => importVerificationKey(key.publicJwk, 'ES256'));
  const damaged = holds(() => importVerificationKey({ ...key.publicJwk, x: 'AAAA' }, 'ES256'));
  const secret = holds(() =>
    Promise.resolve({ kid: key.kid, algorithm: 'ES256', key: createSecretKey(Buffer.alloc(32)) }),
  );
  it.each<[string, string, KeyFinder, (string | undefined)[]]>([
    ["The token's typ is not a+jwt or b+jwt.", good, own, ['a+jwt', 'b+jwt']],
    ["The token's typ is not a+jwt or absent.", good, own, ['a+jwt', undefined]],
    [
      "The token's algorithm is not one of ES256, RS256.",
      transactionToken(key, { header: { alg: 'ES384' } }),
      own,
      [base.typ],
    ],
    [
      'No key of the issuer has the ID that the token names.',
      good,
      holds(() => Promise.resolve(undefined)),
      [base.typ],
    ],
    ['The key that the token names cannot be used.', good, damaged, [base.typ]],
    ['What the key source gave is no key for that algorithm.', good, secret, [base.typ]],
    ["The token's signature does not match.", withSignature(good, Buffer.alloc(64, 7)), own, [base.typ]],
  ])('%s', async (message, token, keys, types) => {
    expect(await saysOf(() => verifyJws(token, { algorithms: ['ES256', 'RS256'], keys, types }))).toBe(message);
  });

  it("because of another fault than the token's keeps it", async () => {
    // Not by its code alone: another package's error may have the same.
    const away = new BatonError('keys_unavailable', 'The key server is away.');
    for (const bug of [
      away,
      new Error('key_invalid'),
      Object.assign(new TypeError('a bug'), { code: 'key_invalid' }),
    ]) {
      const keys = holds(() => Promise.reject(bug));
      await expect(verifyJws(good, { algorithms: ['ES256'], keys, types: [base.typ] })).rejects.toBe(bug);
    }
  });
});

describe('a key that cannot be used', () => {
  const { privateJwk, publicJwk } = key;
  it.each<[string, () => unknown]>([
    ['The key has no ID (kid).', () => importVerificationKey({ ...publicJwk, kid: '' }, 'ES256')],
    ['The key cannot verify ES256: it is damaged.', () => importVerificationKey({ ...publicJwk, x: 'AAAA' }, 'ES256')],
    ['The key cannot verify RS256: its type (kty) is not RSA.', () => importVerificationKey(publicJwk, 'RS256')],
    [
      'The signing key names no usable algorithm: give it the member "alg", one of ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512.',
      () => jwkSigner({ ...privateJwk, alg: undefined }),
    ],
    [
      'The signing key has no ID: give it the member "kid", which no other key has.',
      () => jwkSigner({ ...privateJwk, kid: '' }),
    ],
    ['The signing key cannot sign ES256: its use is not "sig".', () => jwkSigner({ ...privateJwk, use: 'enc' })],
    [
      'The signing key is not a private JSON Web Key (RFC 7517). Make one: npx baton keys create <ring>',
      () => jwkSigner(publicJwk),
    ],
    [
      'The private and the public half of the signing key do not belong together. Take the key as it was made.',
      () => jwkSigner({ ...privateJwk, d: makeKey().privateJwk.d }),
    ],
  ])('%s', async (message, use) => {
    expect(await saysOf(use)).toBe(message);
  });
});

describe('a signature in DER that is none', () => {
  it.each([
    ['another type', '31 06 02 01 01 02 01 01'],
    ['a length that is longer than needed', '30 81 06 02 01 01 02 01 01'],
    ['a length that is too long, or left open', '30 80 02 01 01 02 01 01 00 00'],
    ['it is cut off', '30 06 02 01 01 02 01'],
    ['bytes follow it', '30 06 02 01 01 02 01 01 00'],
    ['bytes follow its two integers', '30 08 02 01 01 02 01 01 05 00'],
    ['an integer without a byte', '30 05 02 00 02 01 01'],
    ['a negative integer', '30 06 02 01 80 02 01 01'],
    ['an integer with a zero too many', '30 07 02 02 00 7f 02 01 01'],
    ['the integer 0', '30 06 02 01 00 02 01 01'],
    ['an integer that is too large', `30 26 02 21 ${'01'.repeat(33)} 02 01 01`],
  ])('%s', async (what, der) => {
    const bytes = Buffer.from(der.replaceAll(' ', ''), 'hex');
    expect(await saysOf(() => jwsSignatureOfDer(bytes, 32))).toBe(
      `The signature that came back is no ECDSA signature in DER: ${what}.`,
    );
  });
});
