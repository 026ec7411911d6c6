import { createEdge } from '../../../src/identity/edge';
import type { VerifiedCaller } from '../../../src/identity/assertion';
import { headersOf, keyServerOf, policyBehind, standInOf, type AssertionChanges } from '../../support/edges';
import { faultOf } from '../../support/errors';
import { testClock as clock } from '../../support/invoices';

const serviceToken = 'e367826f93b8d71185e03fe518aff3b4.access';

async function caller(profile: string, changes: AssertionChanges, edge = {}): Promise<VerifiedCaller | undefined> {
  const standIn = standInOf(profile);
  const policy = policyBehind(
    { ...standIn, member: changes.claims?.common_name === serviceToken ? serviceToken : standIn.member },
    edge,
  );
  return createEdge(policy, { clock, fetch: keyServerOf(standIn, []) }).verify(headersOf(standIn, changes));
}

describe('Cloudflare Access', () => {
  it('lets a service token in as an application, by its client ID', async () => {
    const claims = { sub: '', common_name: serviceToken, email: undefined, identity_nonce: undefined };
    expect((await caller('cloudflare-access', { claims }))?.identity).toMatchObject({
      subject: `cloudflare-access:${serviceToken}`,
      kind: 'application',
      name: serviceToken,
      roles: ['clerk'],
    });
  });

  it('does not take a user for an application, whatever else the token names', async () => {
    const claims = { common_name: serviceToken };
    expect((await caller('cloudflare-access', { claims }))?.identity).toMatchObject({
      subject: 'cloudflare-access:7335d417-61da-459d-899c-0a01c76a2f94',
      kind: 'user',
      roles: [],
    });
  });

  it.each([
    ['the session token of the whole team', { type: 'org' }],
    ['a token without a type', { type: undefined }],
    ['neither user nor application', { sub: '' }],
    ['an application without a name', { sub: '', common_name: '' }],
  ])('refuses %s', async (_name, claims) => {
    expect(await faultOf(() => caller('cloudflare-access', { claims }))).toBe('claims');
  });
});

it('Google’s access levels and a policy’s own pointers give roles too', async () => {
  const levels = {
    sub: 'accounts.google.com:1',
    email: 'bob@example.com',
    google: { access_levels: ['ada@example.com'] },
  };
  expect((await caller('google-iap', { claims: levels }))?.identity.roles).toEqual(['clerk']);
  const claims = { subject: '/email', roles: '/google/device' };
  expect(
    (await caller('google-iap', { claims: { google: { device: 'ada@example.com' } } }, { claims }))?.identity,
  ).toMatchObject({
    subject: 'google-iap:ada@example.com',
    roles: ['clerk'],
  });
});

it('Pomerium’s issuer can be a URL, where the policy says so', async () => {
  const issuer = 'https://invoices.example.com/';
  const claims = { iss: issuer };
  expect(await faultOf(() => caller('pomerium', { claims }))).toBe('issuer');
  expect((await caller('pomerium', { claims }, { issuer }))?.identity.edge).toEqual({ profile: 'pomerium', issuer });
});
