import { providerVerifier } from '../../src/identity/provider-verifier';
import type { IdentityProviderDocument } from '../../src/policy/document';
import { faultOf, thrownBy } from '../support/errors';
import { testClock } from '../support/invoices';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { makeKey, NOW, PROVIDER_AUDIENCE, providerToken, type TestKey } from '../support/tokens';

/** Two providers that, by accident or on purpose, call their keys by the same ID. */
const keys = { entra: makeKey('RS256', { kid: 'same' }), okta: makeKey('ES256', { kid: 'same' }) };
const other = makeKey('ES256', { kid: 'same' });
let entra: KeyServer;
let okta: KeyServer;

beforeEach(async () => {
  entra = await startKeyServer([keys.entra.publicJwk]);
  okta = await startKeyServer([keys.okta.publicJwk]);
});
afterEach(() => Promise.all([entra.close(), okta.close()]));

const claims = { subject: '/oid' };
const algorithms = ['RS256', 'ES256'] as const;

/** Entra by discovery, Okta by the URL of its key set. */
function verifier(changes: Partial<IdentityProviderDocument> = {}): ReturnType<typeof providerVerifier> {
  const documents = {
    entra: { issuer: entra.issuer, audience: PROVIDER_AUDIENCE, algorithms, claims, ...changes },
    okta: {
      issuer: okta.issuer,
      audience: ['api://other', 'api://okta'],
      algorithms,
      claims,
      keys: { jwksUri: okta.jwksUri },
      types: ['application/okta-internal-at+jwt'],
      clockToleranceSeconds: 0,
      maxLifetimeSeconds: 600,
    },
  };
  return providerVerifier(documents, { clock: testClock });
}

const tokenOf = (key: TestKey, issuer: string, more: Record<string, unknown> = {}, typ = 'JWT'): string =>
  providerToken(key, { header: { typ }, claims: { iss: issuer, ...more } });
const oktaToken = (more: Record<string, unknown> = {}, key = keys.okta, typ = 'okta-internal-at+jwt'): string =>
  tokenOf(key, okta.issuer, { aud: 'api://okta', exp: NOW + 600, ...more }, typ);

describe('several identity providers', () => {
  it('verifies each by its own keys, found by discovery or by URL', async () => {
    const verify = verifier();
    expect(await verify(tokenOf(keys.entra, entra.issuer))).toMatchObject({
      provider: 'entra',
      claims: { oid: '7d3c' },
      expiresAt: NOW + 3600,
    });
    expect(await verify(oktaToken())).toMatchObject({ provider: 'okta' });
    expect([...entra.hits]).toEqual([
      ['/.well-known/openid-configuration', 1],
      ['/jwks.json', 1],
    ]);
    expect([...okta.hits]).toEqual([['/jwks.json', 1]]);
  });

  it('fetches once for a burst of callers, and remembers what discovery found', async () => {
    let now = testClock();
    const documents = { entra: { issuer: entra.issuer, audience: PROVIDER_AUDIENCE, algorithms, claims } };
    const verify = providerVerifier(documents, { clock: () => now });
    const token = tokenOf(keys.entra, entra.issuer);
    await Promise.all(Array.from({ length: 20 }, () => verify(token)));
    expect(entra.fetches()).toBe(2);
    now += 5000;
    entra.keys = [{ ...keys.entra.publicJwk, kid: 'rotated' }];
    await verify(providerToken(keys.entra, { header: { kid: 'rotated' }, claims: { iss: entra.issuer } }));
    expect([...entra.hits.values()]).toEqual([1, 2]);
  });

  it.each([
    ['unknown', 'https://login.example.net/'],
    ['of the machine’s metadata', 'http://169.254.169.254/latest'],
    ['almost the right one', () => `${entra.issuer}/`],
    ['a list', () => [entra.issuer]],
    ['missing', undefined],
    ['of a prototype', '__proto__'],
  ])('fetches nothing where the issuer is %s', async (_name, iss) => {
    const issuer = typeof iss === 'function' ? iss() : iss;
    expect(await faultOf(() => verifier()(providerToken(keys.entra, { claims: { iss: issuer } })))).toBe('issuer');
    expect(entra.fetches() + okta.fetches()).toBe(0);
  });

  it.each([
    ['the other provider’s key under the same ID', () => tokenOf(keys.okta, entra.issuer), 'key_unknown'],
    ['and the other way round', () => oktaToken({}, keys.entra), 'key_unknown'],
    ['a stranger’s key under the same ID', () => oktaToken({}, other), 'signature'],
    ['an audience of the other provider', () => tokenOf(keys.entra, entra.issuer, { aud: 'api://okta' }), 'audience'],
    ['a typ of the other provider', () => tokenOf(keys.entra, entra.issuer, {}, 'okta-internal-at+jwt'), 'type'],
    ['a typ that this provider does not use', () => oktaToken({}, keys.okta, 'JWT'), 'type'],
    ['an end that has come, without tolerance', () => oktaToken({ iat: NOW - 600, exp: NOW }), 'expired'],
    ['a life longer than the provider’s longest', () => oktaToken({ exp: NOW + 601 }), 'lifetime'],
    ['an end beyond the default tolerance', () => tokenOf(keys.entra, entra.issuer, { exp: NOW - 60 }), 'expired'],
    [
      'a life longer than a day and four hours',
      () => tokenOf(keys.entra, entra.issuer, { exp: NOW + 28 * 3600 + 1 }),
      'lifetime',
    ],
    ['more than 16 KB', () => tokenOf(keys.entra, entra.issuer, { groups: 'g'.repeat(16_384) }), 'too_large'],
  ])('refuses a token with %s', async (_name, token, fault) => {
    expect(await faultOf(() => verifier()(token()))).toBe(fault);
  });

  it('accepts an end within the default tolerance of a minute, and a large token of many groups', async () => {
    const groups = Array.from({ length: 250 }, (_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`);
    const token = tokenOf(keys.entra, entra.issuer, { iat: NOW - 60, exp: NOW - 59, groups });
    expect(token.length).toBeGreaterThan(12_000);
    expect(await verifier()(token)).toMatchObject({ provider: 'entra' });
  });

  it.each([
    ['is down', (server: KeyServer) => (server.answer = (response) => response.writeHead(503).end())],
    ['breaks off', (server: KeyServer) => (server.answer = (response) => response.socket?.destroy())],
    ['names another issuer', (server: KeyServer) => (server.metadata = { ...server.metadata, issuer: okta.issuer })],
    ['names no key set', (server: KeyServer) => (server.metadata = { issuer: server.issuer })],
  ])('says that keys are unavailable where the discovery %s', async (_name, break_) => {
    break_(entra);
    const error = await thrownBy(() => verifier()(tokenOf(keys.entra, entra.issuer)));
    expect(error).toMatchObject({ code: 'keys_unavailable', kind: 'dependency' });
  });

  it.each([
    ['an issuer that is no https URL, for discovery', { issuer: 'http://login.example.com' }, 'option_invalid'],
    ['a key set by http', { keys: { jwksUri: 'http://login.example.com/jwks' } }, 'option_invalid'],
    ['a key set without a usable key', { keys: { jwks: { keys: [{ kty: 'oct', kid: 'k' }] } } }, 'key_invalid'],
  ])('does not start with %s', async (_name, changes, code) => {
    expect(await thrownBy(() => verifier(changes))).toMatchObject({ code });
  });
});
