import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

type Json = ReturnType<typeof JSON.parse>;

let report: Json;
let stderr: string;

beforeAll(async () => {
  const scenario = join(__dirname, 'provider', 'scenario.mjs');
  const run = await promisify(execFile)(process.execPath, [scenario], { timeout: 20_000 });
  report = JSON.parse(run.stdout);
  stderr = run.stderr;
});

describe('startIdentityProvider', () => {
  it('publishes a discovery document and one RS256 key', () => {
    const { issuer, discoveryUrl, tokenEndpoint, port } = report.idp;
    expect(issuer).toBe(`http://127.0.0.1:${port}`);
    expect(discoveryUrl).toBe(`${issuer}/.well-known/openid-configuration`);
    expect(report.discovery).toMatchObject({
      issuer,
      token_endpoint: tokenEndpoint,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    });
    expect(report.jwks.keys).toEqual([
      { kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB', kid: expect.any(String), n: expect.any(String) },
    ]);
  });

  it('writes nothing to stdout, and to stderr at most that it wants a newer Node', () => {
    expect(stderr.replace(/^oidc-provider WARNING: Unsupported runtime.*\n?/, '')).toBe('');
  });

  it('stops', () => expect(report.stopped).toBe(true));
});

describe('a user who signs in', () => {
  it('gets an access token with the claims of Entra', () => {
    const { header, payload, expiresInSeconds } = report.ada;
    expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: report.jwks.keys[0].kid });
    expect(payload).toMatchObject({
      iss: report.idp.issuer,
      aud: 'api://invoices',
      sub: 'oid-ada',
      oid: 'oid-ada',
      tid: 'contoso',
      ver: '2.0',
      azp: 'web',
      preferred_username: 'ada',
      name: 'Ada L.',
      roles: ['Invoices.Approver'],
      scp: 'invoices.read invoices.approve',
      acr: '1',
      amr: ['pwd'],
    });
    expect(payload.exp - payload.iat).toBe(600);
    expect(expiresInSeconds).toBe(600);
    expect(payload.auth_time).toBeLessThanOrEqual(payload.iat);
    expect(payload).not.toHaveProperty('act');
    expect(payload).not.toHaveProperty('idtyp');
  });

  it('gets no scope that the user does not have, and no empty list of roles', () => {
    expect(report.bob.payload.scp).toBe('access_as_user');
    expect(report.bob.payload).not.toHaveProperty('roles');
  });

  it('needs PKCE', () => expect(report.withoutPkce).toBe('invalid_request'));

  it('sees a page that loads nothing and names the application', () => {
    const { status, headers, html, strangerStatus } = report.page;
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(html).toContain('<strong>web</strong>');
    expect(html).toMatch(/type="password"/);
    expect(html).not.toMatch(/<script|src=|https?:/);
    expect(strangerStatus).toBe(400);
  });
});

describe('token exchange', () => {
  it('gives the same user with the client as actor', () => {
    expect(report.acting.payload).toMatchObject({
      sub: 'oid-ada',
      oid: 'oid-ada',
      azp: 'copilot',
      roles: ['Invoices.Approver'],
      scp: 'invoices.read invoices.approve',
      act: { sub: 'copilot' },
      acr: '1',
      amr: ['pwd'],
    });
    expect(report.acting.payload.auth_time).toEqual(expect.any(Number));
    expect(report.acting.payload.exp).toBeLessThanOrEqual(report.ada.payload.exp);
  });

  it('narrows scopes and nests actors', () => {
    expect(report.narrowed.payload.scp).toBe('invoices.read');
    expect(report.actingTwice.payload).toMatchObject({
      scp: 'invoices.read',
      act: { sub: 'second', act: { sub: 'copilot' } },
    });
  });
});

it('gives an application a token for itself', () => {
  expect(report.application.payload).toMatchObject({
    sub: 'job',
    oid: 'job',
    idtyp: 'app',
    roles: ['Invoices.Reader'],
    tid: 'contoso',
    aud: 'api://invoices',
  });
  expect(report.application.payload).not.toHaveProperty('scp');
});

describe('refusals are relay_failed and hold no secret', () => {
  it.each([
    ['password', /status 401/],
    ['user', /status 401/],
    ['redirectUri', /status 400/],
    ['resource', /invalid_target/],
    ['unreachable', /cannot be reached/],
    ['clientSecret', /401 invalid_client/],
    ['grantType', /400 (?:invalid_request|unauthorized_client)/],
    ['forged', /400 invalid_request/],
    ['garbage', /400 invalid_request/],
    ['applicationToken', /400 invalid_request/],
    ['exchangeResource', /400 invalid_target/],
    ['widened', /400 invalid_scope/],
    ['secretsOfAda', /401 invalid_client/],
  ])('%s', (name, message) => {
    const refused = report.refused[name];
    expect(refused.code).toBe('relay_failed');
    expect(refused.message).toMatch(message);
  });

  it('in no message and no log', () => {
    const text = JSON.stringify([report.refused, report.logged]);
    expect(text).not.toMatch(/wrong-secret|eyJ|pass &|s\+\/ %:cret/);
  });
});

it('signs every token with the key that it publishes', () => {
  // The last one is forged: the check can fail.
  expect(report.signatures).toEqual([true, true, true, false]);
});
