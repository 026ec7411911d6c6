import { pickTransactionClaims, readTransactionClaims } from '../../src/token/transaction-claims';
import { faultOf } from '../support/errors';
import { travellingClaims } from '../support/tokens';

const { tctx, rctx } = travellingClaims;
const minimal = { sub: 'a', scope: '', txn: 't', tctx: { roles: [], kind: 'application' } };
const actors = (depth: number): object =>
  depth === 1 ? { sub: 'actor-1' } : { sub: `actor-${depth}`, act: actors(depth - 1) };

describe('readTransactionClaims', () => {
  it('reads the least that a token can say', () => {
    const claims = readTransactionClaims(minimal);
    expect(claims).toEqual({ ...minimal, rctx: {} });
    expect(Object.keys(claims)).not.toContain('act');
  });

  it('reads a chain of four actors, the current one outermost', () => {
    expect(readTransactionClaims({ ...minimal, act: actors(4) }).act).toEqual(actors(4));
  });

  it.each([
    ['sub', { sub: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: 7 }],
    ['sub', { sub: ['entra:7d3c'] }],
    ['sub', { sub: { toString: 'x' } }],
    ['sub', { sub: 'x'.repeat(5000) }],
    ['scope', { scope: undefined }],
    ['scope', { scope: ['a'] }],
    ['scope', { scope: null }],
    ['txn', { txn: undefined }],
    ['txn', { txn: '' }],
    ['txn', { txn: 7 }],
    ['tctx', { tctx: undefined }],
    ['tctx', { tctx: null }],
    ['tctx', { tctx: [] }],
    ['tctx', { tctx: 'clerk' }],
    ['tctx.roles', { tctx: { ...tctx, roles: undefined } }],
    ['tctx.roles', { tctx: { ...tctx, roles: 'clerk' } }],
    ['tctx.roles', { tctx: { ...tctx, roles: ['clerk', 7] } }],
    ['tctx.roles', { tctx: { ...tctx, roles: [['clerk']] } }],
    ['tctx.roles', { tctx: { ...tctx, roles: { 0: 'clerk', length: 1 } } }],
    ['tctx.roles', { tctx: { ...tctx, roles: Array(257).fill('clerk') } }],
    ['tctx.kind', { tctx: { ...tctx, kind: undefined } }],
    ['tctx.kind', { tctx: { ...tctx, kind: 'admin' } }],
    ['tctx.kind', { tctx: { ...tctx, kind: ['user'] } }],
    ['tenant', { tctx: { ...tctx, tenant: 7 } }],
    ['tenant', { tctx: { ...tctx, tenant: null } }],
    ['name', { tctx: { ...tctx, name: '' } }],
    ['policy', { tctx: { ...tctx, policy: {} } }],
    ['rctx', { rctx: null }],
    ['rctx', { rctx: [] }],
    ['rctx', { rctx: 'x' }],
    ['idp', { rctx: { ...rctx, idp: 7 } }],
    ['acr', { rctx: { ...rctx, acr: [] } }],
    ['rctx.amr', { rctx: { ...rctx, amr: 'pwd' } }],
    ['rctx.amr', { rctx: { ...rctx, amr: [null] } }],
    ['rctx.amr', { rctx: { ...rctx, amr: null } }],
    ['auth_time', { rctx: { ...rctx, auth_time: '1' } }],
    ['auth_time', { rctx: { ...rctx, auth_time: -1 } }],
    ['req_ip', { rctx: { ...rctx, req_ip: 7 } }],
    ['idp_exp', { rctx: { ...rctx, idp_exp: null } }],
    ['idp_exp', { rctx: { ...rctx, idp_exp: '9999999999' } }],
    ['act', { act: null }],
    ['act', { act: 'copilot' }],
    ['act', { act: [{ sub: 'copilot' }] }],
    ['sub', { act: {} }],
    ['sub', { act: { sub: '' } }],
    ['sub', { act: { sub: 'a', act: { sub: 7 } } }],
    ['act', { act: { sub: 'a', act: null } }],
    ['act', { act: actors(5) }],
    ['act', { act: actors(200) }],
  ] as [string, object][])('refuses a malformed %s: %#', async (name, change) => {
    const act = (): unknown => readTransactionClaims({ ...travellingClaims, ...change });
    expect(await faultOf(act)).toBe('claims');
    expect(act).toThrow(new RegExp(`^The token's ${name.replace('.', '\\.')} `));
  });
});

describe('pickTransactionClaims', () => {
  it('leaves out what does not travel and what is not there', () => {
    const more = { ...travellingClaims, iss: 'x', exp: 1, act: undefined };
    expect(Object.keys(pickTransactionClaims(more as never)).sort()).toEqual(['rctx', 'scope', 'sub', 'tctx', 'txn']);
  });
});
