import type { TransactionClaims } from '../../src/core/transaction';
import { identityFrom } from '../../src/identity/from-transaction';
import { ISSUER, NOW, travellingClaims } from '../support/tokens';

const edge = { profile: 'txn-token', issuer: ISSUER, header: 'not taken' };
const identityOf = (changes: Partial<TransactionClaims> = {}): ReturnType<typeof identityFrom> =>
  identityFrom({ transaction: { ...travellingClaims, ...changes }, expiresAt: NOW + 60 }, edge);

describe('the identity of a transaction', () => {
  it('has all that the transaction says', () => {
    expect(identityOf({ act: { sub: 'copilot', act: { sub: 'batch', act: { sub: 'entra:x' } } } })).toEqual({
      subject: 'entra:7d3c',
      kind: 'user',
      name: 'Ada',
      tenant: 'tenant-1',
      roles: ['clerk'],
      scopes: ['invoices.read', 'invoices.write'],
      actor: { subject: 'copilot', actor: { subject: 'batch', actor: { subject: 'entra:x' } } },
      authentication: {
        provider: 'entra',
        acr: 'urn:mfa',
        amr: ['pwd', 'otp'],
        authTime: NOW - 600,
        providerExpiresAt: NOW + 3600,
      },
      clientAddress: '203.0.113.7',
      edge: { profile: 'txn-token', issuer: ISSUER },
      transactionId: 'txn-4711',
      expiresAt: NOW + 60,
      policyDigest: 'sha256-abc',
    });
  });

  it('has nothing that the transaction does not say: not even as undefined', () => {
    const bare = identityOf({ scope: '', tctx: { roles: [], kind: 'application' }, rctx: {} });
    expect(JSON.stringify(Object.keys(bare))).toBe(
      JSON.stringify(['subject', 'kind', 'roles', 'scopes', 'authentication', 'edge', 'transactionId', 'expiresAt']),
    );
    expect(Object.keys(bare.authentication)).toEqual([]);
    expect(Object.keys(identityOf({ act: { sub: 'copilot' } }).actor ?? {})).toEqual(['subject']);
  });

  it.each([
    ['', []],
    [' ', []],
    ['a', ['a']],
    [' a  b ', ['a', 'b']],
  ])('has the scopes of %j', (scope, scopes) => {
    expect(identityOf({ scope }).scopes).toEqual(scopes);
  });

  it('cannot be changed, in any part', () => {
    const identity = identityOf({ act: { sub: 'copilot' } });
    for (const part of [identity, identity.scopes, identity.authentication, identity.edge, identity.actor])
      expect(Object.isFrozen(part)).toBe(true);
  });
});
