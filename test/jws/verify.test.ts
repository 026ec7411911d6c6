import { createSecretKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Algorithm } from '../../src/jws/algorithms';
import { importVerificationKey, type KeyFinder, type VerificationKey } from '../../src/jws/keys';
import { verifyJws } from '../../src/jws/verify';
import { faultOf } from '../support/errors';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { encodePart, forge, makeKey, rawSignature, transactionToken, withSignature } from '../support/tokens';
import type { TestKey, TokenChanges } from '../support/tokens';

const key = makeKey('ES256');
const rsa = makeKey('RS256');
const stranger = makeKey('ES256', { kid: key.kid });
const TYPE = 'txntoken+jwt';

/** Holds the keys given, counts how often it is asked, and remembers nothing else. */
function countingSource(...keys: TestKey[]): KeyFinder & { asked: number } {
  return {
    asked: 0,
    async find(kid, algorithm) {
      this.asked++;
      const found = keys.find((item) => item.kid === kid && item.alg === algorithm);
      return found && importVerificationKey(found.publicJwk, algorithm);
    },
  };
}

const verify = (token: string, keys: KeyFinder = countingSource(key, rsa), algorithms: Algorithm[] = ['ES256']) =>
  verifyJws(token, { algorithms, keys, types: [TYPE] });
const mint = (header: TokenChanges['header'] = {}): string => transactionToken(key, { header });

