import { BatonError } from '../../src/core/errors';
import type { VerifiedCaller } from '../../src/identity/assertion';
import { createEdge } from '../../src/identity/edge';
import { compilePolicy } from '../../src/policy/policy';
import { clock, document, key } from '../middleware/apps';
import { codeOf, faultOf } from '../support/errors';
import { startKeyServer } from '../support/key-server';
import { NOW, transactionToken, travellingClaims, type TokenChanges } from '../support/tokens';

const edge = createEdge(compilePolicy(document, {}), { clock });
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
