import { createAuthorizer, type AuthorizerOptions } from '../../src/authorizer/authorizer';
import type { AuthorizerContext, IamResult, SimpleResult } from '../../src/authorizer/result';
import type { VerifiedCaller } from '../../src/identity/assertion';
import { createEdge } from '../../src/identity/edge';
import { jwkSigner } from '../../src/jws/sign';
import {
  changed,
  CLIENT_ADDRESS,
  HTTP_REQUEST_ID,
  httpApiEvent,
  httpApiEventV1,
  REST_REQUEST_ID,
  REST_STAGE,
  restEvent,
} from '../support/authorizer-events';
import { codeOf, thrownBy } from '../support/errors';
import { iamAllows } from '../support/iam';
import { verifiedParts } from '../support/independent-verifier';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { startKeyServer } from '../support/key-server';
import { leakOf, recordingLogger } from '../support/recording-logger';
import { AUDIENCE, ISSUER, makeKey, NOW, PROVIDER_ISSUER, providerToken, transactionToken } from '../support/tokens';

const policy = invoicesPolicy();
const signer = jwkSigner(relayKeys.edge.privateJwk);
const edge = createEdge(policy, { clock: testClock });

function authorizer(options: AuthorizerOptions = {}): ReturnType<typeof createAuthorizer> {
  return createAuthorizer({ policy, signer, clock: testClock, logger: recordingLogger(), ...options });
}

const bearer = (claims: Record<string, unknown> = {}): string =>
  `Bearer ${providerToken(relayKeys.provider, { claims })}`;
const events = { REST: restEvent, 'HTTP API': httpApiEvent };
const kinds = Object.keys(events) as (keyof typeof events)[];

/** The result for a caller with these claims, over both kinds of API. */
async function resultFor(
  kind: keyof typeof events,
  claims: Record<string, unknown> = {},
  options: AuthorizerOptions = {},
): Promise<IamResult | SimpleResult> {
  return authorizer(options)(events[kind]({ authorization: bearer(claims) }));
}

const contextOf = ({ context }: IamResult | SimpleResult): AuthorizerContext => context!;
const allows = (result: IamResult | SimpleResult): boolean =>
  'isAuthorized' in result ? result.isAuthorized : iamAllows(result, `${REST_STAGE}/GET/invoices/7`);

/** What the app makes of the token that the caller's result holds. */
async function callerBehind(claims: Record<string, unknown>, options: AuthorizerOptions = {}): Promise<VerifiedCaller> {
  const { txnToken } = contextOf(await resultFor('REST', claims, options));
  const caller = await edge.verify(['Txn-Token', txnToken]);
  return caller!;
}

