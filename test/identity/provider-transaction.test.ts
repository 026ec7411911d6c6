import { transactionFromClaims, transactionOf, type ClaimReading } from '../../src/identity/provider-transaction';
import type { RequesterContextClaim, TransactionClaims } from '../../src/core/transaction';
import { faultOf, thrownBy } from '../support/errors';
import { makePolicy } from '../support/policies';
import { NOW } from '../support/tokens';

const policy = makePolicy({
  actors: { copilot: { members: ['entra:copilot-client'] }, batch: { members: ['entra:batch-client'] } },
});
const pointers = { subject: '/oid', roles: '/roles', scopes: '/scp', tenant: '/tid', name: '/name' };
const read = (claims: object, more: Partial<ClaimReading> = {}, sourceIp?: string): TransactionClaims =>
  transactionFromClaims({ provider: 'entra', claims: { oid: '7d3c', ...claims }, pointers, ...more }, policy, sourceIp);
const rctxOf = (claims: object): Partial<RequesterContextClaim> => {
  const { idp, ...rest } = read(claims).rctx;
  expect(idp).toBe('entra');
  return rest;
};

describe('a transaction of a provider’s claims', () => {
  it('is said in the policy’s words, and holds nothing that nobody said', () => {
    const { txn, ...bare } = read({ email: 'not taken' });
    expect(bare).toEqual({
      sub: 'entra:7d3c',
      scope: '',
      tctx: { roles: [], kind: 'user', policy: policy.digest },
      rctx: { idp: 'entra' },
    });
    expect(txn).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(read({}).txn).not.toBe(txn);
  });

  it('carries all that was said', () => {
    const claims = {
      roles: ['Invoices.Clerk', 'Unknown'],
      scp: ['invoices.read', 'invoices.write'],
      tid: 'tenant-1',
      name: 'Ada',
      acr: 'urn:mfa',
      amr: ['pwd', 'otp'],
      auth_time: NOW - 60,
    };
    expect(read(claims, { kind: 'application', expiresAt: NOW + 60 }, '203.0.113.7')).toEqual({
      sub: 'entra:7d3c',
      scope: 'invoices.read invoices.write',
      txn: expect.any(String) as string,
      tctx: { roles: ['clerk'], kind: 'application', tenant: 'tenant-1', name: 'Ada', policy: policy.digest },
      rctx: {
        idp: 'entra',
        acr: 'urn:mfa',
        amr: ['pwd', 'otp'],
        auth_time: NOW - 60,
        req_ip: '203.0.113.7',
        idp_exp: NOW + 60,
      },
    });
  });
});

describe('how the user signed in', () => {
  it.each<[string, object, object]>([
    ['a level', { acr: '1' }, { acr: '1' }],
    ['methods', { amr: ['pwd', 'mfa'] }, { amr: ['pwd', 'mfa'] }],
    ['no methods', { amr: [] }, { amr: [] }],
    ['a time', { auth_time: NOW }, { auth_time: NOW }],
    ['the first of all times', { auth_time: 0 }, { auth_time: 0 }],
  ])('is %s', (_what, claims, expected) => {
    expect(rctxOf(claims)).toEqual(expected);
  });

  // Providers write all kinds of things here; none of them is a reason to lock the user out, and none is passed on.
  it.each<object>([
    ...['', 1, null, true, ['urn:mfa'], {}].map((acr) => ({ acr })),
    ...['pwd', 'pwd otp', 1, null, {}, [7], ['pwd', 7], [7, 'pwd'], [['pwd']], [null]].map((amr) => ({ amr })),
    ...[-1, '0', `${NOW}`, null, true, [NOW], {}].map((authTime) => ({ auth_time: authTime })),
  ])('is not known by %j', (claims) => {
    expect(rctxOf(claims)).toEqual({});
  });
});

describe('actors', () => {
  it.each<[string, unknown, unknown]>([
    ['by the policy’s name', 'copilot-client', { sub: 'copilot' }],
    ['by the provider’s, where the policy has none', 'other', { sub: 'entra:other' }],
    ['that only looks like the policy’s', 'copilot', { sub: 'entra:copilot' }],
    [
      'in a chain, each by its own',
      { sub: 'batch-client', act: { sub: 'other', act: { sub: 'copilot-client' } } },
      { sub: 'batch', act: { sub: 'entra:other', act: { sub: 'copilot' } } },
    ],
  ])('stand %s', (_what, act, expected) => {
    expect(read({ act })).toHaveProperty('act', expected);
  });

  it('of another provider are not the policy’s', () => {
    expect(read({ act: 'copilot-client' }, { provider: 'okta' }).act).toEqual({ sub: 'okta:copilot-client' });
  });

  it('that nobody named are none', () => {
    expect(read({})).not.toHaveProperty('act');
  });
});

it('claims that the app could not read are refused: texts of more than 4 KB, more than 256 roles', async () => {
  expect(await faultOf(() => read({ name: 'x'.repeat(4097) }))).toBe('claims');
  expect(read({ name: 'x'.repeat(4096) }).tctx.name).toHaveLength(4096);
});

describe('the token of a provider', () => {
  it('is read by that provider’s pointers', () => {
    const claims = { oid: '7d3c', sub: 'pairwise', preferred_username: 'Ada', roles: ['Invoices.Approver'] };
    expect(transactionOf({ provider: 'entra', claims, expiresAt: NOW + 60 }, policy, '203.0.113.7')).toMatchObject({
      sub: 'entra:7d3c',
      tctx: { name: 'Ada', roles: ['approver'] },
      rctx: { idp: 'entra', idp_exp: NOW + 60, req_ip: '203.0.113.7' },
    });
  });

  it('is refused where the policy does not name the provider', async () => {
    const error = await thrownBy(() => transactionOf({ provider: 'okta', claims: {}, expiresAt: NOW }, policy));
    expect(error).toMatchObject({
      code: 'token_invalid',
      reason: 'issuer',
      message: 'The token is from a provider that the policy does not name.',
    });
  });
});
