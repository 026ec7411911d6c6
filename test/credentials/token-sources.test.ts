import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readArcSecret } from '../../src/credentials/arc-secret';
import { entraCertificateToken } from '../../src/credentials/entra-certificate';
import { HeldTokens } from '../../src/credentials/held-token';
import { managedIdentityToken } from '../../src/credentials/managed-identity';
import { tokenFrom, tokenFromFile } from '../../src/credentials/token-from';
import { jwkSigner } from '../../src/jws/sign';
import { startEntraEndpoint, type EntraEndpoint } from '../../src/local/entra/endpoint';
import { makeCertificate, pemOf } from '../support/certificates';
import { codeOf, thrownBy } from '../support/errors';
import { encodePart, makeKey, NOW } from '../support/tokens';

const API = 'api://invoices-aws';
const wire = { wait: async () => {} };
const unsigned = (claims: object): string => `${encodePart({ alg: 'RS256' })}.${encodePart(claims)}.c2ln`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback for one test, and the requests that it got. */
async function serve(
  answer: Answer,
): Promise<{ url: string; asked: IncomingMessage[]; [Symbol.asyncDispose](): Promise<void> }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json =
  (body: object, status = 200, headers = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(JSON.stringify(body));

describe('the managed identity', () => {
  const good = { access_token: 'entra-token', expires_on: String(NOW), resource: API };

  it('of App Service is asked for with the secret header', async () => {
    const server = await serve(json(good));
    const env = { IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: 'per-instance' };
    const source = managedIdentityToken({ env, clientId: 'mine', wire });
    expect(await source.token(API)).toEqual({ token: 'entra-token', expiresAt: NOW });
    const { url, headers } = server.asked[0]!;
    expect(url).toBe('/msi/token?resource=api%3A%2F%2Finvoices-aws&api-version=2019-08-01&client_id=mine');
    expect(headers['x-identity-header']).toBe('per-instance');
    await server[Symbol.asyncDispose]();
  });

  it('of a virtual machine is asked for at the metadata service', async () => {
    const asked: { url: string; headers: unknown }[] = [];
    const fetch = async (url: URL, init: RequestInit): Promise<Response> => {
      asked.push({ url: url.href, headers: init.headers });
      expect(init.redirect).toBe('error');
      // Not ready yet, and then it is: Azure's advice is to try again.
      return asked.length < 3 ? new Response('', { status: 404 }) : Response.json({ ...good, expires_on: NOW });
    };
    expect(await managedIdentityToken({ env: {}, wire: { ...wire, fetch } }).token(API)).toMatchObject({
      expiresAt: NOW,
    });
    expect(asked).toHaveLength(3);
    expect(asked[0]).toEqual({
      url: 'http://169.254.169.254/metadata/identity/oauth2/token?resource=api%3A%2F%2Finvoices-aws&api-version=2018-02-01',
      headers: { metadata: 'true' },
    });
  });

  it('of Azure Arc is asked for with the text of the agent’s file, and no other file is read', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'baton-arc-'));
    const tokens = path.join(folder, 'AzureConnectedMachineAgent', 'Tokens');
    mkdirSync(tokens, { recursive: true });
    writeFileSync(path.join(tokens, 'a.key'), 'agent-secret');
    writeFileSync(path.join(tokens, 'large.key'), 'x'.repeat(5000));
    writeFileSync(path.join(folder, 'other.key'), 'other-secret');
    // The agent's folder as Windows writes it is no path on this machine, so the folder is given in the way of this one.
    const read = (file: string): Promise<string> => readArcSecret(`Basic realm=${file}`, {}, tokens);
    expect(await read(path.join(tokens, 'a.key'))).toBe('agent-secret');
    for (const file of [
      path.join(folder, 'other.key'),
      `${tokens}/../../other.key`,
      path.join(tokens, 'a.txt'),
      path.join(tokens, 'none.key'),
      path.join(tokens, 'large.key'),
      '',
    ]) {
      expect(await thrownBy(() => read(file))).toMatchObject({
        code: 'credentials_refused',
        reason: 'managed_identity',
      });
    }
    rmSync(folder, { recursive: true });
  });

  it('of Azure Arc on Windows has its files in ProgramData', async () => {
    const fetch = async (): Promise<Response> =>
      new Response('', {
        status: 401,
        headers: { 'www-authenticate': 'Basic realm=C:\\ProgramData\\AzureConnectedMachineAgent\\Tokens\\a.key' },
      });
    const env = {
      IDENTITY_ENDPOINT: 'http://localhost:40342/token',
      IMDS_ENDPOINT: 'x',
      ProgramData: 'C:\\ProgramData',
    };
    const error = await thrownBy(() => managedIdentityToken({ env, wire: { ...wire, fetch } }).token(API));
    // The path is the agent's; the file is not on this machine.
    expect(error.message).toContain('Hybrid agent extension applications');
  });

  it.each<[string, Answer, string, string]>([
    [
      'has no identity',
      json({ error: 'invalid_request', error_description: 'Identity not found' }, 400),
      'credentials_refused',
      'managed_identity',
    ],
    [
      'knows no such API',
      json({ error: 'invalid_resource', error_description: 'AADSTS500011: x' }, 400),
      'credentials_refused',
      'AADSTS500011',
    ],
    ['is busy', json({}, 429), 'credentials_unavailable', 'managed_identity'],
    ['gives no token', json({}), 'credentials_unavailable', 'managed_identity'],
    ['breaks off', (_request, response) => response.destroy(), 'credentials_unavailable', 'managed_identity'],
  ])('of a machine that %s says so', async (_what, answer, code, reason) => {
    const server = await serve(answer);
    const env = { IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: 'x' };
    expect(await thrownBy(() => managedIdentityToken({ env, wire }).token(API))).toMatchObject({ code, reason });
    expect(server.asked).toHaveLength(code === 'credentials_unavailable' ? 3 : 1);
    await server[Symbol.asyncDispose]();
  });
});

