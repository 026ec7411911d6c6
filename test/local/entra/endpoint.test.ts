import { createHash, X509Certificate } from 'node:crypto';
import { startEntraEndpoint, type EntraEndpoint } from '../../../src/local/entra/endpoint';
import { startFaultProxy } from '../../../src/local/faults/fault-proxy';
import { makeCertificate } from '../../support/certificates';
import { codeOf } from '../../support/errors';
import { startKeyServer, type KeyServer } from '../../support/key-server';
import { forge, makeKey, NOW, type TestKey } from '../../support/tokens';

const TENANT = 'contoso';
const CLIENT = 'renderer';
const SUBJECT = 'arn:aws:iam::123456789012:role/Renderer';
const AUDIENCE = 'api://AzureADTokenExchange';
const certificateKey = makeKey('PS256');
const strangerKey = makeKey('PS256');
const issuerKey = makeKey('RS256', { kid: 'issuer-1' });
const elliptic = makeKey('ES384', { kid: 'issuer-2' });
const pem = makeCertificate(certificateKey, NOW - 60, NOW + 86_400);
const thumbprint = createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');

let clockSeconds = NOW;
let issuer: KeyServer;
let entra: EntraEndpoint;
beforeAll(async () => {
  issuer = await startKeyServer([issuerKey.publicJwk, elliptic.publicJwk]);
  entra = await startEntraEndpoint({
    tenant: TENANT,
    clock: () => clockSeconds * 1000,
    applications: [
      {
        clientId: CLIENT,
        certificates: [pem],
        federatedCredentials: [{ issuer: issuer.issuer, subject: SUBJECT, audience: AUDIENCE }],
      },
      { clientId: 'bare' },
    ],
    resources: [{ appIdUri: 'api://archive', roles: { [CLIENT]: ['Archive.Write'] } }],
  });
});
afterAll(async () => {
  await Promise.all([entra.stop(), issuer.close()]);
});
beforeEach(() => (clockSeconds = NOW));

type Json = Readonly<Record<string, unknown>>;
const endpoint = (tenant = TENANT): string => `${entra.url}/${tenant}/oauth2/v2.0/token`;

const certified = (claims: Json = {}, header: Json = {}, key: TestKey = certificateKey): string => {
  const all = { aud: endpoint(), iss: CLIENT, sub: CLIENT, jti: 'x', nbf: NOW, iat: NOW, exp: NOW + 300, ...claims };
  return forge({ alg: key.alg, typ: 'JWT', 'x5t#S256': thumbprint, ...header }, all, key);
};
const federated = (claims: Json = {}, header: Json = {}, key: TestKey = issuerKey): string => {
  const all = { iss: issuer.issuer, sub: SUBJECT, aud: AUDIENCE, iat: NOW, exp: NOW + 300, ...claims };
  return forge({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header }, all, key);
};

