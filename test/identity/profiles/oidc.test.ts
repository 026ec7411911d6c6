import { createEdge, type Edge } from '../../../src/identity/edge';
import { providerVerifier } from '../../../src/identity/provider-verifier';
import type { IdentityProviderDocument } from '../../../src/policy/document';
import { compilePolicy } from '../../../src/policy/policy';
import { faultOf } from '../../support/errors';
import { testClock } from '../../support/invoices';
import { startKeyServer, type KeyServer } from '../../support/key-server';
import { problemsOf } from '../../support/policies';
import { makeKey, NOW, PROVIDER_AUDIENCE, providerToken, type TestKey } from '../../support/tokens';

const TENANT = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const TEMPLATE = 'https://login.microsoftonline.com/{tenantid}/v2.0';
const issuerOf = (tenant: string): string => TEMPLATE.replace('{tenantid}', tenant);

const entraKey = makeKey('ES256', { kid: 'entra-1' });
const entra: IdentityProviderDocument = {
  issuer: TEMPLATE,
  tenants: [TENANT, OTHER],
  audience: PROVIDER_AUDIENCE,
  algorithms: ['ES256'],
  keys: { jwksUri: 'https://login.microsoftonline.com/common/discovery/v2.0/keys' },
  claims: { subject: '/oid', tenant: '/tid', roles: '/roles' },
};
const documentOf = (identityProviders: Record<string, unknown>): Record<string, unknown> => ({
  application: 'invoices',
  edge: { profile: 'oidc' },
  identityProviders,
  roles: { clerk: { members: ['entra:Invoices.Clerk'] } },
});

describe('Entra’s issuer of many tenants', () => {
  const asked: string[] = [];
  const fetch = async (url: URL): Promise<Response> => {
    asked.push(url.href);
    if (!url.pathname.endsWith('/openid-configuration')) return Response.json({ keys: [entraKey.publicJwk] });
    const issuer = url.href.replace('/.well-known/openid-configuration', '');
    return Response.json({ issuer, jwks_uri: `${issuer}/keys` });
  };
  beforeEach(() => asked.splice(0));

  const verify = (claims: Record<string, unknown>, changes = {}): Promise<unknown> =>
    providerVerifier(
      { entra: { ...entra, ...changes } },
      { clock: testClock, fetch },
    )(providerToken(entraKey, { claims }));

  it.each([TENANT, OTHER])('takes the tokens of the tenant %s', async (tid) => {
    expect(await verify({ iss: issuerOf(tid), tid })).toMatchObject({ provider: 'entra', claims: { tid } });
  });

  it.each([
    ['of a tenant that is not listed', { iss: issuerOf('33333333-3333-4333-8333-333333333333'), tid: TENANT }, false],
    ['of the template itself', { iss: TEMPLATE, tid: TENANT }, false],
    ['whose tenant is not that of its issuer', { iss: issuerOf(TENANT), tid: OTHER }, true],
    ['without a tenant', { iss: issuerOf(TENANT), tid: undefined }, true],
    ['whose tenant is a list', { iss: issuerOf(TENANT), tid: [TENANT] }, true],
    ['of another letter case', { iss: issuerOf(TENANT).toUpperCase(), tid: TENANT }, false],
  ])('refuses tokens %s', async (_name, claims, asksForKeys) => {
    expect(await faultOf(() => verify(claims))).toBe('issuer');
    expect(asked.length > 0).toBe(asksForKeys);
  });

  it('finds the keys of a tenant by that tenant’s own metadata', async () => {
    await verify({ iss: issuerOf(OTHER), tid: OTHER }, { keys: undefined });
    expect(asked).toEqual([`${issuerOf(OTHER)}/.well-known/openid-configuration`, `${issuerOf(OTHER)}/keys`]);
  });

  it.each([
    ['without tenants', { entra: { ...entra, tenants: undefined } }, '/identityProviders/entra/tenants'],
    ['with none', { entra: { ...entra, tenants: [] } }, '/identityProviders/entra/tenants'],
    ['with a tenant by name', { entra: { ...entra, tenants: ['common'] } }, '/identityProviders/entra/tenants/0'],
    [
      'and tenants beside a plain issuer',
      { entra: { ...entra, issuer: issuerOf(TENANT) } },
      '/identityProviders/entra/issuer',
    ],
    [
      'and one tenant twice',
      { entra, single: { ...entra, issuer: issuerOf(OTHER), tenants: undefined } },
      '/identityProviders/single/issuer',
    ],
  ])('%s is a problem of the policy', (_name, identityProviders, pointer) => {
    const document = JSON.parse(JSON.stringify(documentOf(identityProviders))) as object;
    expect(problemsOf(document).map((problem) => problem.pointer)).toEqual([pointer]);
  });
});

