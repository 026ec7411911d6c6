import { fixedKeySource } from '../../src/keys/fixed';
import { jwkSigner } from '../../src/jws/sign';
import { mintHandOverToken, verifyHandOverToken, type VerifiedHandOver } from '../../src/token/hand-over-token';
import { payloadDigest, type LeftWork } from '../../src/token/left-work';
import { openSealedWork, sealWork, type SealedWork } from '../../src/token/sealed-work';
import { faultOf, thrownBy } from '../support/errors';
import {
  APP_ISSUER,
  forge,
  FUNCTION_ARN,
  handOverToken,
  ISSUER,
  makeKey,
  NOW,
  travellingClaims,
} from '../support/tokens';

const key = makeKey('ES256');
const signer = jwkSigner(key.privateJwk);
const keys = fixedKeySource({ keys: [key.publicJwk] }, ['ES256']);
const DAY = 86_400;
const work: LeftWork = { id: 'w-1', idempotencyKey: 'k-1', payloadSha256: payloadDigest('{}'), leftAt: NOW };
const transaction = { ...travellingClaims, act: { sub: 'copilot' } };

describe('the hand-over of left work', () => {
  const mint = (named: LeftWork | undefined, now: number, expiresAt: number): Promise<string> =>
    mintHandOverToken(
      transaction,
      {
        issuer: APP_ISSUER,
        audience: FUNCTION_ARN,
        requestingWorkload: 'invoices',
        expiresAt,
        ...(named && { work: named }),
      },
      signer,
      now,
    );
  const verify = (token: string, now: number, maxLeftWorkSeconds?: number): Promise<VerifiedHandOver> =>
    verifyHandOverToken(
      token,
      {
        issuer: APP_ISSUER,
        audiences: [FUNCTION_ARN],
        algorithms: ['ES256'],
        keys,
        clockToleranceSeconds: 30,
        maxLifetimeSeconds: 360,
        ...(maxLeftWorkSeconds !== undefined && { maxLeftWorkSeconds }),
      },
      now,
    );

  it('is good to its deadline, though the sign-in has ended meanwhile', async () => {
    const token = await mint(work, NOW + 7200, NOW + DAY);
    const verified = await verify(token, NOW + DAY - 1, DAY);
    expect(verified).toMatchObject({ work, transaction, expiresAt: NOW + DAY });
    expect(await faultOf(() => verify(token, NOW + DAY + 30, DAY))).toBe('expired');
  });

  it('is not, where the sign-in had ended when the work was left', async () => {
    const token = await mint({ ...work, leftAt: NOW + 3600 + 30 }, NOW + 7200, NOW + DAY);
    expect(await faultOf(() => verify(token, NOW + 7200, DAY))).toBe('expired');
  });

  it('lives longer than that of a call only where it names work, and no longer than the function says', async () => {
    expect(await faultOf(async () => verify(await mint(undefined, NOW, NOW + 600), NOW, DAY))).toBe('lifetime');
    expect(await faultOf(async () => verify(await mint(work, NOW, NOW + 600), NOW))).toBe('lifetime');
    expect(await faultOf(async () => verify(await mint(work, NOW, NOW + DAY + 1), NOW, DAY))).toBe('lifetime');
  });

  it.each([
    ['no object', 'w-1'],
    ['a list', []],
    ['no key', { id: 'w-1', sha256: 'x', left_at: NOW }],
    ['no digest', { id: 'w-1', key: 'k', left_at: NOW }],
    ['no time', { id: 'w-1', key: 'k', sha256: 'x' }],
    ['a text for a time', { id: 'w-1', key: 'k', sha256: 'x', left_at: `${NOW}` }],
  ])('is refused where it names as work %s', async (_what, claim) => {
    expect(await faultOf(() => verify(handOverToken(key, { claims: { work: claim } }), NOW, DAY))).toBe('claims');
  });
});

describe('a seal', () => {
  const sealed: SealedWork = {
    ...work,
    function: 'render-invoice',
    orderingKey: 'o-1',
    notBefore: NOW + 60,
    deadline: NOW + DAY,
    transaction,
    edge: { profile: 'txn-token', issuer: ISSUER },
  };
  const terms = { issuer: APP_ISSUER, algorithms: ['ES256'], keys } as const;
  const seal = (changes: Partial<SealedWork> = {}): Promise<string> =>
    sealWork({ ...sealed, ...changes }, terms, signer);

  it('gives back what was put under it, whenever it is opened', async () => {
    expect(await openSealedWork(await seal(), terms)).toEqual(sealed);
    const { orderingKey: _order, notBefore: _from, ...least } = sealed;
    expect(await openSealedWork(await sealWork(least, terms, signer), terms)).toEqual(least);
  });

  it.each([
    ['of another app', { issuer: 'https://other.example.internal' }, 'issuer'],
    ['of another algorithm', { algorithms: ['ES384'] }, 'algorithm'],
    ['of a key that is not published', { keys: fixedKeySource({ keys: [] }, ['ES256']) }, 'key_unknown'],
    [
      'of another key with its ID',
      { keys: fixedKeySource({ keys: [{ ...makeKey('ES256').publicJwk }] }, ['ES256']) },
      'signature',
    ],
  ] as const)('is not opened where it is %s', async (_what, changes, fault) => {
    expect(await faultOf(async () => openSealedWork(await seal(), { ...terms, ...changes }))).toBe(fault);
  });

  it('is for the one who sealed it alone', async () => {
    const work = { function: 'f', key: 'k', sha256: 'd' };
    const edge = { profile: 'txn-token', issuer: ISSUER };
    const sealOf = (claims: object): string =>
      forge(
        { alg: 'ES256', typ: 'baton-outbox+jwt', kid: key.kid },
        { ...transaction, iss: APP_ISSUER, aud: APP_ISSUER, iat: NOW, exp: NOW + 9, jti: 'w', work, edge, ...claims },
        key,
      );
    expect(await openSealedWork(sealOf({}), terms)).toHaveProperty('function', 'f');
    for (const [claims, reason, message] of [
      [{ aud: 'https://other.example' }, 'audience', 'The seal is for somebody else.'],
      [{ aud: [APP_ISSUER] }, 'audience', 'The seal is for somebody else.'],
      [{ iss: 'https://other.example' }, 'issuer', 'The work was sealed by somebody else.'],
      [{ work: [] }, 'claims', "The token's work is not an object."],
      [{ edge: null }, 'claims', "The token's edge is not an object."],
      [{ edge: { profile: 'p' } }, 'claims', "The token's issuer is missing."],
      [{ work: { ...work, key: '' } }, 'claims', "The token's key is missing."],
    ] as const) {
      expect(await thrownBy(() => openSealedWork(sealOf(claims), terms))).toMatchObject({ reason, message });
    }
  });

  it('is no hand-over, and a hand-over is no seal', async () => {
    expect(await faultOf(() => openSealedWork(handOverToken(key), terms))).toBe('type');
  });
});
