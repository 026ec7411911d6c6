import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import request from 'supertest';
import { baton, currentContext, currentUser, type BatonOptions } from '../../src/index';
import type { Jwk } from '../../src/jws/keys';
import { thrownBy } from '../support/errors';
import { startKeyServer } from '../support/key-server';
import { ISSUER, makeKey, NOW, transactionToken } from '../support/tokens';
import { appWith, as, clock, document, EXPRESSES, key, policyOf, tokenOf } from './apps';

const REALM = 'Bearer realm="invoices"';
const stranger = makeKey('ES256', { kid: key.kid });

/** Tokens that are refused, each for a reason of its own that the caller must not learn. */
const REFUSED: readonly [string, string][] = [
  ['bad signature', transactionToken(stranger)],
  ['unknown kid', transactionToken(key, { header: { kid: 'other' } })],
  ['expired', transactionToken(key, { claims: { iat: NOW - 900, exp: NOW - 600 } })],
  ['another audience', transactionToken(key, { claims: { aud: 'orders.example.internal' } })],
  ['another issuer', transactionToken(key, { claims: { iss: 'https://evil.example.com' } })],
  ['a hand-over token', transactionToken(key, { header: { typ: 'baton-handover+jwt' } })],
  ['alg none', transactionToken(key, { header: { alg: 'none' } })],
  ['no token at all', 'hello'],
  ['a bearer token in the wrong header', `Bearer ${tokenOf()}`],
  ['ended at the provider', transactionToken(key, { claims: { rctx: { idp_exp: NOW - 60 } } })],
];

const ask = (app: Express, method: 'get' | 'post', path: string): request.Test => request(app)[method](path);

function deepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(deepFrozen);
}

