import { randomUUID } from 'node:crypto';
import type { RouteRequest } from '../../src/core/access';
import { BatonError } from '../../src/core/errors';
import type { ReplayStore } from '../../src/core/replay';
import type { VerifiedCaller } from '../../src/identity/assertion';
import { createEdge, type Edge } from '../../src/identity/edge';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { requestBinding } from '../../src/token/request-binding';
import { clock, document, key, policyOf } from '../middleware/apps';
import { headersOf, keyServerOf, policyBehind, standInOf } from '../support/edges';
import { codeOf, faultOf } from '../support/errors';
import { startKeyServer } from '../support/key-server';
import { NOW, transactionToken, travellingClaims, type TokenChanges } from '../support/tokens';

let edge: Edge;
beforeEach(() => (edge = createEdge(policyOf(), { clock })));
const verify = async (changes: TokenChanges = {}): Promise<VerifiedCaller | undefined> =>
  edge.verify(['Txn-Token', transactionToken(key, changes)]);

describe('the edge txn-token', () => {
  it('gives the identity and the claims that a hand-over takes on', async () => {
    const caller = await verify({ claims: { extra: 'not taken' } });
    expect(caller?.transaction).toEqual(travellingClaims);
    expect(caller?.identity).toMatchObject({ subject: 'entra:7d3c', scopes: ['invoices.read', 'invoices.write'] });
    expect(caller?.identity).not.toHaveProperty('actor');
  });

  it('knows absent from invalid', async () => {
    expect(await edge.verify([])).toBeUndefined();
    expect(await edge.verify(['Txn-Token', ''])).toBeUndefined();
    expect(await codeOf(() => edge.verify(['Txn-Token', ' ']))).toBe('token_invalid');
  });

  it.each([
    ['exp at the edge of the tolerance', { exp: NOW - 29, iat: NOW - 300 }, undefined],
    ['exp beyond it', { exp: NOW - 30, iat: NOW - 300 }, 'expired'],
    ['iat ahead within it', { iat: NOW + 30, exp: NOW + 60 }, undefined],
    ['iat ahead beyond it', { iat: NOW + 31, exp: NOW + 60 }, 'not_yet_valid'],
    ['the longest lifetime', { iat: NOW, exp: NOW + 900 }, undefined],
    ['one second more', { iat: NOW, exp: NOW + 901 }, 'lifetime'],
    ["the provider's end", { rctx: { idp_exp: NOW - 30 } }, 'expired'],
    ['no req_wl', { req_wl: undefined }, 'claims'],
    ['roles that are no list', { tctx: { kind: 'user', roles: 'approver' } }, 'claims'],
    [
      'five actors',
      { act: { sub: 'a', act: { sub: 'b', act: { sub: 'c', act: { sub: 'd', act: { sub: 'e' } } } } } },
      'claims',
    ],
  ])('%s', async (_name, claims, fault) => {
    if (fault === undefined) expect(await verify({ claims })).toBeDefined();
    else expect(await faultOf(() => verify({ claims }))).toBe(fault);
  });

  it('ends with the token or with the sign-in, whichever is first', async () => {
    expect((await verify({ claims: { rctx: { idp_exp: NOW + 10 } } }))?.identity.expiresAt).toBe(NOW + 10);
    expect((await verify())?.identity.expiresAt).toBe(NOW + 360);
  });

  it.each(['__proto__', 'constructor'])('a claim named %s touches no prototype', async (name) => {
    const claims = JSON.parse(`{"${name}":{"polluted":true,"prototype":{"polluted":true}}}`) as Record<string, unknown>;
    const tctx = JSON.parse(`{"kind":"user","roles":[],"${name}":{"roles":["approver"],"tenant":"x"}}`) as object;
    const outcome = await verify({ claims: { ...claims, tctx } }).catch((error: unknown) => error);
    if (outcome instanceof BatonError) expect(outcome.code).toBe('token_invalid');
    else expect(outcome).toMatchObject({ identity: { roles: [] }, transaction: { tctx: { kind: 'user', roles: [] } } });
    expect((outcome as { identity?: object }).identity ?? {}).not.toHaveProperty('tenant');
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });

  it('asks no key server about a request without assertion or with a malformed one', async () => {
    const server = await startKeyServer([key.publicJwk]);
    const remote = createEdge(
      compilePolicy({ ...document, edge: { ...document.edge, keys: { jwksUri: server.jwksUri } } }, {}),
      { clock },
    );
    await remote.verify([]);
    for (const headers of [
      ['Txn-Token', 'x'],
      ['Txn_Token', 'x'],
      ['Txn-Token', 'eyJh.eyJh.x'],
    ]) {
      await codeOf(() => remote.verify(headers));
    }
    expect(server.fetches()).toBe(0);
    expect(await remote.verify(['Txn-Token', transactionToken(key)])).toBeDefined();
    expect(server.fetches()).toBe(1);
    await server.close();
  });
});

