import { createAuthorizer } from '../../src/authorizer';
import type { IamResult } from '../../src/authorizer/result';
import { jwkSigner } from '../../src/jws/sign';
import { restEvent } from '../support/authorizer-events';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { NOW, providerToken, transactionToken } from '../support/tokens';
import { appWith, EXPRESSES, key, listen, policyOf, rawRequest, type AppOptions } from '../middleware/apps';
import {
  carrier,
  claimsOfOneself,
  connectionValues,
  evilHosts,
  hostHeadersOf,
  lookAlikes,
  routes,
  SECRET,
  severalAssertions,
  smuggledIn,
  switches,
  token,
} from './header-rows';

describe.each(EXPRESSES)('requests to %s', (_name, express) => {
  const start = async (options: AppOptions = {}): Promise<number> =>
    listen(appWith(express, { routes, ...options }).app);
  const codeOf = (body: string): unknown => (JSON.parse(body) as { code?: string }).code;

  it.each(lookAlikes)(
    'cannot bring the identity in the look-alike %s, alone, before or after the real one',
    async (name) => {
      const port = await start();
      for (const headers of smuggledIn(name)) {
        const { status, body } = await rawRequest(port, 'GET /invoices/7', headers);
        expect({ status, code: codeOf(body) }).toEqual({ status: 400, code: 'identity_header_invalid' });
      }
    },
  );

  it.each(connectionValues)('cannot have the identity taken away by "Connection: %s"', async (value) => {
    const port = await start();
    for (const path of ['/invoices/7', '/health']) {
      const headers = [`Connection: ${value}`, 'Connection: close', carrier];
      const { status, body } = await rawRequest(port, `GET ${path}`, headers);
      expect({ status, code: codeOf(body) }).toEqual({ status: 400, code: 'identity_header_invalid' });
    }
  });

  it.each(severalAssertions)('cannot bring %s', async (_what, headers) => {
    const { status, body } = await rawRequest(await start(), 'GET /invoices/7', headers);
    expect({ status, code: codeOf(body) }).toEqual({ status: 400, code: 'identity_header_invalid' });
  });

  const targets = [
    ...['/admin', '/ADMIN', '/admin/', '/admin?/health', '/admin?path=/health', '/admin#/health', '/admin;/health'],
    ...[
      '//admin',
      '/./admin',
      '/health/../admin',
      '/health/%2e%2e/admin',
      '/health/..%2fadmin',
      '/health%2f..%2fadmin',
    ],
    ...['/health\\..\\admin', '/health;/../admin', '/%61dmin', '/admin%00', '/admin%23/health', '/open/../admin'],
    ...['http://app/admin', '//app@evil/admin', '/health//../admin', '/health%5c..%5cadmin', '/%2e/admin'],
  ];
  const trusted = ['X-Forwarded-Uri', 'X-Forwarded-Prefix', 'X-Original-URL', 'X-Rewrite-URL', 'X-Original-URI'];

  it.each(targets)('without identity do not reach the handler of /admin by %s', async (target) => {
    const port = await start();
    for (const header of [[], trusted.map((name) => `${name}: /health`)]) {
      const { status, body } = await rawRequest(port, `GET ${target}`, header);
      expect(body).not.toContain(SECRET);
      // Paths below /open are public by the policy, dots and all: Express does not resolve them either.
      if (!target.startsWith('/open/')) expect(status).toBeGreaterThanOrEqual(400);
    }
  });

  it.each(switches)('are not let through for "%s"', async (header) => {
    const port = await start();
    for (const path of ['/admin', '/invoices/7']) {
      const { status, body } = await rawRequest(port, `GET ${path}`, [header]);
      expect({ status, code: codeOf(body) }).toEqual({ status: 401, code: 'identity_missing' });
    }
  });

  it.each(evilHosts)('are decided and answered the same for the host "%s"', async (host) => {
    const port = await start();
    const refused = await rawRequest(port, 'GET /invoices/7', hostHeadersOf(host));
    expect({ status: refused.status, code: codeOf(refused.body) }).toEqual({ status: 401, code: 'identity_missing' });
    const admitted = await rawRequest(port, 'GET /invoices/7', [...hostHeadersOf(host), carrier]);
    expect(admitted.status).toBe(200);
    expect(refused.body + JSON.stringify(refused.headers) + admitted.body).not.toContain('vil');
  });

  it('without identity pass a public route, and with a bad one never', async () => {
    const port = await start();
    expect((await rawRequest(port, 'GET /health')).status).toBe(200);
    for (const bad of ['x', `${token}x`, 'a.b.c', transactionToken(relayKeys.edge), token.slice(0, -8)]) {
      const { status, body } = await rawRequest(port, 'GET /health', [`Txn-Token: ${bad}`]);
      expect({ status, code: codeOf(body) }).toEqual({ status: 401, code: 'token_invalid' });
    }
  });

  it('leave nothing of what a client says of itself in the context', async () => {
    const port = await start();
    const anonymous = await rawRequest(port, 'GET /health', claimsOfOneself);
    expect(anonymous.status).toBe(200);
    expect(JSON.parse(anonymous.body)).toMatchObject({ user: null });
    const known = await rawRequest(port, 'GET /invoices/7', [...claimsOfOneself, carrier]);
    expect(JSON.parse(known.body)).toMatchObject({ user: { subject: 'entra:ada', clientAddress: '203.0.113.7' } });
    expect(anonymous.body + known.body).not.toContain('spoofed');
  });

  it('that go round the gateway come with no token or with an old one, and end there', async () => {
    const old = transactionToken(key, { claims: { iat: NOW - 7200, exp: NOW - 6900 } });
    const port = await start();
    expect((await rawRequest(port, 'GET /invoices/7')).status).toBe(401);
    expect((await rawRequest(port, 'GET /invoices/7', [`Txn-Token: ${old}`])).status).toBe(401);
  });

  it.each([
    ['10 kB', 'x'.repeat(10_000)],
    ['a line of its own', 'a %0d%0aINFO forged'],
    ['quotes', '","level":"error'],
    ['letters outside of ASCII', 'é'],
  ])('cannot write into the log by a correlation ID of %s', async (_what, id) => {
    const { app, log } = appWith(express, { routes });
    const { headers } = await rawRequest(await listen(app), 'GET /health', [`X-Correlation-Id: ${id}`, carrier]);
    await log.until('request');
    expect(log.text()).not.toContain(JSON.stringify(id).slice(1, -1));
    expect(log.text()).not.toContain(token.slice(-40));
    expect(headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('are all denied by a policy that grants nothing', async () => {
    const port = await start({ policy: policyOf({ roles: {}, actors: {}, routes: [] }) });
    for (const path of ['/', '/health', '/admin', '/invoices/7']) {
      expect((await rawRequest(port, `GET ${path}`)).status).toBeGreaterThanOrEqual(401);
      expect((await rawRequest(port, `GET ${path}`, [carrier])).status).toBe(403);
    }
  });
});

describe('values that look like others', () => {
  const authorize = createAuthorizer({
    policy: invoicesPolicy(),
    signer: jwkSigner(relayKeys.edge.privateJwk),
    clock: testClock,
    logger: recordingLogger(),
  });
  const rolesGive = async (claims: Readonly<Record<string, unknown>>): Promise<boolean> => {
    const event = restEvent({ authorization: `Bearer ${providerToken(relayKeys.provider, { claims })}` });
    const { policyDocument } = (await authorize(event)) as IamResult;
    return policyDocument.Statement.some(({ Effect }) => Effect === 'Allow');
  };

  it('give no role: a member is one value of one provider, letter by letter', async () => {
    expect(await rolesGive({ roles: ['Invoices.Clerk'], scp: '' })).toBe(true);
    const similar = ['Invoices.Clerk@evil.example', 'evil@Invoices.Clerk', 'invoices.clerk', ' Invoices.Clerk'];
    const qualified = ['entra:Invoices.Clerk', 'entra:entra:Invoices.Clerk', 'Invoices.Clerk\u0000', 'Invoices.Сlerk'];
    const bare = await rolesGive({ roles: [], scp: '' });
    expect(await rolesGive({ roles: [...similar, ...qualified], scp: '' })).toBe(bare);
  });

  it('make nobody somebody else: the subject decides, and no name or address', async () => {
    const claims = {
      preferred_username: 'root@corp@evil.example',
      email: 'root@corp.example',
      roles: ['Invoices.Clerk'],
    };
    const token = providerToken(relayKeys.provider, { claims });
    const { context } = await authorize(restEvent({ authorization: `Bearer ${token}` }));
    expect(context).toMatchObject({ subject: 'entra:7d3c' });
  });
});
