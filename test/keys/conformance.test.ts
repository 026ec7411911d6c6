import type { Algorithm } from '../../src/jws/algorithms';
import type { Jwk, KeySource } from '../../src/jws/keys';
import { keySourceAt } from '../../src/keys/source';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { makeKey } from '../support/tokens';

const ec = makeKey('ES256', { kid: 'ec' });
const rsa = makeKey('RS256', { kid: 'rsa' });
const okp = makeKey('EdDSA', { kid: 'okp' });

let server: KeyServer;
beforeAll(async () => (server = await startKeyServer()));
afterAll(() => server.close());

type MakeSource = (keys: readonly Jwk[], algorithms: readonly Algorithm[]) => KeySource;
const sources: [string, MakeSource][] = [
  ['a fixed set', (keys, algorithms) => keySourceAt({ jwks: { keys } }, { algorithms })],
  [
    'a set by URL',
    (keys, algorithms) => {
      server.keys = keys;
      return keySourceAt({ jwksUri: server.jwksUri }, { algorithms });
    },
  ],
  [
    'a set by discovery',
    (keys, algorithms) => {
      server.keys = keys;
      return keySourceAt({ discover: server.issuer }, { algorithms });
    },
  ],
];

/** What every source of keys has to do, wherever its keys come from. */
describe.each(sources)('%s', (_, make) => {
  const all = [ec.publicJwk, rsa.publicJwk, okp.publicJwk];

  it.each([
    ['ec', 'ES256'],
    ['rsa', 'RS256'],
    ['okp', 'EdDSA'],
  ] as const)('finds the key %s for %s', async (kid, algorithm) => {
    const found = await make(all, ['ES256', 'RS256', 'EdDSA']).find(kid, algorithm);
    expect(found).toMatchObject({ kid, algorithm });
    expect(found?.key.type).toBe('public');
  });

  it('gives the same key to everybody who asks', async () => {
    const source = make(all, ['ES256', 'RS256', 'EdDSA']);
    const found = await Promise.all(Array.from({ length: 20 }, () => source.find('ec', 'ES256')));
    expect(new Set(found).size).toBe(1);
  });

  it.each([
    ['rsa', 'ES256'],
    ['ec', 'RS256'],
    ['ec', 'ES384'],
    ['rsa', 'PS256'],
    ['EC', 'ES256'],
    ['', 'ES256'],
    ['ES256 ec', 'ES256'],
    ['__proto__', 'ES256'],
    ['constructor', 'ES256'],
    ['../ec', 'ES256'],
  ] as const)('finds nothing for "%s" and %s', async (kid, algorithm) => {
    expect(await make(all, ['ES256', 'RS256', 'EdDSA']).find(kid, algorithm)).toBeUndefined();
  });

  it('finds nothing for an algorithm that is not accepted', async () => {
    const source = make([{ ...rsa.publicJwk, alg: undefined }], ['RS256']);
    expect(await source.find('rsa', 'RS256')).toBeDefined();
    expect(await source.find('rsa', 'RS384')).toBeUndefined();
  });

  it('never hands out a private key', async () => {
    const found = await make([ec.privateJwk], ['ES256']).find('ec', 'ES256');
    expect(found?.key).toMatchObject({ type: 'public', usages: ['verify'] });
  });
});
