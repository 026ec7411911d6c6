import express from 'express';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { awsTokenSource, createEntraTokens, type EntraTokens } from '../../src/entra';
import { baton, problemHandler } from '../../src/index';
import { compilePolicy } from '../../src/policy/policy';
import { asCaller } from '../support/as-caller';
import { ARCHIVE, claimsIn, CLIENT, startEntraWorld, TENANT, type EntraWorld } from '../support/entra';
import { thrownBy } from '../support/errors';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { leakOf, recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { makeKey, NOW, providerToken } from '../support/tokens';

const key = makeKey('RS256');
const clock = (): number => NOW * 1000;
const SCOPE = `${ARCHIVE}/Archive.Read`;

/** The tenant's own issuer, and one that the policy trusts as well. */
let tenant: KeyServer;
let stranger: KeyServer;
let world: EntraWorld;
let logger: RecordingLogger;
let server: Server;
let base: string;
let entra: EntraTokens;

const provider = (issuer: string): object => ({
  issuer,
  audience: CLIENT,
  algorithms: ['RS256'],
  claims: { subject: '/oid', name: '/preferred_username', roles: '/roles', scopes: '/scp', kind: '/idtyp' },
});

beforeAll(async () => {
  [tenant, stranger] = await Promise.all([startKeyServer([key.publicJwk]), startKeyServer([key.publicJwk])]);
  const consents = { [CLIENT]: ['Archive.Read', 'Archive.Share'] };
  world = await startEntraWorld({ clock, userIssuers: [tenant.issuer], resource: { consents, requiresMfa: true } });
});
afterAll(async () => {
  await Promise.all([world.stop(), tenant.close(), stranger.close()]);
});

beforeEach(async () => {
  (world.entra.requests as unknown[]).length = 0;
  logger = recordingLogger();
  entra = createEntraTokens({
    tenant: TENANT,
    clientId: CLIENT,
    authority: world.entra.url,
    federation: awsTokenSource({ clientConfig: world.clientConfig }),
    issuers: [tenant.issuer],
    clock,
  });
  const policy = compilePolicy({
    application: 'invoices',
    edge: { profile: 'oidc' },
    identityProviders: { entra: provider(tenant.issuer), other: provider(stranger.issuer) },
    roles: {},
    actors: { copilot: { members: ['entra:copilot'], permissions: ['archive:*'] } },
    routes: [{ path: '/archive', authenticated: true }],
  });
  const app = express();
  app.use(baton({ policy, logger, clock }));
  app.get('/archive', async (req, res) => {
    const scopes = typeof req.query.scope === 'string' ? req.query.scope : SCOPE;
    res.json(claimsIn((await entra.onBehalfOf(scopes)).token));
  });
  app.use(problemHandler());
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const userToken = (claims: object = {}): string =>
  providerToken(key, { claims: { iss: tenant.issuer, aud: CLIENT, amr: ['pwd', 'mfa'], ...claims } });
const call = async (token: string, scope = SCOPE): Promise<{ status: number; body: Record<string, unknown> }> => {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${base}/archive?scope=${encodeURIComponent(scope)}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const audits = (): Readonly<Record<string, unknown>>[] =>
  logger.ofType('audit').filter(({ event }) => event === 'entra_token');

it("gives a token for the user, by the user's own", async () => {
  const { status, body } = await call(userToken());
  expect(status).toBe(200);
  expect(body).toMatchObject({ aud: ARCHIVE, oid: '7d3c', azp: CLIENT, scp: 'Archive.Read' });
  expect(body).not.toHaveProperty('idtyp');
});

it('keeps the tokens of users apart, and of two sign-ins of one user', async () => {
  const ada = userToken();
  const adaAgain = userToken({ iat: NOW - 60 });
  const bob = userToken({ oid: 'bob' });
  const subjects = await Promise.all(
    [ada, ada, bob, adaAgain, bob, ada].map(async (token) => (await call(token)).body.oid),
  );
  expect(subjects).toEqual(['7d3c', '7d3c', 'bob', '7d3c', 'bob', '7d3c']);
  expect(world.entra.requests).toHaveLength(3);
  expect(
    new Set((await Promise.all([ada, adaAgain].map((token) => call(token)))).map(({ body }) => body.uti)).size,
  ).toBe(2);
});

it('takes several scopes of one resource in whatever order for one', async () => {
  const both = [SCOPE, `${ARCHIVE}/Archive.Share`];
  expect((await call(userToken(), both.join(' '))).body.scp).toBe('Archive.Read Archive.Share');
  await call(userToken(), both.reverse().join(' '));
  expect(world.entra.requests).toHaveLength(1);
});

it.each<[string, object, number, string, string]>([
  ['without a second factor', { amr: ['pwd'] }, 401, 'authentication_insufficient', 'interaction_required'],
  ['with a scope without consent', { scope: `${ARCHIVE}/Archive.Delete` }, 502, 'entra_refused', 'invalid_grant'],
])(
  'a user %s is refused by Entra, and told no more than needed',
  async (_, { scope, ...claims }: { scope?: string }, status, code, reason) => {
    const answer = await call(userToken(claims), scope);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.body)).not.toContain('AADSTS');
    expect(audits()).toEqual([expect.objectContaining({ flow: 'on_behalf_of', outcome: 'denied', code, reason })]);
  },
);

it.each<[string, object, string]>([
  ['with an actor, who must not get all rights of its user', { act: { sub: 'copilot' } }, 'actor_limited'],
  ['that is an application', { idtyp: 'app' }, 'application'],
])('a caller %s gets none, and Entra is not asked', async (_, claims, reason) => {
  const { status, body } = await call(userToken(claims));
  expect([status, body.code, world.entra.requests.length]).toEqual([403, 'permission_denied', 0]);
  expect(audits()).toEqual([expect.objectContaining({ outcome: 'denied', reason, resource: ARCHIVE })]);
});

it("another provider's token is never sent to Entra", async () => {
  const { status, body } = await call(userToken({ iss: stranger.issuer }));
  expect([status, body.code, world.entra.requests.length]).toEqual([403, 'permission_denied', 0]);
  expect(audits()).toEqual([expect.objectContaining({ outcome: 'denied', reason: 'issuer' })]);
});

it('no line has a token, neither the one that came nor the one that was got', async () => {
  const token = userToken();
  await call(token);
  await call(userToken({ amr: ['pwd'] }));
  const written = logger.handed.join('\n');
  expect(written).toContain('on_behalf_of');
  expect(leakOf(token.slice(token.indexOf('.')), written)).toBeUndefined();
});

describe('without a caller whose token is at hand', () => {
  it.each([
    ['outside of a request', () => entra.onBehalfOf(SCOPE), 'identity_missing'],
    ['on a public route', () => asCaller({ claims: null }, () => entra.onBehalfOf(SCOPE)), 'identity_missing'],
    ['behind another edge', () => asCaller({}, () => entra.onBehalfOf(SCOPE)), 'option_invalid'],
    ['without scopes', () => asCaller({}, () => entra.onBehalfOf([])), 'option_invalid'],
  ])('%s', async (_, ask, code) => {
    expect((await thrownBy(ask)).code).toBe(code);
    expect(world.entra.requests).toHaveLength(0);
  });
});