describe.each(EXPRESSES)('baton() on %s', (_, express) => {
  const problem = (status: number, code: string, title: string, challenge?: string): object => ({
    type: `urn:iis-baton:error:${code}`,
    title,
    status,
    code,
    correlationId: 'gw-1',
    ...(challenge !== undefined && { challenge }),
  });

  it.each([
    ['a clerk reads', 'get', '/invoices/7', as(), 200, undefined],
    ['a public route without identity', 'get', '/health', {}, 200, undefined],
    [
      'no identity',
      'get',
      '/invoices/7',
      {},
      401,
      ['identity_missing', 'This request carries no identity. Call the service through its API gateway.', REALM],
    ],
    [
      'a clerk approves',
      'post',
      '/invoices/7/approve',
      as(),
      403,
      ['permission_denied', 'You may not do this.', undefined],
    ],
    [
      'a scope is missing',
      'get',
      '/export',
      as({ roles: ['approver'] }),
      403,
      ['permission_denied', 'You may not do this.', `${REALM}, error="insufficient_scope", scope="invoices.export"`],
    ],
    [
      'a route that nobody listed',
      'get',
      '/secret',
      as({ roles: ['approver'] }),
      403,
      ['route_not_listed', 'This route is not open to anybody.', undefined],
    ],
    [
      'a look-alike header',
      'get',
      '/invoices/7',
      { Txn_Token: tokenOf() },
      400,
      ['identity_header_invalid', 'The request carries identity headers in a form that is not accepted.', undefined],
    ],
  ] as const)('%s', async (_name, method, path, headers, status, refusal) => {
    const { app } = appWith(express);
    const response = await ask(app, method, path).set({ ...headers, 'X-Correlation-Id': 'gw-1' });
    expect(response.status).toBe(status);
    expect(response.headers['x-correlation-id']).toBe('gw-1');
    if (refusal === undefined) return;
    const [code, title, challenge] = refusal;
    expect(JSON.parse(response.text)).toEqual(problem(status, code, title, challenge));
    expect(response.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      'content-length': String(Buffer.byteLength(response.text)),
    });
    expect(response.headers['www-authenticate']).toBe(challenge);
  });

  it.each(['/invoices/7', '/health'])('answers every bad token alike, on %s', async (path) => {
    const { app, log } = appWith(express);
    for (const [name, token] of REFUSED) {
      const response = await request(app).get(path).set({ 'Txn-Token': token, 'X-Correlation-Id': 'gw-1' });
      const challenge = `${REALM}, error="invalid_token"`;
      expect([name, response.status, JSON.parse(response.text)]).toEqual([
        name,
        401,
        problem(401, 'token_invalid', 'The identity of this request could not be verified.', challenge),
      ]);
      expect(response.headers['www-authenticate']).toBe(challenge);
    }
    // The log knows the reasons, and none of the tokens.
    const reasons = log.of('audit').map(({ reason }) => reason);
    expect(reasons).toHaveLength(REFUSED.length);
    expect(reasons).toEqual(
      expect.arrayContaining(['signature', 'key_unknown', 'expired', 'audience', 'issuer', 'type']),
    );
    for (const [, token] of REFUSED.filter(([, value]) => value.includes('.'))) {
      expect(log.text()).not.toContain(token.split('.').at(-1));
    }
  });

  it('gives the handler the verified caller, frozen all the way down, on req.user and in currentUser()', async () => {
    const seen: unknown[] = [];
    const { app } = appWith(express, {
      routes: (made) =>
        made.get('/any/me', (req, res) => (seen.push(req.user, currentUser(), currentContext()), res.json(req.user))),
    });
    const act = { sub: 'copilot', act: { sub: 'copilot' } };
    const response = await request(app)
      .get('/any/me')
      .set(as({ act, scope: 'a b' }));
    expect(response.body).toEqual({
      subject: 'entra:ada',
      kind: 'user',
      name: 'Ada',
      tenant: 'tenant-1',
      roles: ['clerk'],
      scopes: ['a', 'b'],
      actor: { subject: 'copilot', actor: { subject: 'copilot' } },
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
      expiresAt: NOW + 360,
    });
    expect(seen[0]).toBe(seen[1]);
    // Guards decide by the context: an app must not be able to write another user into it.
    expect([deepFrozen(seen[0]), deepFrozen(seen[2])]).toEqual([true, true]);
  });

  it.each([
    ['the actor may not approve', 'post', '/invoices/7/approve', 'copilot', 403],
    ['the actor may read', 'get', '/invoices/7', 'copilot', 200],
    ['an unknown actor may do nothing', 'get', '/invoices/7', 'entra:unknown', 403],
    ['an unknown actor may not even pass where any caller may', 'get', '/any/x', 'entra:unknown', 403],
    ['a role counts only where the actor has it too', 'get', '/admin', 'copilot', 403],
  ] as const)('actors: %s', async (_name, method, path, sub, status) => {
    const { app } = appWith(express);
    const response = await ask(app, method, path).set(as({ roles: ['approver'], act: { sub } }));
    expect(response.status).toBe(status);
  });

  it('lets deny win over every grant', async () => {
    const { app, log } = appWith(express);
    await request(app)
      .get('/invoices/7')
      .set(as({ roles: ['approver', 'barred'] }))
      .expect(403);
    expect(log.of('audit')).toMatchObject([{ outcome: 'denied', reason: 'permission_denied' }]);
  });

  it('answers 503 and Retry-After while the key server is down, and never "your token is invalid"', async () => {
    const server = await startKeyServer([key.publicJwk]);
    server.answer = (response) => response.writeHead(500).end('the database is on fire');
    const policy = policyOf({ edge: { ...document.edge, keys: { jwksUri: server.jwksUri } } });
    let ms = NOW * 1000;
    const { app, log } = appWith(express, { policy, clock: () => ms });
    const down = await request(app).get('/invoices/7').set(as()).set('X-Correlation-Id', 'gw-1');
    const title = 'The identity of this request cannot be verified right now. Try again shortly.';
    expect([down.status, JSON.parse(down.text)]).toEqual([503, problem(503, 'keys_unavailable', title)]);
    expect(down.headers).toMatchObject({ 'retry-after': '5', 'cache-control': 'no-store' });
    expect(down.headers['www-authenticate']).toBeUndefined();
    expect(log.of('error')).toMatchObject([{ level: 'error', code: 'keys_unavailable', correlationId: 'gw-1' }]);

    server.answer = undefined;
    ms += 60_000;
    await request(app).get('/invoices/7').set(as()).expect(200);
    await server.close();
  });

  it('tells once for each other digest that gateway and app hold different policies', async () => {
    const policy = policyOf();
    const { app, log } = appWith(express, { policy });
    const digests = ['sha256-old', 'sha256-old', policy.digest, undefined, 'sha256-older', 'sha256-old'];
    for (const digest of digests) {
      await request(app)
        .get('/any/x')
        .set(as(digest === undefined ? {} : { policy: digest }))
        .expect(200);
    }
    expect(log.of('policy_drift')).toMatchObject([
      { level: 'warn', policy: policy.digest, gatewayPolicy: 'sha256-old' },
      { level: 'warn', policy: policy.digest, gatewayPolicy: 'sha256-older' },
    ]);
  });

  it('answers 500 and stays alive where the audit sink throws', async () => {
    const audit = {
      record: () => {
        throw new Error('disk full: /var/secret');
      },
    };
    const { app } = appWith(express, { audit });
    for (const headers of [as(), { 'Txn-Token': 'bad' }]) {
      const response = await request(app).get('/invoices/7').set(headers);
      expect([response.status, response.body.code]).toEqual([500, 'internal']);
      expect(response.text).not.toMatch(/disk|secret|Error|\bat /);
    }
  });
});

