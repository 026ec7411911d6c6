import { jwkSigner } from '../../src/jws/sign';
import { fixedKeySource } from '../../src/keys/fixed';
import {
  commentDigest,
  mintApprovalToken,
  verifyApprovalToken,
  type ApprovalExpectations,
  type ApprovedWork,
} from '../../src/token/approval-token';
import { thrownBy } from '../support/errors';
import { APP_ISSUER, approvalToken, handOverToken, makeKey, NOW, travellingClaims } from '../support/tokens';

const key = makeKey();
const signer = jwkSigner(key.privateJwk);
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:payment';
const expected: ApprovalExpectations = {
  issuer: APP_ISSUER,
  audiences: [MACHINE],
  algorithms: ['ES256'],
  keys: fixedKeySource({ keys: [key.publicJwk] }, ['ES256']),
  clockToleranceSeconds: 30,
  maxLifetimeSeconds: 3600,
};
const approved: ApprovedWork = {
  execution: 'e-1',
  inputSha256: 'digest',
  state: 'Approve',
  commentSha256: commentDigest('fine'),
};
const transaction = { ...travellingClaims, act: { sub: 'copilot' } };
const terms = { issuer: APP_ISSUER, audience: MACHINE, requestingWorkload: 'invoices', expiresAt: NOW + 900 };
const mint = (work: ApprovedWork = approved): Promise<string> =>
  mintApprovalToken(transaction, { ...terms, approved: work }, signer, NOW);
const verify = (token: string, now = NOW, more: Partial<ApprovalExpectations> = {}) =>
  verifyApprovalToken(token, { ...expected, ...more }, now);

it('a digest of a comment is SHA-256 as base64url', () => {
  expect(commentDigest('fine')).toBe('0UpYuugEorgLW3agECOciP_KH8eVGpD46RMb7aHiPBs');
});

describe('an approval', () => {
  it('says who approved what, for one workflow', async () => {
    const { commentSha256: _, ...silent } = approved;
    for (const work of [approved, silent]) {
      expect(await verify(await mint(work))).toEqual({
        transaction,
        audience: MACHINE,
        requestingWorkload: 'invoices',
        issuedAt: NOW,
        expiresAt: NOW + 900,
        approved: work,
      });
    }
  });

  it('is another one each time', async () => {
    expect(await mint()).not.toBe(await mint());
  });

  it('is given where the sign-in lasts, and holds to its end though that is over', async () => {
    const long = mintApprovalToken(transaction, { ...terms, expiresAt: NOW + 7200, approved }, signer, NOW + 3600);
    expect(await verify(await long, NOW + 7199)).toHaveProperty('approved', approved);
    const late = mintApprovalToken(transaction, { ...terms, expiresAt: NOW + 7200, approved }, signer, NOW + 3630);
    expect(await thrownBy(async () => verify(await late, NOW + 3640))).toMatchObject({ reason: 'expired' });
  });

  const good = { aud: MACHINE, approval: { execution: 'e-1', sha256: 'd', state: 's' } };
  it.each<[string, string, object]>([
    ['audience', 'The approval is not for one workflow alone.', { ...good, aud: [MACHINE] }],
    ['audience', `The token's aud is not "${MACHINE}".`, { ...good, aud: 'another' }],
    ['issuer', `The token's iss is not "${APP_ISSUER}".`, { ...good, iss: 'https://other.example' }],
    ['lifetime', 'The token lives longer than 3600 s, or not at all.', { ...good, exp: NOW + 3601 }],
    ['claims', "The token's iat is missing or is not a NumericDate.", { ...good, iat: undefined }],
    ['claims', "The token's approval is not an object.", { ...good, approval: undefined }],
    ['claims', "The token's approval is not an object.", { ...good, approval: null }],
    ['claims', "The token's approval is not an object.", { ...good, approval: [] }],
    ['claims', "The token's execution is missing.", { ...good, approval: { ...good.approval, execution: '' } }],
    ['claims', "The token's sha256 is missing.", { ...good, approval: { ...good.approval, sha256: 7 } }],
    ['claims', "The token's state is missing.", { ...good, approval: { ...good.approval, state: undefined } }],
    [
      'claims',
      "The token's comment_sha256 is missing.",
      { ...good, approval: { ...good.approval, comment_sha256: 7 } },
    ],
  ])('is refused as %s: %s', async (reason, message, claims) => {
    const token = approvalToken(key, { claims: { ...claims } });
    expect(await thrownBy(() => verify(token))).toMatchObject({ code: 'token_invalid', reason, message });
  });

  it('is no hand-over, and a hand-over is none', async () => {
    const token = handOverToken(key, { claims: { ...good } });
    expect(await thrownBy(() => verify(token))).toMatchObject({ reason: 'type' });
    expect(await verify(approvalToken(key, { claims: good }))).toHaveProperty('approved.state', 's');
  });

  it('may be larger than what travels in a header', async () => {
    const roles = Array.from({ length: 250 }, (_, n) => `role-${n}-${'x'.repeat(30)}`);
    const tctx = { ...travellingClaims.tctx, roles };
    const token = approvalToken(key, { claims: { ...good, tctx } });
    expect(token.length).toBeGreaterThan(8192);
    expect(await verify(token)).toHaveProperty('approved.state', 's');
  });
});