describe('verifyJws', () => {
  it('gives the claims of a good token', async () => {
    expect(await verify(mint())).toMatchObject({ sub: 'entra:7d3c' });
  });

  it.each(['none', 'None', 'NONE', 'nOnE', 'es256', 'HS256', 'ES384', 'RS256', 'ES256K', '', '__proto__', 'toString'])(
    'refuses the algorithm "%s" and looks up no key',
    async (alg) => {
      const keys = countingSource(key, rsa);
      expect(await faultOf(() => verify(mint({ alg }), keys))).toBe('algorithm');
      expect(keys.asked).toBe(0);
    },
  );

  it('refuses an unsigned token', async () => {
    const unsigned = `${encodePart({ alg: 'none', typ: TYPE, kid: key.kid })}.${encodePart({ sub: 'admin' })}.`;
    expect(await faultOf(() => verify(unsigned))).toBe('malformed');
  });

  const publicForms = (pair: TestKey): (string | Buffer)[] => {
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const der = pair.publicKey.export({ format: 'der', type: 'spki' });
    const json = JSON.stringify(pair.publicJwk);
    return [pem, ` ${pem}`, `\uFEFF${pem}`, pem.trimEnd(), der, json, JSON.stringify({ keys: [pair.publicJwk] }), ''];
  };

  it.each(['HS256', 'HS384', 'HS512'])('refuses %s over every form of the public key', async (alg) => {
    const forms = [...publicForms(key), ...publicForms(rsa), rsa.publicKey.export({ format: 'pem', type: 'pkcs1' })];
    for (const secret of forms) {
      for (const named of [alg, 'ES256']) {
        const input = mint({ alg: named }).split('.').slice(0, 2).join('.');
        const token = `${input}.${rawSignature(alg, input, secret).toString('base64url')}`;
        expect(await faultOf(() => verify(token))).toBe(named === alg ? 'algorithm' : 'signature');
      }
    }
  });

  it.each([
    ['r = s = 0', Buffer.alloc(64)],
    ['r = s = 1', Buffer.concat([Buffer.alloc(31), Buffer.from([1]), Buffer.alloc(31), Buffer.from([1])])],
    ['r = s = n', Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'.repeat(2), 'hex')],
    ['63 bytes', Buffer.alloc(63, 7)],
    ['65 bytes', Buffer.alloc(65, 7)],
    ['one byte', Buffer.alloc(1, 7)],
  ])('refuses the signature %s', async (_, signature) => {
    expect(await faultOf(() => verify(withSignature(mint(), signature)))).toBe('signature');
  });

  it('refuses a right signature in DER', async () => {
    const input = mint().split('.').slice(0, 2).join('.');
    const der = sign('sha256', Buffer.from(input), key.privateKey);
    expect(await faultOf(() => verify(`${input}.${der.toString('base64url')}`))).toBe('signature');
  });

  it('refuses another key of the same ID, and a change of header or payload', async () => {
    const [header, , signature] = mint().split('.');
    expect(await faultOf(() => verify(transactionToken(stranger)))).toBe('signature');
    expect(await faultOf(() => verify(`${header}.${encodePart({ sub: 'admin' })}.${signature}`))).toBe('signature');
    const other = encodePart({ typ: TYPE, kid: key.kid, alg: 'ES256' });
    expect(await faultOf(() => verify([other, ...mint().split('.').slice(1)].join('.')))).toBe('signature');
  });

  it.each([
    [TYPE, undefined],
    ['TXNTOKEN+JWT', undefined],
    ['application/txntoken+jwt', undefined],
    ['Application/TxnToken+JWT', undefined],
    [undefined, 'type'],
    ['', 'type'],
    ['JWT', 'type'],
    ['at+jwt', 'type'],
    ['baton-handover+jwt', 'type'],
    ['application/application/txntoken+jwt', 'type'],
    ['x/txntoken+jwt', 'type'],
    ['x-application/txntoken+jwt', 'type'],
    [' txntoken+jwt', 'type'],
    ['txntoken+jwt; a=b', 'type'],
  ])('judges the type %j: %s', async (typ, fault) => {
    const keys = countingSource(key);
    if (fault === undefined) return expect(await verify(mint({ typ }), keys)).toHaveProperty('sub');
    expect(await faultOf(() => verify(mint({ typ }), keys))).toBe(fault);
    expect(keys.asked).toBe(0);
  });

  it.each([
    'other',
    '__proto__',
    'constructor',
    '../../etc/passwd',
    "' OR 1=1 --",
    'https://evil.example/k',
    'ES256-1 ',
  ])('refuses the key ID %s', async (kid) => {
    expect(await faultOf(() => verify(mint({ kid })))).toBe('key_unknown');
  });

  it('refuses a key ID of 10 kB and unknown critical headers before it asks for a key', async () => {
    const keys = countingSource(key);
    expect(await faultOf(() => verify(mint({ kid: 'k'.repeat(10_000) }), keys))).toBe('too_large');
    for (const crit of [['x'], [], ['b64'], ['exp', 'exp'], 'x', null]) {
      expect(await faultOf(() => verify(mint({ crit }), keys))).toBe('critical');
    }
    expect(keys.asked).toBe(0);
  });

  it('refuses the key of one algorithm for another, even where both are accepted', async () => {
    const accepted: Algorithm[] = ['ES256', 'RS256'];
    const header = { alg: 'RS256', typ: TYPE, kid: key.kid };
    expect(await faultOf(() => verify(forge(header, { sub: 'a' }, rsa), undefined, accepted))).toBe('key_unknown');
    // A source that errs and gives an elliptic key for RS256.
    const wrong: KeyFinder = { find: () => importVerificationKey(key.publicJwk, 'ES256') };
    expect(await faultOf(() => verify(forge(header, { sub: 'a' }, rsa), wrong, accepted))).toBe('signature');
  });

  it('goes by the algorithm that the token names, not by the one of the key that it is given', async () => {
    // Right under RS256, and the same RSA key: only the name is wrong.
    const token = forge({ alg: 'PS256', typ: TYPE, kid: rsa.kid }, { sub: 'a' }, rsa);
    const wrong: KeyFinder = { find: () => importVerificationKey(rsa.publicJwk, 'RS256') };
    expect(await faultOf(() => verify(token, wrong, ['PS256', 'RS256']))).toBe('signature');
  });

  it('takes any of several types', async () => {
    for (const types of [
      [TYPE, 'at+jwt'],
      ['at+jwt', undefined, TYPE],
    ]) {
      const expected = { algorithms: ['ES256' as const], keys: countingSource(key), types };
      expect(await verifyJws(mint(), expected)).toHaveProperty('sub');
    }
  });

  it.each([undefined, null, '', {}, { toString: () => 'key' }, Buffer.alloc(0)])(
    'says key_unusable, not a server error, where a source gives %p for a key',
    async (thing) => {
      const keys: KeyFinder = {
        find: (kid, algorithm) => Promise.resolve({ kid, algorithm, key: thing as unknown as VerificationKey['key'] }),
      };
      expect(await faultOf(() => verify(mint(), keys))).toBe('key_unusable');
    },
  );

  it('says key_unusable where a source gives a key of another kind, and calls it one for the algorithm', async () => {
    const kinds = {
      RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
      'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
      private: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      secret: createSecretKey(Buffer.alloc(32)),
    };
    for (const thing of Object.values(kinds)) {
      const keys: KeyFinder = { find: (kid, algorithm) => Promise.resolve({ kid, algorithm, key: thing }) };
      expect(await faultOf(() => verify(mint(), keys))).toBe('key_unusable');
    }
  });

  it('says key_unusable, not a server error, where the key is damaged', async () => {
    const damaged = { ...key.publicJwk, x: Buffer.alloc(32, 5).toString('base64url') };
    const keys: KeyFinder = { find: (_, algorithm) => importVerificationKey(damaged, algorithm) };
    expect(await faultOf(() => verify(mint(), keys))).toBe('key_unusable');
  });
});

describe('keys that a token brings along', () => {
  let server: KeyServer;
  beforeAll(async () => (server = await startKeyServer([stranger.publicJwk])));
  afterAll(() => server.close());

  it('are not used, and nothing is fetched', async () => {
    const x5c = [stranger.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')];
    const headers = [{ jwk: stranger.publicJwk }, { jku: server.jwksUri }, { x5u: server.jwksUri }, { x5c }];
    for (const header of headers) {
      const fault = await faultOf(() => verify(transactionToken(stranger, { header }), countingSource(key)));
      expect(fault).toBe('signature');
    }
    expect(server.fetches()).toBe(0);
    // The count is live: one fetch of our own moves it.
    await (await fetch(server.jwksUri)).text();
    expect(server.fetches()).toBe(1);
  });
});