describe('the authorizer of an HTTP API with payload format 1.0', () => {
  it('lets a known caller in by an IAM policy', async () => {
    const result = await authorizer()(httpApiEventV1({ authorization: bearer() }));
    expect(allows(result)).toBe(true);
    expect(contextOf(result)).toMatchObject({ subject: 'entra:7d3c' });
  });

  // It would answer 500 to an error, "Unauthorized" like any other.
  it.each([
    ['no identity', undefined],
    ['an expired token', bearer({ exp: NOW - 61 })],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
  ])('refuses %s by an IAM policy that names nobody and hands on nothing', async (_name, authorization) => {
    const logger = recordingLogger();
    const result = await authorizer({ logger })(httpApiEventV1({ authorization }));
    expect(allows(result)).toBe(false);
    expect(result).toEqual({
      principalId: 'nobody',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${REST_STAGE}/*`] }],
      },
    });
    expect(logger.ofType('audit')).toEqual([expect.objectContaining({ event: 'authenticate', outcome: 'denied' })]);
  });

  it('does not answer for an ARN that it cannot read', async () => {
    const event = changed(httpApiEventV1(), { methodArn: 'arn:aws:execute-api' });
    expect(await codeOf(() => authorizer()(event))).toBe('event_invalid');
  });
});

describe.each(kinds)('the authorizer of a %s', (kind) => {
  it('lets a known caller in with a Transaction Token that the app accepts', async () => {
    const result = await resultFor(kind);
    expect(allows(result)).toBe(true);
    const context = contextOf(result);
    expect(context).toEqual({ txnToken: expect.any(String), subject: 'entra:7d3c', policy: policy.digest });
    expect(verifiedParts(context.txnToken, relayKeys.edge.publicKey)).toEqual({
      header: { alg: 'ES256', typ: 'txntoken+jwt', kid: 'key-1' },
      claims: {
        iss: ISSUER,
        aud: AUDIENCE,
        iat: NOW,
        exp: NOW + 360,
        req_wl: 'apigateway',
        sub: 'entra:7d3c',
        scope: 'invoices.read invoices.write',
        txn: expect.stringMatching(/^[0-9a-f-]{36}$/),
        tctx: { roles: ['clerk'], kind: 'user', tenant: 'tenant-1', name: 'Ada', policy: policy.digest },
        rctx: { idp: 'entra', idp_exp: NOW + 3600 },
      },
    });
    expect((await edge.verify(['Txn-Token', context.txnToken]))?.identity).toMatchObject({ subject: 'entra:7d3c' });
  });

  it('gives the gateway texts only, and the caller as principal', async () => {
    const result = await resultFor(kind);
    expect(Object.values(contextOf(result)).map((value) => typeof value)).toEqual(['string', 'string', 'string']);
    if (!('isAuthorized' in result)) expect(result.principalId).toBe('entra:7d3c');
  });

  it('keeps a verified caller without rights out', async () => {
    expect(allows(await resultFor(kind, { roles: ['Somebody.Else'] }, { policy: closedPolicy }))).toBe(false);
  });

  const stranger = makeKey('ES256', { kid: 'key-1' });
  it.each([
    ['no identity', undefined],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['two tokens', `${bearer()},${bearer()}`],
    ['a stranger’s token', `Bearer ${providerToken(stranger)}`],
    ['an expired token', bearer({ exp: NOW - 61 })],
    ['a token without subject', bearer({ oid: undefined })],
    ['a malformed actor', bearer({ act: { client: 'copilot' } })],
    ['a Transaction Token of its own', `Bearer ${transactionToken(relayKeys.edge)}`],
    ['a text of 20 KB', `Bearer ${'x'.repeat(20_000)}`],
  ])('refuses %s in the words of the gateway', async (_name, authorization) => {
    // An HTTP API does not ask the authorizer where the identity source is missing; were it asked, the set-up is wrong.
    const event = events[kind]({ authorization: authorization ?? (kind === 'REST' ? undefined : '') });
    const logger = recordingLogger();
    const answer = authorizer({ logger })(event);
    if (kind === 'HTTP API') await expect(answer).resolves.toEqual({ isAuthorized: false });
    else await expect(answer).rejects.toEqual(expect.objectContaining({ name: 'Error', message: 'Unauthorized' }));
    expect(logger.ofType('audit')).toEqual([expect.objectContaining({ event: 'authenticate', outcome: 'denied' })]);
    expect(leakOf(authorization ?? '', logger.handed.join('\n'))).toBeUndefined();
  });

  it('does not call an outage of the provider a refusal', async () => {
    const server = await startKeyServer();
    server.answer = (response) => response.writeHead(503).end();
    const { entra } = invoicesDocument.identityProviders;
    const identityProviders = { entra: { ...entra, keys: { jwksUri: server.jwksUri } } };
    const logger = recordingLogger();
    const answer = resultFor(kind, {}, { policy: invoicesPolicy({ identityProviders }), logger });
    expect(await thrownBy(() => answer)).toMatchObject({ code: 'keys_unavailable' });
    expect(logger.lines).toMatchObject([
      { type: 'key_renewal', level: 'warn', outcome: 'failing' },
      { type: 'error', level: 'error', code: 'keys_unavailable' },
    ]);
    await server.close();
  });

  it('does not call an event that it cannot read a refusal', async () => {
    const logger = recordingLogger();
    const arn = kind === 'REST' ? 'methodArn' : 'routeArn';
    const event = changed(events[kind]({ authorization: bearer() }), { [arn]: undefined });
    expect(await codeOf(() => authorizer({ logger })(event))).toBe('event_invalid');
    expect(logger.lines).toHaveLength(1);
  });

  it.each([
    [true, 'allowed', 'clerk'],
    [false, 'denied', 'nobody'],
  ])('audits who came, and logs no token (let in: %p)', async (_allowed, outcome, role) => {
    const logger = recordingLogger();
    const authorization = bearer({ roles: [role === 'clerk' ? 'Invoices.Clerk' : role] });
    const result = await authorizer({ logger, policy: closedPolicy })(events[kind]({ authorization }));
    expect(logger.lines).toEqual([
      expect.objectContaining({
        type: 'audit',
        event: 'authenticate',
        outcome,
        subject: 'entra:7d3c',
        policy: closedPolicy.digest,
        correlationId: kind === 'REST' ? REST_REQUEST_ID : HTTP_REQUEST_ID,
      }),
    ]);
    const handed = logger.handed.join('\n');
    expect([authorization, contextOf(result).txnToken].map((token) => leakOf(token, handed))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('names the client’s address only where the result is not cached', async () => {
    const rctxOf = async (cacheTtlSeconds: number): Promise<unknown> => {
      const { txnToken } = contextOf(await resultFor(kind, {}, { cacheTtlSeconds }));
      return verifiedParts(txnToken, relayKeys.edge.publicKey).claims.rctx;
    };
    expect(await rctxOf(0)).toMatchObject({ req_ip: CLIENT_ADDRESS });
    expect(await rctxOf(1)).not.toHaveProperty('req_ip');
  });

  it('makes up a correlation ID where the gateway’s is unusable', async () => {
    const logger = recordingLogger();
    const requestContext = { requestId: 'a b\r\nc', extendedRequestId: undefined };
    await authorizer({ logger })(changed(events[kind]({ authorization: bearer() }), { requestContext }));
    expect(logger.lines[0]?.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

/** Nothing but one permission is open. */
const closedPolicy = invoicesPolicy({ routes: [invoicesDocument.routes[1]] });

describe('a REST result that the gateway caches', () => {
  const users = {
    clerk: { roles: ['Invoices.Clerk'] },
    approver: { roles: [], groups: ['Invoices.Approver'] },
    suspended: { roles: ['Invoices.Approver', 'Invoices.Suspended'] },
    exporter: { roles: [], scp: 'invoices.export' },
    copilot: { roles: ['Invoices.Approver'], act: { sub: 'copilot-client' } },
    'unknown actor': { roles: ['Invoices.Approver'], act: { sub: 'copilot' } },
    nobody: { roles: ['clerk', 'approver', 'entra:Invoices.Clerk'] },
  };
  const targets = [
    ['GET', '/health'],
    ['GET', '/invoices/7'],
    ['POST', '/invoices/7/approve'],
    ['GET', '/reports/2026/11'],
    ['GET', '/export'],
    ['DELETE', '/me'],
    ['GET', '/elsewhere'],
  ] as const;

  it.each(Object.entries(users))('says for %s and every route what the app will say', async (_name, claims) => {
    const authorize = authorizer();
    const authorization = bearer(claims);
    for (const [method, path] of targets) {
      const cached = (await authorize(restEvent({ authorization, method, path }))) as IamResult;
      const caller = await edge.verify(['Txn-Token', contextOf(cached).txnToken]);
      const gateway = targets.filter((target) => iamAllows(cached, `${REST_STAGE}/${target.join('')}`));
      const app = targets.filter(([m, p]) => policy.decideRoute({ method: m, path: p }, caller?.identity).allowed);
      expect(gateway).toEqual(app);
    }
  });
});

describe('what the app learns of the caller', () => {
  it.each([
    [
      'roles of members, of both claims',
      { roles: ['Invoices.Clerk'], groups: ['Invoices.Approver', 'x'] },
      ['clerk', 'approver'],
    ],
    ['no role of a name that happens to be one', { roles: ['clerk', 'Invoices.clerk', '__proto__'] }, []],
    ['no role of a text that lists several', { roles: 'Invoices.Clerk Invoices.Approver' }, []],
    ['a role of a text', { roles: 'Invoices.Clerk' }, ['clerk']],
  ])('%s', async (_name, claims, roles) => {
    expect((await callerBehind(claims)).identity.roles).toEqual(roles);
  });

  it.each([
    ['a known one by its name in the policy', { sub: 'copilot-client' }, { subject: 'copilot' }],
    ['an unknown one qualified, even if its name is in the policy', { sub: 'copilot' }, { subject: 'entra:copilot' }],
    [
      'a chain, link by link',
      { sub: 'copilot-client', act: { sub: 'agent', act: { sub: 'copilot-client' } } },
      { subject: 'copilot', actor: { subject: 'entra:agent', actor: { subject: 'copilot' } } },
    ],
  ])('the actor: %s', async (_name, act, actor) => {
    expect((await callerBehind({ act })).identity.actor).toEqual(actor);
  });

  it('how and when it signed in', async () => {
    const { identity } = await callerBehind({ acr: 'c1', amr: ['pwd', 'mfa'], auth_time: NOW - 9, idtyp: 'app' });
    expect(identity).toMatchObject({
      kind: 'application',
      authentication: {
        provider: 'entra',
        acr: 'c1',
        amr: ['pwd', 'mfa'],
        authTime: NOW - 9,
        providerExpiresAt: NOW + 3600,
      },
    });
  });

  // An Allow with a token that the app refuses would be a 401 that nobody can explain.
  it.each([
    ['empty texts', { acr: '', preferred_username: '', tid: '' }],
    ['times that are none', { auth_time: -1 }],
    ['other types', { acr: 7, amr: 'pwd', auth_time: 'now', preferred_username: {}, tid: [], scp: 7, roles: 7 }],
    ['a mixed list', { amr: ['pwd', 7] }],
    ['odd characters', { oid: 'a b/ü\u0000"\\\u2028', preferred_username: '😀 <script>' }],
    ['an end at a fraction of a second', { exp: NOW + 0.5 }],
  ])('is never a token that the app refuses: %s', async (_name, claims) => {
    const { identity } = await callerBehind(claims);
    expect(identity.subject).toBe(`entra:${(claims as { oid?: string }).oid ?? '7d3c'}`);
  });

  it.each([
    ['subject', { oid: 'x'.repeat(5000) }],
    ['name', { preferred_username: 'x'.repeat(5000) }],
    ['token', { preferred_username: 'x'.repeat(4000), tid: 'x'.repeat(4000) }],
  ])('a %s that the app would refuse is refused here', async (_name, claims) => {
    const message = await resultFor('REST', claims).catch((error: unknown) => (error as Error).message);
    expect(message).toBe('Unauthorized');
  });
});

describe('the token', () => {
  it.each([
    [0, 60],
    [300, 360],
    [840, 900],
  ])('outlives a cache of %d s: %d s', async (cacheTtlSeconds, lifetime) => {
    const { txnToken } = contextOf(await resultFor('REST', {}, { cacheTtlSeconds, requestingWorkload: 'edge-1' }));
    const { claims } = verifiedParts(txnToken, relayKeys.edge.publicKey);
    expect(claims).toMatchObject({ iat: NOW, exp: NOW + lifetime, req_wl: 'edge-1' });
  });

  it('is another one each time', async () => {
    const results = [await resultFor('REST'), await resultFor('REST')];
    expect(new Set(results.map((result) => contextOf(result).txnToken)).size).toBe(2);
  });
});

describe('two providers', () => {
  const okta = makeKey('ES256', { kid: 'key-1' });
  const { entra } = invoicesDocument.identityProviders;
  const identityProviders = {
    entra,
    okta: { ...entra, issuer: 'https://okta.example.com', keys: { jwks: { keys: [okta.publicJwk] } } },
  };
  const both = invoicesPolicy({ identityProviders });

  it('never let their equal names meet', async () => {
    const authorization = `Bearer ${providerToken(okta, { claims: { iss: 'https://okta.example.com', act: { sub: 'copilot-client' } } })}`;
    const { txnToken } = contextOf(await authorizer({ policy: both })(httpApiEvent({ authorization })));
    const { claims } = verifiedParts(txnToken, relayKeys.edge.publicKey);
    expect(claims).toMatchObject({ sub: 'okta:7d3c', tctx: { roles: [] }, act: { sub: 'okta:copilot-client' } });
  });

  it.each([
    ['the first', relayKeys.provider, 'https://okta.example.com'],
    ['the second', okta, PROVIDER_ISSUER],
  ])('%s cannot speak for the other with a key of the same ID', async (_name, key, iss) => {
    const authorization = `Bearer ${providerToken(key, { claims: { iss } })}`;
    expect(await authorizer({ policy: both })(httpApiEvent({ authorization }))).toEqual({ isAuthorized: false });
  });
});

describe('createAuthorizer()', () => {
  const longLived = invoicesPolicy({ edge: { ...invoicesDocument.edge, maxLifetimeSeconds: 3660 } });
  it.each([
    ['an unknown option', { cacheTtl: 300 }, 'option_unknown'],
    ['no object', null, 'option_invalid'],
    ['a fraction of a second', { cacheTtlSeconds: 0.5 }, 'option_invalid'],
    ['a negative time', { cacheTtlSeconds: -1 }, 'option_invalid'],
    ['more than the gateway can', { cacheTtlSeconds: 3601, policy: longLived }, 'option_invalid'],
    ['tokens that live longer than the app accepts', { cacheTtlSeconds: 841 }, 'option_invalid'],
    [
      'no identity provider',
      { policy: invoicesPolicy({ identityProviders: {}, roles: {}, actors: {}, routes: [] }) },
      'policy_invalid',
    ],
    ['a wildcard in the base path', { basePath: '/*' }, 'option_invalid'],
    ['a base path without slash', { basePath: 'invoices' }, 'option_invalid'],
    ['no text as base path', { basePath: 7 }, 'option_invalid'],
    ['a requesting workload that the app refuses', { requestingWorkload: '' }, 'option_invalid'],
    ['a key for another algorithm', { signer: jwkSigner(makeKey('EdDSA').privateJwk) }, 'key_invalid'],
    ['no key', { signer: undefined }, 'key_invalid'],
    ['a policy that is not there', { policy: '/nowhere/baton.policy.json' }, 'policy_missing'],
  ])('does not start with %s', async (_name, options, code) => {
    expect(await codeOf(() => (options === null ? createAuthorizer(null!) : authorizer(options as object)))).toBe(code);
  });

  it('takes what the edge allows', () => {
    expect(authorizer({ policy: longLived, cacheTtlSeconds: 3600, basePath: '/invoices/' })).toBeInstanceOf(Function);
  });
});
