import { jwkSigner } from '../../src/jws/sign';
import { fixedKeySource } from '../../src/keys/fixed';
import { mintHandOverToken, verifyHandOverToken, type HandOverExpectations } from '../../src/token/hand-over-token';
import { faultOf } from '../support/errors';
import {
  APP_ISSUER,
  FUNCTION_ARN,
  handOverToken,
  makeKey,
  NOW,
  transactionToken,
  travellingClaims,
  type TokenChanges,
} from '../support/tokens';

const key = makeKey();
const expected: HandOverExpectations = {
  issuer: APP_ISSUER,
  audiences: [FUNCTION_ARN],
  algorithms: ['ES256'],
  keys: fixedKeySource({ keys: [key.publicJwk] }, ['ES256']),
  clockToleranceSeconds: 30,
  maxLifetimeSeconds: 300,
};
const verify = (token: string, now = NOW) => verifyHandOverToken(token, expected, now);
const mint = (claims: TokenChanges['claims']): string => handOverToken(key, { claims });
const terms = { issuer: APP_ISSUER, audience: FUNCTION_ARN, requestingWorkload: 'invoices', expiresAt: NOW + 40 };

describe('hand-over tokens', () => {
  it('carry the transaction unchanged', async () => {
    const transaction = { ...travellingClaims, act: { sub: 'copilot' } };
    const token = await mintHandOverToken(transaction, terms, jwkSigner(key.privateJwk), NOW);
    expect(await verify(token)).toEqual({
      transaction,
      audience: FUNCTION_ARN,
      requestingWorkload: 'invoices',
      issuedAt: NOW,
      expiresAt: NOW + 40,
      handOverId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('have an ID of their own each', async () => {
    const both = [1, 2].map(() => mintHandOverToken(travellingClaims, terms, jwkSigner(key.privateJwk), NOW));
    const ids = await Promise.all(both.map(async (token) => (await verify(await token)).handOverId));
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each([
    ['audience', { aud: 'arn:aws:lambda:eu-west-1:123456789012:function:pay-invoice:live' }],
    ['audience', { aud: FUNCTION_ARN.replace(/:live$/, '') }],
    ['audience', { aud: `${FUNCTION_ARN}2` }],
    ['audience', { aud: undefined }],
    ['audience', { aud: [FUNCTION_ARN] }],
    ['audience', { aud: [FUNCTION_ARN, 'another'] }],
    ['issuer', { iss: 'https://gateway.example.com' }],
    ['lifetime', { exp: NOW + 301 }],
    ['claims', { jti: undefined }],
    ['claims', { jti: '' }],
    ['claims', { jti: 7 }],
    ['claims', { sub: undefined }],
    ['expired', { rctx: { idp_exp: NOW - 30 } }],
  ])('are refused as %s: %j', async (fault, claims) => {
    expect(await faultOf(() => verify(mint(claims)))).toBe(fault);
  });

  it('are refused when their work is over', async () => {
    expect(await faultOf(() => verify(mint({ exp: NOW + 30 }), NOW + 60))).toBe('expired');
  });

  it.each([
    ['a Transaction Token', {}],
    ['a Transaction Token with the claims of a hand-over', { iss: APP_ISSUER, aud: FUNCTION_ARN, jti: 'j' }],
  ])('cannot be replaced by %s', async (_, claims) => {
    expect(await faultOf(() => verify(transactionToken(key, { claims })))).toBe('type');
  });
});