describe('a verdict', () => {
  it('is shared by those who ask at once, and remembered to the end of the tolerance', async () => {
    let now = clock();
    const own = createEdge(policyOf(), { clock: () => now });
    const headers = ['Txn-Token', transactionToken(key, { claims: { exp: NOW + 60 } })];
    const [one, other] = await Promise.all([own.verify(headers), own.verify(headers)]);
    expect(other).toBe(one);
    now += 89_999;
    expect(own.verify(headers)).toBe(one);
    now += 1;
    expect(await faultOf(() => own.verify(headers))).toBe('expired');
  });

  it('of the very first assertion does not outlive its keys either, when they could not be renewed for a day', async () => {
    const standIn = standInOf('oidc');
    const [name, assertion] = headersOf(standIn, { claims: { exp: NOW + 28 * 3600 } });
    let [now, fetch] = [clock(), keyServerOf(standIn, [])];
    const own = createEdge(policyBehind(standIn), { clock: () => now, fetch: (...of) => fetch(...of) });
    expect(await own.verify([name, assertion])).toBeDefined();
    fetch = () => Promise.reject(new TypeError('down'));
    now += 24 * 3600_000 + 1;
    expect(await codeOf(() => own.verify([name, assertion]))).toBe('keys_unavailable');
  });

  it('is not remembered where it was a refusal', async () => {
    let now = clock() - 31_000;
    const own = createEdge(policyOf(), { clock: () => now });
    const headers = ['Txn-Token', transactionToken(key)];
    expect(await faultOf(() => own.verify(headers))).toBe('not_yet_valid');
    now += 1000;
    expect(await own.verify(headers)).toBeDefined();
  });
});

describe('a token that works once, for one route', () => {
  const route = (): RouteRequest => ({ method: 'GET', path: '/invoices/7' });
  const rctx = { ...travellingClaims.rctx, req_bind: requestBinding(route()) };
  const token = (): string => transactionToken(key, { claims: { exp: NOW + 60, rctx, txn: randomUUID() } });
  const policy = (): Policy => policyOf({ edge: { ...document.edge, replay: 'reject', bind: 'route' } });

  it('is let in for that route, once, in the default store too, which goes by the clock at hand', async () => {
    const headers = ['Txn-Token', token()];
    let now = clock();
    const own = createEdge(policy(), { clock: () => now });
    expect(await faultOf(() => own.verify(headers, () => ({ method: 'POST', path: '/invoices/7' })))).toBe('binding');
    expect(await own.verify(headers, route)).toMatchObject({ identity: { subject: 'entra:7d3c' } });
    expect(await faultOf(() => own.verify(headers, route))).toBe('replayed');
    now += 89_999;
    expect(await faultOf(() => own.verify(headers, route))).toBe('replayed');
  });

  it('is asked for in the store that was handed in, under its own ID each', async () => {
    const ids: string[] = [];
    const store: ReplayStore = { firstUse: async (id) => ids.push(id) > 0 };
    const own = createEdge(policy(), { clock, replayStore: () => store });
    for (const headers of [['Txn-Token', token()], ['Txn-Token', token()], []]) await own.verify(headers, route);
    expect(new Set(ids).size).toBe(2);
  });
});
