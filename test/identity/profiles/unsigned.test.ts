import express from 'express';
import type { VerifiedCaller } from '../../../src/identity/assertion';
import { createEdge, type Edge } from '../../../src/identity/edge';
import { compilePolicy, type Policy } from '../../../src/policy/policy';
import { appWith, listen, rawRequest } from '../../middleware/apps';
import { codeOf, faultOf, thrownBy } from '../../support/errors';
import { testClock as clock } from '../../support/invoices';
import { problemsOf } from '../../support/policies';
import { NOW } from '../../support/tokens';

const HEADER = 'X-Jwt-Payload';
const claims = { sub: 'u-1', name: 'Zoë', groups: ['Clerks'] };
type Encoding = 'json' | 'base64' | 'base64url';

const documentOf = (encoding: Encoding, edge = {}): object => ({
  application: 'invoices',
  edge: {
    profile: 'unsigned',
    header: HEADER,
    encoding,
    claims: { subject: '/sub', name: '/name', roles: '/groups' },
    provider: 'mesh',
    ...edge,
  },
  roles: { clerk: { members: ['mesh:Clerks'], permissions: ['invoice:read'] } },
  routes: [{ method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' }],
});
const policyOf = (encoding: Encoding): Policy => compilePolicy(documentOf(encoding));
const edgeOf = (encoding: Encoding): Edge =>
  createEdge(policyOf(encoding), { clock, unsafelyTrustUnsignedHeader: HEADER });

/** As Node gives a header's bytes. */
const write = (value: object | string, encoding: Encoding): string => {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return bytes.toString(encoding === 'json' ? 'latin1' : encoding);
};

describe.each<Encoding>(['json', 'base64', 'base64url'])('the edge unsigned, %s', (encoding) => {
  let edge: Edge;
  beforeEach(() => (edge = edgeOf(encoding)));
  const verify = (value: object | string): unknown => edge.verify([HEADER, write(value, encoding)]);

  it('gives whom the header names', () => {
    expect(verify(claims)).toMatchObject({
      identity: {
        subject: 'mesh:u-1',
        name: 'Zoë',
        roles: ['clerk'],
        edge: { profile: 'unsigned' },
        expiresAt: NOW + 300,
      },
    });
    expect(verify({ ...claims, exp: NOW + 10 })).toMatchObject({ identity: { expiresAt: NOW + 10 } });
    expect(edge.verify([])).toBeUndefined();
    expect(edge.verify([HEADER, ''])).toBeUndefined();
  });

  it.each<[string, object | string, string]>([
    ['that has ended', { ...claims, exp: NOW }, 'expired'],
    ['whose end is a text', { ...claims, exp: '1' }, 'claims'],
    ['without a subject', { name: 'Ada' }, 'claims'],
    ['that are no JSON', '{', 'malformed'],
    ['that are a list', '[]', 'malformed'],
    ['with a member twice', '{"sub":"u-1","sub":"admin"}', 'malformed'],
    ['of more than 16 KB', { ...claims, more: 'x'.repeat(16_384) }, 'too_large'],
  ])('refuses claims %s', async (_name, value, fault) => {
    expect(await faultOf(() => verify(value))).toBe(fault);
  });

  it('refuses the header twice, and look-alikes', async () => {
    const value = write(claims, encoding);
    expect(await thrownBy(() => edge.verify([HEADER, value, HEADER, value]))).toMatchObject({ reason: 'duplicate' });
    expect(await thrownBy(() => edge.verify([HEADER, value, 'X_Jwt_Payload', value]))).toMatchObject({
      reason: 'look_alike',
    });
    // Joined by something on the way. JSON has commas of its own, so there it is not JSON any more.
    const joined = await thrownBy(() => edge.verify([HEADER, `${value}, ${value}`]));
    expect(joined.reason).toBe(encoding === 'json' ? 'malformed' : 'duplicate');
  });

  it.each([undefined, 'X-Other', '*', '', true as never, [HEADER] as never])(
    'does not start where the app trusts %j',
    async (unsafelyTrustUnsignedHeader) => {
      const options = { clock, ...(unsafelyTrustUnsignedHeader !== undefined && { unsafelyTrustUnsignedHeader }) };
      expect(await codeOf(() => createEdge(policyOf(encoding), options))).toBe('option_invalid');
    },
  );
});

it.each<[Encoding, string]>([
  ['base64', 'a_-b'],
  ['base64', 'eyJ9 '],
  ['base64url', 'a+/b'],
  ['base64', Buffer.from([0xff, 0xfe]).toString('base64')],
  ['json', '{"sub":"\xff"}'],
])('refuses text that is no %s: %j', async (encoding, text) => {
  expect(await faultOf(() => edgeOf(encoding).verify([HEADER, text]))).toBe('malformed');
});

it.each<Encoding>(['json', 'base64', 'base64url'])('takes 16 KB of %s, and no byte more', async (encoding) => {
  const edge = edgeOf(encoding);
  const bytesOf = (length: number): number => (encoding === 'json' ? length : (length * 3) / 4);
  const text = write(JSON.stringify({ ...claims, name: 'Ada' }).padEnd(bytesOf(16_384)), encoding);
  expect(text).toHaveLength(16_384);
  expect(edge.verify([HEADER, text])).toMatchObject({ identity: { subject: 'mesh:u-1' } });
  expect(await faultOf(() => edge.verify([HEADER, `${text}${encoding === 'json' ? ' ' : 'A'}`]))).toBe('too_large');
});

it('goes by the machine’s clock where it is given none', () => {
  const edge = createEdge(policyOf('json'), { unsafelyTrustUnsignedHeader: HEADER });
  const before = Math.floor(Date.now() / 1000);
  const verdict = edge.verify([HEADER, write(claims, 'json')]) as VerifiedCaller;
  expect(verdict.identity.expiresAt).toBeGreaterThanOrEqual(before + 300);
  expect(verdict.identity.expiresAt).toBeLessThanOrEqual(Date.now() / 1000 + 300);
});

it('lets its caller through the whole middleware', async () => {
  const options = { policy: policyOf('base64url'), clock, unsafelyTrustUnsignedHeader: HEADER.toLowerCase() };
  const port = await listen(appWith(express, options).app);
  const get = (value: object): ReturnType<typeof rawRequest> =>
    rawRequest(port, 'GET /invoices/7', [`${HEADER}: ${write(value, 'base64url')}`]);
  expect(JSON.parse((await get(claims)).body)).toMatchObject({ user: 'mesh:u-1', current: 'mesh:u-1' });
  expect((await get({ ...claims, groups: [] })).status).toBe(403);
});

describe('the name of an edge in the policy', () => {
  const identityProviders = {
    mesh: { issuer: 'https://a.example', audience: 'a', algorithms: ['ES256'], claims: { subject: '/sub' } },
  };

  it.each([
    ['is no identity provider’s', { ...documentOf('json'), identityProviders }, '/edge/provider'],
    ['is not that of IIS’s sign-in', { ...documentOf('json', { provider: 'windows' }), roles: {} }, '/edge/provider'],
    ['is what members are named by', { ...documentOf('json', { provider: 'other' }) }, '/roles/clerk/members/0'],
  ])('%s', (_name, document, pointer) => {
    expect(problemsOf(document).map((problem) => problem.pointer)).toEqual([pointer]);
  });
});
