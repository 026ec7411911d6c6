import { readProviderClaims } from '../../src/identity/provider-claims';
import type { ClaimsDocument } from '../../src/policy/document';
import { faultOf, thrownBy } from '../support/errors';

const read = (
  claims: Record<string, unknown>,
  pointers: Partial<ClaimsDocument> = {},
): ReturnType<typeof readProviderClaims> =>
  readProviderClaims({ sub: 'u1', ...claims }, { subject: '/sub', ...pointers });

const chain = (length: number): unknown =>
  Array.from({ length }, (_, i) => `a${i}`).reduceRight<unknown>(
    (act, sub) => ({ sub, ...(act ? { act } : {}) }),
    null,
  );

describe('claims of a provider token', () => {
  it.each([
    ['a member', { oid: 'x' }, '/oid', 'x'],
    ['a nested one', { user: { id: 'x' } }, '/user/id', 'x'],
    ['an escaped slash', { 'https://example.com/id': 'x' }, '/https:~1~1example.com~1id', 'x'],
    ['an escaped tilde', { '~1': 'x' }, '/~01', 'x'],
    ['a list item', { ids: ['w', 'x'] }, '/ids/1', 'x'],
    ['the eleventh of a list', { ids: [...Array<string>(10).fill('w'), 'x'] }, '/ids/10', 'x'],
    ['a member of a list item', { ids: [{ id: 'x' }] }, '/ids/0/id', 'x'],
    ['an empty name', { '': 'x' }, '/', 'x'],
  ])('finds the subject at %s', (_name, claims, subject, expected) => {
    expect(read(claims, { subject }).subject).toBe(expected);
  });

  it.each([
    ['missing', {}],
    ['empty', { oid: '' }],
    ['a number', { oid: 7 }],
    ['a number that is not whole', { oid: 7.5 }],
    ['a number that is not exact', { oid: 2 ** 53 }],
    ['a boolean', { oid: true }],
    ['null', { oid: null }],
    ['an object', { oid: { toString: 'x' } }],
    ['a list', { oid: ['x'] }],
  ])('refuses a subject that is %s', async (_name, claims) => {
    expect(await faultOf(() => read(claims, { subject: '/oid' }))).toBe('claims');
  });

  it.each([{ user: null }, { user: 'x' }, { user: 7 }, { user: [] }, {}])('finds nothing in %j', async (claims) => {
    expect(await faultOf(() => read(claims, { subject: '/user/id' }))).toBe('claims');
  });

  it('does not take the length of a list for a value', () => {
    expect(read({ groups: ['A'] }, { roles: '/groups/length' }).roleValues).toEqual([]);
  });

  it.each(['/constructor/name', '/__proto__/x', '/roles/length', '/roles/00', '/toString'])(
    'finds nothing of a prototype at %s',
    async (subject) => {
      expect(await faultOf(() => read({ roles: ['a'] }, { subject }))).toBe('claims');
    },
  );

  it.each([
    ['a list', { roles: ['A', 'B'] }, ['A', 'B']],
    ['a text, blanks and all', { roles: ' Team Lead ' }, [' Team Lead ']],
    ['texts of a list, blanks and all', { roles: [' A ', ' '] }, [' A ', ' ']],
    ['nothing of what is no value', { roles: [null, {}], groups: 'A' }, ['A']],
    ['several pointers, each value once', { roles: ['A'], groups: ['B', 'A'] }, ['A', 'B']],
    [
      'texts and whole numbers of a mixed list',
      { roles: ['A', 7, 7.5, 2 ** 53, null, { a: 'B' }, ['C'], ''] },
      ['A', '7'],
    ],
    ['a number', { roles: 42 }, ['42']],
    ['nothing of an object', { roles: { A: true } }, []],
    ['nothing where there is none', {}, []],
  ])('takes roles from %s', (_name, claims, expected) => {
    expect(read(claims, { roles: ['/roles', '/groups'] }).roleValues).toEqual(expected);
  });

  it.each([
    ['a text, split at blanks', { scp: ' read  write read' }, ['read', 'write']],
    ['a list', { scp: ['a', 'b'] }, ['a', 'b']],
    // Joined by blanks again, such a value would be two scopes.
    ['a list, without what is no scope token', { scp: ['a', 'b admin', 'c\td', 'é', 'q"'] }, ['a']],
  ])('takes scopes from %s', (_name, claims, expected) => {
    expect(read(claims, { scopes: '/scp' }).scopes).toEqual(expected);
  });

  it.each<[string, ClaimsDocument['roles'], unknown, string[]]>([
    ['a text, split', { pointer: '/x', split: '|' }, 'A| B b |A||', ['A', 'B b']],
    ['the texts of a list, split', { pointer: '/x', split: ',' }, ['A,B', 'C'], ['A', 'B', 'C']],
    ['a text that only looks split', { pointer: '/x' }, 'A|B', ['A|B']],
    ['JSON text of a list', { pointer: '/x', json: true }, '["A","B",7]', ['A', 'B', '7']],
    ['JSON text of a text', { pointer: '/x', json: true }, '"A"', ['A']],
    ['JSON text of a number', { pointer: '/x', json: true }, '42', ['42']],
    ['JSON text of a text, split', { pointer: '/x', json: true, split: ',' }, '"A,B"', ['A', 'B']],
    ['a real list where JSON text may come', { pointer: '/x', json: true }, ['A', '["B"]'], ['A', '["B"]']],
    ['nothing of JSON null', { pointer: '/x', json: true }, 'null', []],
    ['nothing where there is none', { pointer: '/x', json: true }, undefined, []],
    ['two places', ['/x', { pointer: '/y', split: ' ' }], 'A B', ['A B', 'C', 'D']],
  ])('takes roles from %s', (_name, roles, x, expected) => {
    expect(read({ x, y: 'C D' }, roles === undefined ? {} : { roles }).roleValues).toEqual(expected);
  });

  it('splits scopes as the policy says, and at blanks by default', () => {
    expect(read({ scp: 'a,b c' }, { scopes: { pointer: '/scp', split: ',' } }).scopes).toEqual(['a']);
    expect(read({ scp: '["a","b"]' }, { scopes: { pointer: '/scp', json: true } }).scopes).toEqual(['a', 'b']);
  });

  it.each(['A', '["A"', '{A}', ''])('refuses %j where JSON text is expected, and does not repeat it', async (x) => {
    const error = await thrownBy(() => read({ x }, { roles: { pointer: '/x', json: true } }));
    expect([error.code, error.reason, error.cause]).toEqual(['token_invalid', 'claims', undefined]);
    expect(error.message).toBe('The claim at /x is not JSON.');
  });

  it.each<[string, Partial<ClaimsDocument>, Record<string, unknown>]>([
    ['groups of Entra', { roles: ['/roles', '/groups'] }, { roles: ['A'], _claim_names: { groups: 'src1' } }],
    ['groups beside those that are there', { roles: '/groups' }, { groups: ['A'], _claim_names: { groups: 'src1' } }],
    ['groups by hasgroups', { roles: '/groups' }, { hasgroups: true }],
    ['groups by hasgroups as text', { roles: { pointer: '/groups', split: ',' } }, { hasgroups: 'true' }],
    ['what a deeper pointer leads through', { roles: '/realm/roles' }, { _claim_names: { realm: 'src1' } }],
    ['the subject', { subject: '/oid' }, { _claim_names: { oid: 'src1' } }],
    ['the actor', {}, { _claim_names: { act: 'src1' } }],
    ['the kind', { kind: '/idtyp' }, { _claim_names: { idtyp: 'src1' } }],
  ])('refuses a token that leaves out %s: unknown is not none', async (_name, pointers, claims) => {
    expect(await faultOf(() => read(claims, pointers))).toBe('overage');
  });

  it.each<[string, Partial<ClaimsDocument>, Record<string, unknown>]>([
    ['that nobody maps', { roles: '/roles' }, { roles: ['A'], _claim_names: { groups: 'src1' }, hasgroups: true }],
    ['of a prototype', { roles: '/roles' }, { roles: ['A'], _claim_names: Object.create({ roles: 'x' }) as object }],
    ['in no object', { roles: '/roles' }, { roles: ['A'], _claim_names: 'roles', hasgroups: false }],
  ])('minds no left-out claim %s', (_name, pointers, claims) => {
    expect(read(claims, pointers).roleValues).toEqual(['A']);
  });

  it.each([
    ['client-credentials', 'application'],
    ['service', 'application'],
    ['Client-Credentials', 'user'],
    ['app', 'user'],
    [undefined, 'user'],
  ])('a grant type of %p is %s where the policy says what means an application', (gty, expected) => {
    const kind = { pointer: '/gty', application: ['client-credentials', 'service'] };
    expect(read({ gty }, { kind }).kind).toBe(expected);
  });

  it.each([
    ['service', 'application'],
    ['serv', 'user'],
    ['', 'user'],
    [undefined, 'user'],
  ])('a grant type of %p is %s where one value means an application', (gty, expected) => {
    expect(read({ gty }, { kind: { pointer: '/gty', application: 'service' } }).kind).toBe(expected);
  });

  it('a user may be called like an application where none is marked', () => {
    expect(read({ sub: 'application:x' }).subject).toBe('application:x');
  });

  describe('an application', () => {
    const pointers = { applicationSubject: '/azp', kind: '/idtyp' };
    it('has the subject of its own claim, marked as an application', () => {
      expect(read({ idtyp: 'app', azp: 'batch' }, pointers).subject).toBe('application:batch');
      expect(read({ idtyp: 'app', azp: 'batch' }, { kind: '/idtyp' }).subject).toBe('u1');
      expect(read({ azp: 'web' }, pointers).subject).toBe('u1');
    });

    it.each([
      ['without that claim', { idtyp: 'app' }],
      ['that a user pretends to be', { sub: 'application:batch' }],
    ])('%s is refused', async (_name, claims) => {
      expect(await faultOf(() => read(claims, pointers))).toBe('claims');
    });
  });

  it.each([
    ['app', 'application'],
    ['Application', 'application'],
    ['user', 'user'],
    ['', 'user'],
    [undefined, 'user'],
    [true, 'user'],
  ])('a kind of %p is %s', (idtyp, expected) => {
    expect(read({ idtyp }, { kind: '/idtyp' }).kind).toBe(expected);
  });

  it.each([
    ['none', undefined, undefined],
    ['an object', { sub: 'a0', extra: 1 }, { sub: 'a0' }],
    ['a text, as other claims have it', 'a0', { sub: 'a0' }],
    ['a chain of four', chain(4), chain(4)],
  ])('reads an actor: %s', (_name, act, expected) => {
    expect(read({ act }).actor).toEqual(expected);
  });

  it.each([
    ['null', null],
    ['an empty text', ''],
    ['a number', 7],
    ['a list', ['copilot']],
    ['an object without sub', { client_id: 'copilot' }],
    ['an empty sub', { sub: '' }],
    ['a sub that is no text', { sub: ['copilot'] }],
    ['a malformed one further down', { sub: 'a0', act: null }],
    ['a text further down', { sub: 'a0', act: 'a1' }],
    ['a chain of five', chain(5)],
  ])('refuses a malformed actor: %s', async (_name, act) => {
    expect(await faultOf(() => read({ act }))).toBe('claims');
  });

  it('reads the actor at the pointer of the policy', () => {
    expect(read({ azp: 'copilot', act: null }, { actor: '/azp' }).actor).toEqual({ sub: 'copilot' });
  });

  it('takes name and tenant as texts, or not at all', () => {
    const pointers = { name: '/name', tenant: '/tid' };
    expect(read({ name: 'Ada', tid: 't1' }, pointers)).toMatchObject({ name: 'Ada', tenant: 't1' });
    expect(read({ name: ['Ada'], tid: '' }, pointers)).toMatchObject({ name: undefined, tenant: undefined });
  });
});
