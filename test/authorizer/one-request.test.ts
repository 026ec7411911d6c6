import type { VerifiedCaller } from '../../src/identity/assertion';
import { createAuthorizer, type AuthorizerOptions } from '../../src/authorizer/authorizer';
import { createEdge } from '../../src/identity/edge';
import { jwkSigner } from '../../src/jws/sign';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { httpApiEvent, restEvent } from '../support/authorizer-events';
import { faultOf, thrownBy } from '../support/errors';
import { policyDocument } from '../support/policies';
import { recordingLogger } from '../support/recording-logger';
import { AUDIENCE, ISSUER, makeKey, NOW, PROVIDER_AUDIENCE, PROVIDER_ISSUER, providerToken } from '../support/tokens';

const clock = (): number => NOW * 1000;
const gateway = makeKey();
const provider = makeKey('ES256', { kid: 'provider' });
const authorization = `Bearer ${providerToken(provider)}`;

function policyWith(modes: object): Policy {
  const keys = (key: typeof gateway): object => ({ algorithms: ['ES256'], keys: { jwks: { keys: [key.publicJwk] } } });
  return compilePolicy(
    policyDocument({
      edge: { profile: 'txn-token', issuer: ISSUER, audience: AUDIENCE, ...keys(gateway), ...modes },
      identityProviders: {
        entra: {
          issuer: PROVIDER_ISSUER,
          audience: PROVIDER_AUDIENCE,
          ...keys(provider),
          claims: { subject: '/oid', roles: ['/roles'] },
        },
      },
    }),
    {},
  );
}

const make = (policy: Policy, options: AuthorizerOptions = {}): ReturnType<typeof createAuthorizer> =>
  createAuthorizer({
    policy,
    signer: jwkSigner(gateway.privateJwk),
    clock,
    cacheTtlSeconds: 0,
    logger: recordingLogger(),
    ...options,
  });

/** What the app makes of the token that the authorizer gave for this event, on this request. */
async function useToken(
  policy: Policy,
  event: object,
  [method = '', path = '']: readonly string[],
  options?: AuthorizerOptions,
): Promise<VerifiedCaller> {
  const { context } = await make(policy, options)(event);
  const edge = createEdge(policy, { clock });
  return (await edge.verify(['Txn-Token', context!.txnToken], () => ({ method, path })))!;
}

const bound = policyWith({ bind: 'route' });

describe.each([
  ['REST', restEvent],
  ['an HTTP API', httpApiEvent],
])('%s', (_kind, eventOf) => {
  const event = (method = 'GET', path = '/invoices/7'): object => eventOf({ authorization, method, path });

  it('binds the token to the method and path that the client called', async () => {
    const caller = await useToken(bound, event('POST', '/invoices/7/approve'), ['POST', '/invoices/7/approve']);
    expect(caller.transaction.rctx.req_bind).toMatch(/^[A-Za-z0-9_-]{43}$/);
    for (const other of [
      ['GET', '/invoices/7/approve'],
      ['POST', '/invoices/8/approve'],
      ['POST', '/invoices/7'],
    ]) {
      expect(await faultOf(() => useToken(bound, event('POST', '/invoices/7/approve'), other))).toBe('binding');
    }
  });

  it.each([
    ['/invoices/7', '/invoices/7/'],
    ['/invoices/7/', '/invoices/7'],
    ['/invoices/a b', '/invoices/a%20b'],
    ['/invoices/ä', '/invoices/%C3%A4'],
    ['/invoices/a%2520b', '/invoices/a%20b'],
    ['/', '/'],
    ['/invoices/%', '/invoices/%'],
  ])('knows the path %s again as %s', async (theirs, ours) => {
    expect(await useToken(bound, event('GET', theirs), ['GET', ours])).toBeDefined();
  });

  it('takes the base path off', async () => {
    const options = { basePath: '/shop' };
    expect(await useToken(bound, event('GET', '/shop/invoices/7'), ['GET', '/invoices/7'], options)).toBeDefined();
    expect(await useToken(bound, event('GET', '/shop'), ['GET', '/'], options)).toBeDefined();
    expect(await useToken(bound, event('GET', '/shopping'), ['GET', '/shopping'], options)).toBeDefined();
  });

  it('binds nothing where the policy does not ask', async () => {
    const caller = await useToken(policyWith({}), event(), ['DELETE', '/elsewhere']);
    expect(caller.transaction.rctx).not.toHaveProperty('req_bind');
  });

  it('mints tokens that work once, each call one of its own', async () => {
    const policy = policyWith({ replay: 'reject' });
    const authorize = make(policy);
    const tokens = [await authorize(event()), await authorize(event())].map(({ context }) => context!.txnToken);
    const edge = createEdge(policy, { clock });
    const use = (token = ''): unknown => edge.verify(['Txn-Token', token]);
    for (const token of tokens) expect(await use(token)).toBeDefined();
    for (const token of tokens) expect(await faultOf(() => use(token))).toBe('replayed');
  });
});

it('takes the stage off where the gateway leaves it on', async () => {
  const event = httpApiEvent({ authorization, path: '/prod/invoices/7' });
  const staged = { ...event, requestContext: { ...(event.requestContext as object), stage: 'prod' } };
  const http = { method: 'GET', path: '/prod/invoices/7' };
  (staged.requestContext as Record<string, unknown>).http = http;
  expect(await useToken(bound, staged, ['GET', '/invoices/7'])).toBeDefined();
});

describe('a gateway that caches', () => {
  it.each<[object, AuthorizerOptions, string]>([
    [{ replay: 'reject' }, { cacheTtlSeconds: 300 }, '/edge/replay'],
    [{ bind: 'route' }, { cacheTtlSeconds: 1 }, '/edge/bind'],
    [{ bind: 'route', replay: 'reject' }, { cacheTtlSeconds: undefined! }, '/edge/replay and /edge/bind'],
  ])('cannot keep %j: the start says so', async (modes, options, named) => {
    const error = await thrownBy(() => make(policyWith(modes), options));
    expect(error).toMatchObject({ code: 'option_invalid' });
    expect(error.message).toContain(named);
    expect(error.message).toContain('authorizerResultTtlInSeconds');
  });

  it('does not matter where the policy asks for neither', () => {
    expect(() => make(policyWith({}), { cacheTtlSeconds: 300 })).not.toThrow();
  });
});

it('an edge that is not told of the request lets no bound token in', async () => {
  const { context } = await make(bound)(restEvent({ authorization }));
  const edge = createEdge(bound, { clock });
  expect(await thrownBy(() => edge.verify(['Txn-Token', context!.txnToken]))).toMatchObject({ code: 'option_invalid' });
});
