import { fixedKeySource, indexKeys } from '../../src/keys/fixed';
import type { Jwk } from '../../src/jws/keys';
import { codeOf } from '../support/errors';
import { makeKey } from '../support/tokens';

const { publicJwk } = makeKey('ES256', { kid: 'a' });
const other = makeKey('ES256', { kid: 'a' }).publicJwk;
const rsa = makeKey('RS256', { kid: 'r' }).publicJwk;

describe('fixedKeySource', () => {
  it.each([
    ['a key ID twice', [publicJwk, other]],
    ['a key without ID', [{ ...publicJwk, kid: undefined }]],
    ['a key with an empty ID', [{ ...publicJwk, kid: '' }]],
    ['a key that cannot be used', [publicJwk, rsa]],
    ['a symmetric key', [{ kty: 'oct', k: 'AAAA', kid: 'a' }]],
    ['an encryption key', [{ ...publicJwk, use: 'enc' }]],
    ['a key off its curve', [{ ...publicJwk, x: Buffer.alloc(32, 5).toString('base64url') }]],
    ['null', [null]],
    ['text', ['key']],
  ])('refuses a set with %s when it is made', async (_, keys) => {
    expect(await codeOf(() => fixedKeySource({ keys: keys as Jwk[] }, ['ES256']))).toBe('key_invalid');
  });

  it('refuses every key where no algorithm is accepted', async () => {
    expect(await codeOf(() => fixedKeySource({ keys: [publicJwk] }, []))).toBe('key_invalid');
  });
});

describe('indexKeys', () => {
  const find = (keys: unknown[]) => indexKeys(keys as Jwk[], ['ES256']).find('a', 'ES256');

  it('passes over what it cannot use', async () => {
    const junk = [null, 'x', 7, [], {}, { kid: 'a' }, { ...publicJwk, use: 'enc' }, rsa];
    expect(await find(junk)).toBeUndefined();
    expect(await find([...junk, publicJwk])).toMatchObject({ kid: 'a' });
  });

  it('uses neither of two keys that share an ID, and one key that is listed twice', async () => {
    expect(await find([publicJwk, other])).toBeUndefined();
    expect(await find([publicJwk, other, publicJwk])).toBeUndefined();
    expect(await find([publicJwk, { ...publicJwk, use: undefined }])).toMatchObject({ kid: 'a' });
  });
});
