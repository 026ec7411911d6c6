import type * as algorithmsModule from '../../src/jws/algorithms';
import type * as joseModule from '../../src/jws/jose';
import type * as keysModule from '../../src/jws/keys';
import type * as standInModule from '../../src/jws/without-jose';
import type * as verifyModule from '../../src/jws/verify';
import { makeKey, transactionToken, transactionTokenClaims, withSignature } from '../support/tokens';

interface Jws {
  readonly algorithms: typeof algorithmsModule;
  readonly jose: typeof joseModule;
  readonly keys: typeof keysModule;
  readonly standIn: typeof standInModule;
  readonly verify: typeof verifyModule;
}

/** The room, loaded anew; without jose it meets what Jest throws for a package of ES modules. */
function load({ hasJose }: { hasJose: boolean }): Jws {
  let room: Jws | undefined;
  jest.isolateModules(() => {
    if (!hasJose) {
      jest.doMock('jose', () => {
        throw new SyntaxError("Unexpected token 'export'");
      });
    }
    room = {
      algorithms: require('../../src/jws/algorithms') as typeof algorithmsModule,
      jose: require('../../src/jws/jose') as typeof joseModule,
      keys: require('../../src/jws/keys') as typeof keysModule,
      standIn: require('../../src/jws/without-jose') as typeof standInModule,
      verify: require('../../src/jws/verify') as typeof verifyModule,
    };
  });
  return room!;
}
afterEach(() => jest.dontMock('jose'));

const real = load({ hasJose: true });
real.jose.jose();
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
const keys = new Map(ALGORITHMS.map((name) => [name, makeKey(name)]));

describe('without jose', () => {
  it('nothing can be verified until something stands in', () => {
    const room = load({ hasJose: false });
    expect(() => room.jose.jose()).toThrow("Unexpected token 'export'");
    room.standIn.standInForJose();
    expect(room.jose.jose()).toBeDefined();
  });

  it('covers each algorithm that a policy can name', () => {
    expect(Object.keys(real.algorithms.ALGORITHMS).sort()).toEqual([...ALGORITHMS].sort());
  });

  it.each(ALGORITHMS)('verifies %s, and nothing that does not fit', async (algorithm) => {
    const { keys: room, verify, standIn } = load({ hasJose: false });
    standIn.standInForJose();
    const key = keys.get(algorithm)!;
    const verification = await room.importVerificationKey(key.publicJwk, algorithm);
    const expected = {
      algorithms: [algorithm],
      keys: { find: () => Promise.resolve(verification) },
      types: ['txntoken+jwt'],
    };
    const token = transactionToken(key);
    expect(await verify.verifyJws(token, expected)).toEqual(transactionTokenClaims);
    const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
    signature[10]! ^= 1;
    await expect(verify.verifyJws(withSignature(token, signature), expected)).rejects.toMatchObject({
      reason: 'signature',
    });
    await expect(verify.verifyJws(transactionToken(makeKey('ES256')), expected)).rejects.toMatchObject({
      code: 'token_invalid',
    });
  });

  it.each(['ES256', 'EdDSA', 'RS256'] as const)('names a key %s as jose does (RFC 7638)', async (algorithm) => {
    const room = load({ hasJose: false });
    room.standIn.standInForJose();
    const { publicJwk } = keys.get(algorithm)!;
    const [theirs, ours] = [real.jose.jose(), room.jose.jose()].map((jose) =>
      jose.calculateJwkThumbprint(publicJwk as never),
    );
    expect(await ours).toBe(await theirs);
  });
});

it('with jose nothing stands in', () => {
  const jose = real.jose.jose();
  real.standIn.standInForJose();
  expect(real.jose.jose()).toBe(jose);
  expect(jose).toBe(require('jose'));
});