describe('the certificate of an application', () => {
  const pair = makeKey('PS256');
  const now = Math.floor(Date.now() / 1000);
  const certificate = makeCertificate(pair, now - 60, now + 3600);
  const tenant = '72f988bf-0000-4000-8000-2d7cd011db47';
  let entra: EntraEndpoint;
  beforeAll(async () => {
    entra = await startEntraEndpoint({
      tenant,
      applications: [{ clientId: 'invoices', certificates: [certificate] }, { clientId: 'bare' }],
      resources: [{ appIdUri: API }],
    });
  });
  afterAll(() => entra.stop());

  const make = (changes: object = {}): ReturnType<typeof entraCertificateToken> =>
    entraCertificateToken({
      tenant,
      clientId: 'invoices',
      certificate,
      key: pemOf(pair.privateKey),
      authority: entra.url,
      wire,
      ...changes,
    });

  it('gets a token of Entra, by a key on the server or elsewhere', async () => {
    for (const key of [pemOf(pair.privateKey), jwkSigner(pair.privateJwk)]) {
      const { token, expiresAt } = await make({ key }).token(API);
      expect(token.split('.')).toHaveLength(3);
      expect(expiresAt).toBeGreaterThan(now + 3000);
    }
  });

  it.each<[string, object, string, RegExp]>([
    ['that the application has not', { clientId: 'bare' }, 'AADSTS700027', /Upload it/],
    ['of an application that is not there', { clientId: 'nobody' }, 'AADSTS700016', /clientId/],
  ])('%s is refused, and the error says what to change', async (_what, changes, reason, message) => {
    const error = await thrownBy(() => make(changes).token(API));
    expect(error).toMatchObject({ code: 'credentials_refused', reason });
    expect(error.message).toMatch(message);
  });

  it('says so where Entra is away', async () => {
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));
    const error = await thrownBy(() => make({ wire: { ...wire, fetch } }).token(API));
    expect(error).toMatchObject({ code: 'credentials_unavailable', reason: 'entra' });
  });

  it.each<[string, object, string]>([
    ['a tenant that is a path', { tenant: '../common' }, 'option_invalid'],
    ['no application', { clientId: '' }, 'option_invalid'],
    ['an authority without TLS', { authority: 'http://login.example.com' }, 'option_invalid'],
    ['no certificate', { certificate: 'x' }, 'key_invalid'],
    ['a key that is not the certificate’s', { key: pemOf(makeKey('PS256').privateKey) }, 'key_invalid'],
    ['an unknown option', { secret: 'x' }, 'option_unknown'],
  ])('is refused at the start with %s', async (_what, changes, code) => {
    expect(await codeOf(() => make(changes))).toBe(code);
  });
});

describe('a token from', () => {
  it('a file is read anew each time, and dated by itself', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'baton-token-')), 'aws.jwt');
    const source = tokenFromFile(file);
    expect(await thrownBy(() => source.token(API))).toMatchObject({
      code: 'credentials_unavailable',
      reason: 'token_source',
    });
    for (const exp of [NOW, NOW + 1]) {
      writeFileSync(file, `${unsigned({ exp })}\r\n`);
      expect(await source.token(API)).toEqual({ token: unsigned({ exp }), expiresAt: exp });
    }
    rmSync(path.dirname(file), { recursive: true });
    expect(await codeOf(() => tokenFromFile(''))).toBe('option_invalid');
  });

  it('a function is asked for the audience, and what it throws becomes a cause', async () => {
    expect(await tokenFrom(async (audience) => unsigned({ exp: NOW, aud: audience })).token(API)).toEqual({
      token: unsigned({ exp: NOW, aud: API }),
      expiresAt: NOW,
    });
    const failing = new HeldTokens(
      tokenFrom(() => Promise.reject(new Error('no network'))),
      Date.now,
    );
    const error = await thrownBy(() => failing.token(API));
    expect(error).toMatchObject({
      code: 'credentials_unavailable',
      reason: 'token_source',
      cause: new Error('no network'),
    });
    expect(await codeOf(() => tokenFrom('x' as never))).toBe('option_invalid');
  });

  it('a source that fails is given a pause, and the callers its error', async () => {
    let now = NOW * 1000;
    let asked = 0;
    const fail = (): Promise<string> => Promise.reject(new Error(`failure ${asked++}`));
    const held = new HeldTokens(tokenFrom(fail), () => now);
    for (let i = 0; i < 5; i++) await thrownBy(() => held.token(API));
    expect(asked).toBe(1);
    now += 600;
    await thrownBy(() => held.token(API));
    now += 600;
    await thrownBy(() => held.token(API));
    expect(asked).toBe(2);
  });

  it('a source is kept until shortly before its end, one for each audience', async () => {
    let now = NOW * 1000;
    let asked = 0;
    const source = {
      token: async (audience: string) => ({ token: `${audience}-${asked++}`, expiresAt: now / 1000 + 3600 }),
    };
    const held = new HeldTokens(source, () => now);
    expect(await Promise.all([held.token('a'), held.token('a'), held.token('b')])).toEqual(['a-0', 'a-0', 'b-1']);
    now += 57 * 60_000;
    expect(await held.token('a')).toBe('a-0');
    now += 60_000;
    expect(await held.token('a')).toBe('a-2');
    held.drop('a', 'a-0');
    expect(await held.token('a')).toBe('a-2');
    held.drop('a', 'a-2');
    expect(await held.token('a')).toBe('a-3');
  });
});
