import { jwkSigner } from '../../src/jws/sign';
import { fixedKeySource } from '../../src/keys/fixed';
import { mintTransactionToken, verifyTransactionToken } from '../../src/token/transaction-token';
import type { TransactionTokenExpectations } from '../../src/token/transaction-token';
import { codeOf, faultOf } from '../support/errors';
import {
  AUDIENCE,
  forge,
  handOverToken,
  ISSUER,
  makeKey,
  NOW,
  providerToken,
  transactionToken,
  transactionTokenClaims,
  travellingClaims,
  withSignature,
  type TokenChanges,
} from '../support/tokens';

const key = makeKey();
const expected: TransactionTokenExpectations = {
  issuer: ISSUER,
  audiences: [AUDIENCE],
  algorithms: ['ES256'],
  keys: fixedKeySource({ keys: [key.publicJwk] }, ['ES256']),
  clockToleranceSeconds: 30,
  maxLifetimeSeconds: 600,
};
const verify = (token: string, now = NOW, changes: Partial<TransactionTokenExpectations> = {}) =>
  verifyTransactionToken(token, { ...expected, ...changes }, now);
const mint = (claims: TokenChanges['claims']): string => transactionToken(key, { claims });

describe('verifyTransactionToken', () => {
  it('gives what the token says', async () => {
    expect(await verify(mint({}))).toEqual({
      transaction: travellingClaims,
      requestingWorkload: 'apigateway',
      issuedAt: NOW,
      expiresAt: NOW + 360,
    });
  });

  it('freezes what it gives, all the way down', async () => {
    const act = { sub: 'copilot', act: { sub: 'planner' } };
    const { transaction } = await verify(mint({ act }));
    const { tctx, rctx } = transaction;
    const parts = [transaction, tctx, tctx.roles, rctx, rctx.amr, transaction.act, transaction.act?.act];
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
    expect(transaction.act).toEqual(act);
  });

  it('takes only the claims that it knows', async () => {
    const extra = { admin: true, constructor: 'x', tctx: { ...travellingClaims.tctx, admin: true } };
    const { transaction } = await verify(mint(extra));
    expect(transaction).toEqual(travellingClaims);
  });

  // Each second at which the verdict changes: fault or undefined by the verifier's clock.
  it.each([
    ['exp + tolerance - 1', { exp: NOW + 360 }, NOW + 389, undefined],
    ['exp + tolerance', { exp: NOW + 360 }, NOW + 390, 'expired'],
    ['iat - tolerance', {}, NOW - 30, undefined],
    ['iat - tolerance - 1', {}, NOW - 31, 'not_yet_valid'],
    ['nbf - tolerance', { nbf: NOW + 100 }, NOW + 70, undefined],
    ['nbf - tolerance - 1', { nbf: NOW + 100 }, NOW + 69, 'not_yet_valid'],
    ['iat an hour ahead', { iat: NOW + 3600, exp: NOW + 3700 }, NOW, 'not_yet_valid'],
    ['the longest lifetime', { exp: NOW + 600 }, NOW, undefined],
    ['a second more than that', { exp: NOW + 601 }, NOW, 'lifetime'],
    ['exp before iat', { exp: NOW - 1 }, NOW, 'lifetime'],
    ['exp at iat', { exp: NOW }, NOW, 'lifetime'],
    ['idp_exp + tolerance - 1', { rctx: { idp_exp: NOW + 60 } }, NOW + 89, undefined],
    ['idp_exp + tolerance', { rctx: { idp_exp: NOW + 60 } }, NOW + 90, 'expired'],
    ['fractions of a second', { iat: NOW + 0.5, exp: NOW + 10.5 }, NOW, undefined],
  ])('judges by the clock: %s', async (_, claims, now, fault) => {
    const act = verify(mint(claims), now);
    if (fault === undefined) return expect((await act).requestingWorkload).toBe('apigateway');
    expect(await faultOf(() => act)).toBe(fault);
  });

  it("ends with the identity provider's token, where that ends first", async () => {
    expect((await verify(mint({ rctx: { idp_exp: NOW + 60 } }))).expiresAt).toBe(NOW + 60);
    expect((await verify(mint({ rctx: {} }))).expiresAt).toBe(NOW + 360);
  });

  it.each([
    ['issuer', { iss: undefined }],
    ['issuer', { iss: `${ISSUER}/` }],
    ['issuer', { iss: ISSUER.toUpperCase() }],
    ['issuer', { iss: [ISSUER] }],
    ['issuer', { iss: { toString: ISSUER } }],
    ['audience', { aud: undefined }],
    ['audience', { aud: 'other.example' }],
    ['audience', { aud: [] }],
    ['audience', { aud: ['other.example'] }],
    ['audience', { aud: [AUDIENCE, 7] }],
    ['audience', { aud: { 0: AUDIENCE } }],
    ['audience', { aud: [[AUDIENCE]] }],
    ['audience', { aud: null }],
    ['claims', { exp: undefined }],
    ['claims', { exp: String(NOW + 300) }],
    ['claims', { exp: null }],
    ['claims', { exp: -1 }],
    ['claims', { exp: [NOW + 300] }],
    ['expired', { exp: 1e-300 }],
    ['lifetime', { exp: 1e300 }],
    ['claims', { iat: undefined }],
    ['claims', { iat: String(NOW) }],
    ['claims', { iat: true }],
    ['claims', { nbf: String(NOW) }],
    ['claims', { nbf: null }],
    ['claims', { req_wl: undefined }],
    ['claims', { req_wl: '' }],
    ['claims', { req_wl: ['apigateway'] }],
  ])('refuses as %s: %j', async (fault, claims) => {
    expect(await faultOf(() => verify(mint(claims)))).toBe(fault);
  });

  it('takes a list of audiences that names ours', async () => {
    expect((await verify(mint({ aud: ['other.example', AUDIENCE] }))).issuedAt).toBe(NOW);
  });

  // The nasty inputs on which the well-known verifiers differ; Baton refuses each.
  it.each([
    ['no exp', mint({ exp: undefined })],
    ['no kid', transactionToken(key, { header: { kid: undefined } })],
    ['no typ', transactionToken(key, { header: { typ: undefined } })],
    ['unknown crit', transactionToken(key, { header: { crit: ['x'], x: 1 } })],
    ['b64 = false', transactionToken(key, { header: { crit: ['b64'], b64: false } })],
    ['an infinite exp', rawClaims('"exp":1e400')],
    ['an infinite exp beside a good one', rawClaims(`"exp":1e400,"exp":${NOW + 300}`)],
    ['two subjects', rawClaims(`"exp":${NOW + 300},"sub":"entra:admin"`)],
    ['two subjects, one with escapes', rawClaims(`"exp":${NOW + 300},"s\\u0075b":"entra:admin"`)],
    ['a prototype', rawClaims(`"exp":${NOW + 300},"__proto__":{"sub":"entra:admin"}`)],
    ['a newline', `${mint({})}\n`],
    ['padding', `${mint({})}==`],
    ['another alphabet', withSignature(mint({}), '+/'.repeat(43))],
    ['a zero signature', withSignature(mint({}), Buffer.alloc(64))],
    ['one more part', `${mint({})}.${mint({}).split('.')[2]}`],
    ['1 MB', mint({ name: 'x'.repeat(1_000_000) })],
  ])('refuses %s', async (_, token) => {
    expect(await codeOf(() => verify(token))).toBe('token_invalid');
  });

  it('has a size limit that can be set', async () => {
    const token = mint({ padding: 'x'.repeat(8192) });
    expect(await faultOf(() => verify(token))).toBe('too_large');
    expect((await verify(token, NOW, { maxTokenBytes: 16_384 })).issuedAt).toBe(NOW);
  });

  it.each([
    ['a hand-over token', handOverToken(key)],
    ['a hand-over token with our claims', handOverToken(key, { claims: transactionTokenClaims })],
    ["the identity provider's token", providerToken(key)],
    ["the identity provider's token with our claims", providerToken(key, { claims: transactionTokenClaims })],
  ])('refuses %s for its type', async (_, token) => {
    expect(await faultOf(() => verify(token))).toBe('type');
  });
});

/** A token whose claims are written as text, so that they can hold what JSON.stringify would not write. */
function rawClaims(members: string): string {
  const { exp: _, ...claims } = transactionTokenClaims;
  const text = `${JSON.stringify(claims).slice(0, -1)},${members}}`;
  return forge({ alg: 'ES256', typ: 'txntoken+jwt', kid: key.kid }, text, key);
}

describe('mintTransactionToken', () => {
  const terms = { issuer: ISSUER, audience: AUDIENCE, requestingWorkload: 'apigateway', lifetimeSeconds: 360 };

  it('mints what verifies, and nothing besides the claims that travel', async () => {
    const more = { ...travellingClaims, password: 'secret', iss: 'https://evil.example' };
    const token = await mintTransactionToken(more, terms, jwkSigner(key.privateJwk), NOW);
    expect((await verify(token)).transaction).toEqual(travellingClaims);
    const payload = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    expect(payload).toEqual(transactionTokenClaims);
  });
});