const ask = async (assertion: string, changes: Readonly<Record<string, string>> = {}, at = endpoint()) => {
  const form = {
    grant_type: 'client_credentials',
    client_id: CLIENT,
    scope: 'api://archive/.default',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    ...changes,
  };
  const headers = { 'client-request-id': '0f0f0f0f-0000-4000-8000-000000000000' };
  const body = new URLSearchParams(Object.entries(form).filter(([, value]) => value !== ''));
  const response = await fetch(at, { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as Json & { error_codes?: number[] } };
};

describe('a token is given for', () => {
  it.each([
    ['a certificate', () => certified()],
    ['a federated credential', () => federated()],
    ['a federated credential with the audience in a list', () => federated({ aud: [AUDIENCE] })],
  ])('%s', async (_, assertion) => {
    const { status, body } = await ask(assertion());
    expect([status, body]).toEqual([
      200,
      { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: expect.any(String) },
    ]);
  });
});

it('an assertion by certificate names the address that it is sent to, where the endpoint is told that it is its own', async () => {
  const proxy = await startFaultProxy({ service: 'entra', target: entra.url });
  const there = `${proxy.url}/${TENANT}/oauth2/v2.0/token`;
  const through = async (): Promise<unknown> => {
    const { status, body } = await ask(certified({ aud: there }), {}, there);
    return [status, body.error_codes];
  };
  expect(await through()).toEqual([401, [700023]]);
  entra.alsoAt(proxy.url);
  expect(await through()).toEqual([200, undefined]);
  expect((await ask(certified())).status).toBe(200);
  expect((await ask(certified({ aud: [there] }))).body.error_codes).toEqual([700023]);
  await proxy.stop();
});

describe('an assertion is refused', () => {
  it.each<[string, () => string, number]>([
    ['that is no JWT', () => 'x.y', 50027],
    ['by a certificate that is not registered', () => certified({}, { 'x5t#S256': 'A'.repeat(43) }), 700027],
    ['without a thumbprint', () => certified({}, { 'x5t#S256': undefined }), 700027],
    ['with the old thumbprint', () => certified({}, { 'x5t#S256': undefined, x5t: thumbprint }), 700027],
    ['that says RS256 of its PS256', () => certified({}, { alg: 'RS256' }), 700027],
    ['signed by another key under the thumbprint', () => certified({}, {}, strangerKey), 50012],
    ['for another endpoint', () => certified({ aud: 'https://login.microsoftonline.com/x' }), 700023],
    ['of another subject', () => certified({ sub: 'other' }), 700021],
    ['that has ended', () => certified({ exp: NOW - 301 }), 700024],
    ['that has not begun', () => certified({ nbf: NOW + 301 }), 700024],
    ['without an end', () => certified({ exp: undefined }), 700024],
    ['by another issuer', () => federated({ iss: 'http://127.0.0.1:9' }), 700211],
    ['by the same issuer with a slash', () => federated({ iss: `${issuer.issuer}/` }), 700211],
    ['for another subject', () => federated({ sub: 'arn:aws:iam::123456789012:role/Other' }), 700213],
    ['for the subject in another case', () => federated({ sub: SUBJECT.toLowerCase() }), 7002138],
    ['for the audience in another case', () => federated({ aud: AUDIENCE.toLowerCase() }), 7002138],
    ['for another audience', () => federated({ aud: 'sts.amazonaws.com' }), 700212],
    ['for two audiences', () => federated({ aud: [AUDIENCE, 'x'] }), 50027],
    ['of a federation that has ended', () => federated({ exp: NOW - 301 }), 700024],
    [
      'signed by a key that the issuer does not publish',
      () => federated({}, {}, makeKey('RS256', { kid: 'issuer-1' })),
      50013,
    ],
    ['signed with ES384', () => federated({}, {}, elliptic), 50013],
    ['signed with none', () => federated({}, { alg: 'none' }).replace(/[^.]+$/, 'AA'), 50013],
    ['that Entra issued itself', () => federated({ iss: entra.issuer }), 700222],
  ])('%s', async (_, assertion, aadsts) => {
    const { status, body } = await ask(assertion());
    expect([status, body.error, body.error_codes]).toEqual([401, 'invalid_client', [aadsts]]);
  });

  it('by a certificate that has expired', async () => {
    clockSeconds = NOW + 86_401;
    const times = { nbf: clockSeconds, iat: clockSeconds, exp: clockSeconds + 300 };
    expect((await ask(certified(times))).body.error_codes).toEqual([7000222]);
  });

  it('where the application trusts nobody', async () => {
    expect((await ask(federated(), { client_id: 'bare' })).body.error_codes).toEqual([70021]);
  });

  it('where its issuer cannot be asked for its keys, as a passing fault', async () => {
    const gone = await startKeyServer();
    await gone.close();
    entra.addFederatedCredential(CLIENT, { issuer: gone.issuer, subject: SUBJECT, audience: AUDIENCE });
    const { status, body } = await ask(federated({ iss: gone.issuer }));
    expect([status, body.error]).toEqual([400, 'temporarily_unavailable']);
  });
});

it.each<[string, Record<string, string>, string | undefined, string, number]>([
  ['an unknown application', { client_id: 'x' }, undefined, 'unauthorized_client', 700016],
  ['a secret', { client_secret: 'x' }, undefined, 'invalid_client', 7000215],
  ['no assertion', { client_assertion: '' }, undefined, 'invalid_request', 900144],
  ['no scope', { scope: '' }, undefined, 'invalid_request', 900144],
  ['another grant', { grant_type: 'password' }, undefined, 'unsupported_grant_type', 70003],
  ['a scope without resource', { scope: '.default' }, undefined, 'invalid_scope', 70011],
  ['a scope of a user', { scope: 'api://archive/Read' }, undefined, 'invalid_scope', 70011],
  ['two resources', { scope: 'api://archive/.default api://x/.default' }, undefined, 'invalid_scope', 28002],
  ['an unknown resource', { scope: 'api://x/.default' }, undefined, 'invalid_resource', 500011],
  ['another tenant', {}, 'fabrikam', 'invalid_request', 90002],
  ['whichever tenant', {}, 'common', 'invalid_request', 9001023],
])('%s is refused as Entra does', async (_, changes, tenant, error, aadsts) => {
  const { status, body } = await ask(certified(), changes, endpoint(tenant));
  expect(status).toBe(error === 'invalid_client' ? 401 : 400);
  expect(body).toEqual({
    error,
    error_description: expect.stringMatching(
      new RegExp(`^AADSTS${aadsts}: .* Trace ID: .* Correlation ID: .* Timestamp: `),
    ),
    error_codes: [aadsts],
    timestamp: expect.any(String),
    trace_id: expect.any(String),
    correlation_id: '0f0f0f0f-0000-4000-8000-000000000000',
  });
});

it('no error repeats what was sent', async () => {
  const assertion = federated({ sub: 'someone' });
  const { body } = await ask(assertion);
  expect(JSON.stringify(body)).not.toContain(assertion.split('.')[2]);
});

it('refuses a certificate that is none, at the start', async () => {
  const options = { tenant: TENANT, applications: [{ clientId: 'x', certificates: ['x'] }], resources: [] };
  expect(await codeOf(() => startEntraEndpoint(options))).toBe('option_invalid');
});
