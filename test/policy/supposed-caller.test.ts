import { supposedIdentity } from '../../src/policy/supposed-caller';

const rolesOf = (provider: string, values: Iterable<string>): string[] =>
  provider === 'entra' ? [...values].map((value) => `of ${value}`) : [...values];

it('is a user of whom nothing else is supposed', () => {
  expect(supposedIdentity({}, rolesOf, 1000)).toStrictEqual({
    subject: 'supposed:caller',
    kind: 'user',
    roles: [],
    scopes: [],
    authentication: {},
    edge: { profile: 'supposed', issuer: 'supposed' },
    transactionId: 'supposed',
    expiresAt: 1300,
  });
});

it('is all that is supposed', () => {
  const supposed = {
    subject: 'entra:7',
    kind: 'application',
    tenant: 'acme',
    roles: ['clerk', 'of A:B'],
    members: ['entra:A:B', 'windows:clerk', 'entra:C'],
    scopes: ['s'],
    actors: ['bot', 'relay'],
    acr: 'mfa',
    signedInSecondsAgo: 10,
  } as const;
  expect(supposedIdentity(supposed, rolesOf, 1000)).toMatchObject({
    subject: 'entra:7',
    kind: 'application',
    tenant: 'acme',
    roles: ['clerk', 'of A:B', 'of C'],
    scopes: ['s'],
    actor: { subject: 'bot', actor: { subject: 'relay' } },
    authentication: { acr: 'mfa', authTime: 990 },
  });
});