describe('the edge oidc with two providers', () => {
  const keys = { entra: makeKey('ES256', { kid: 'k' }), okta: makeKey('ES256', { kid: 'k' }) };
  let now = testClock();
  let servers: { entra: KeyServer; okta: KeyServer };
  let edge: Edge;

  beforeEach(async () => {
    now = testClock();
    servers = {
      entra: await startKeyServer([keys.entra.publicJwk]),
      okta: await startKeyServer([keys.okta.publicJwk]),
    };
    const providerAt = ({ issuer, jwksUri }: KeyServer, clockToleranceSeconds: number): object => ({
      issuer,
      audience: PROVIDER_AUDIENCE,
      algorithms: ['ES256'],
      keys: { jwksUri },
      clockToleranceSeconds,
      claims: { subject: '/oid', roles: '/roles' },
    });
    const identityProviders = { entra: providerAt(servers.entra, 60), okta: providerAt(servers.okta, 0) };
    edge = createEdge(compilePolicy(documentOf(identityProviders)), { clock: () => now });
  });
  afterEach(() => Promise.all([servers.entra.close(), servers.okta.close()]));

  const bearer = (key: TestKey, { issuer }: KeyServer, claims = {}): [string, string] => [
    'Authorization',
    `Bearer ${providerToken(key, { claims: { iss: issuer, ...claims } })}`,
  ];

  it('keeps their equal subjects and values apart', async () => {
    const ofEntra = await edge.verify(bearer(keys.entra, servers.entra));
    const ofOkta = await edge.verify(bearer(keys.okta, servers.okta));
    expect([ofEntra?.identity, ofOkta?.identity]).toMatchObject([
      { subject: 'entra:7d3c', roles: ['clerk'], edge: { issuer: servers.entra.issuer } },
      { subject: 'okta:7d3c', roles: [], edge: { issuer: servers.okta.issuer } },
    ]);
    expect(await faultOf(() => edge.verify(bearer(keys.okta, servers.entra)))).toBe('signature');
  });

  it('forgets verdicts when a key of either is withdrawn', async () => {
    const [first, second] = [bearer(keys.entra, servers.entra), bearer(keys.okta, servers.okta)];
    for (const headers of [first, second, first, second]) await edge.verify(headers);
    for (const headers of [first, second]) expect(edge.verify(headers)).not.toBeInstanceOf(Promise);
    servers.okta.keys = [makeKey('ES256', { kid: 'new' }).publicJwk];
    now += 2000;
    // An unknown kid makes it fetch.
    const unknown = providerToken(keys.okta, { header: { kid: 'unknown' }, claims: { iss: servers.okta.issuer } });
    expect(await faultOf(() => edge.verify(['Authorization', `Bearer ${unknown}`]))).toBe('key_unknown');
    expect(await faultOf(() => edge.verify(second))).toBe('key_unknown');
    expect(await edge.verify(first)).toBeDefined();
  });

  it('remembers a verdict no longer than the stricter of them allows', async () => {
    const headers = bearer(keys.okta, servers.okta, { exp: NOW + 10 });
    await edge.verify(headers);
    await edge.verify(headers);
    now += 10_000;
    expect(await faultOf(() => edge.verify(headers))).toBe('expired');
  });

  it.each(['Basic dXNlcjpwYXNz', 'Negotiate YII', 'Bearer', 'Bearer  ', 'Bearer a.b.c d', 'bearer=x', 'x'])(
    'refuses %j: an identity that is no bearer token is not "none"',
    async (value) => {
      expect(await faultOf(() => edge.verify(['Authorization', value]))).toBe('malformed');
    },
  );

  it('keeps the caller’s own token at hand, without its scheme, for an exchange', async () => {
    const [name, value] = bearer(keys.entra, servers.entra);
    const caller = await edge.verify([name, value]);
    expect(caller?.ownToken?.()).toBe(value.slice('Bearer '.length));
    expect(JSON.stringify(caller)).not.toContain(value.slice(-20));
  });

  it('takes the scheme in any letter case', async () => {
    const [name, value] = bearer(keys.entra, servers.entra);
    expect(await edge.verify([name, value.replace('Bearer', 'bEARER')])).toBeDefined();
  });
});

it('the edge oidc needs a provider', () => {
  const { identityProviders: _none, ...document } = documentOf({});
  expect(problemsOf({ ...document, roles: {} }).map(({ pointer }) => pointer)).toEqual(['/identityProviders']);
});