describe('baton() at start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-start-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const wrong = {
    ...document,
    roles: { clerk: { inherits: ['nobody'], permisions: [] } },
    edge: { ...document.edge, algorithms: ['HS256'] },
    routes: [{ path: 'invoices' }],
  };

  it.each<[string, () => BatonOptions, string, RegExp]>([
    ['a missing file', () => ({ policy: join(folder, 'none.json') }), 'policy_missing', /BATON_POLICY/],
    ['an unreadable file', () => ({ policy: folder }), 'policy_unreadable', /EISDIR/],
    ['a file that is not JSON', () => ({ policy: file('a.json', '{"application":') }), 'policy_invalid', /not JSON/],
    [
      'a weak key in the policy',
      () => ({
        policy: policyOf({
          edge: { ...document.edge, keys: { jwks: { keys: [{ kty: 'oct', kid: 'a', k: 'aa' } as Jwk] } } },
        }),
      }),
      'key_invalid',
      /cannot verify ES256/,
    ],
    ['a misspelt option', () => ({ polcy: 'a' }) as BatonOptions, 'option_unknown', /did you mean "policy"/],
    ['a foreign option', () => ({ anonymous: true }) as BatonOptions, 'option_unknown', /known are: policy/],
    ['options that are none', () => 'policy.json' as BatonOptions, 'option_invalid', /must be an object/],
    ['a base path without slash', () => ({ policy: policyOf(), basePath: 'api' }), 'option_invalid', /"basePath"/],
    ['a base path that ends in one', () => ({ policy: policyOf(), basePath: '/api/' }), 'option_invalid', /"basePath"/],
    [
      'a logger without methods',
      () => ({ policy: policyOf(), logger: { info() {} } }) as unknown as BatonOptions,
      'option_invalid',
      /"logger" needs the methods/,
    ],
    [
      'an audit sink without record',
      () => ({ policy: policyOf(), audit: {} }) as unknown as BatonOptions,
      'option_invalid',
      /"audit" needs the method record/,
    ],
  ])('%s', async (_name, options, code, message) => {
    const error = await thrownBy(() => baton(options()));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('names every problem of a wrong policy at once, by JSON pointer', async () => {
    const error = await thrownBy(() => baton({ policy: file('wrong.json', JSON.stringify(wrong)) }));
    expect(error.code).toBe('policy_invalid');
    const pointers = ['/edge/algorithms/0', '/roles/clerk/permisions', '/routes/0/path'];
    expect(error.problems.map(({ pointer }) => pointer).sort()).toEqual(pointers);
    for (const pointer of pointers) expect(error.message).toContain(pointer);
    expect(error.message).toContain('did you mean "permissions"');
  });

  it('needs a policy from somewhere', async () => {
    await jest.isolateModulesAsync(async () => {
      const fresh = require('../../src/index') as typeof import('../../src/index');
      const { BATON_POLICY: before } = process.env;
      delete process.env.BATON_POLICY;
      try {
        expect(() => fresh.baton()).toThrow(expect.objectContaining({ code: 'policy_missing' }));
        process.env.BATON_POLICY = file('good.json', JSON.stringify(document));
        expect(fresh.baton({ clock }).parts).toHaveLength(4);
      } finally {
        delete process.env.BATON_POLICY;
        if (before !== undefined) process.env.BATON_POLICY = before;
      }
    });
  });
});
