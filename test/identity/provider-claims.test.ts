import { readProviderClaims } from '../../src/identity/provider-claims';
import type { ClaimsDocument } from '../../src/policy/document';
import { faultOf } from '../support/errors';

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
    ['an empty name', { '': 'x' }, '/', 'x'],
  ])('finds the subject at %s', (_name, claims, subject, expected) => {
    expect(read(claims, { subject }).subject).toBe(expected);
  });

  it.each([
    ['missing', {}],
    ['empty', { oid: '' }],
    ['a number', { oid: 7 }],
    ['null', { oid: null }],
    ['an object', { oid: { toString: 'x' } }],
    ['a list', { oid: ['x'] }],
  ])('refuses a subject that is %s', async (_name, claims) => {
    expect(await faultOf(() => read(claims, { subject: '/oid' }))).toBe('claims');
  });

  it.each(['/constructor/name', '/__proto__/x', '/roles/length', '/toString'])(
    'finds nothing of a prototype at %s',
    async (subject) => {
      expect(await faultOf(() => read({ roles: ['a'] }, { subject }))).toBe('claims');
    },
  );

  it.each([
    ['a list', { roles: ['A', 'B'] }, ['A', 'B']],
    ['a text, blanks and all', { roles: 'Team Lead' }, ['Team Lead']],
    ['several pointers, each value once', { roles: ['A'], groups: ['B', 'A'] }, ['A', 'B']],
    ['only the texts of a mixed list', { roles: ['A', 7, null, { a: 'B' }, ['C'], ''] }, ['A']],
    ['nothing of an object', { roles: { A: true } }, []],
    ['nothing where there is none', {}, []],
  ])('takes roles from %s', (_name, claims, expected) => {
    expect(read(claims, { roles: ['/roles', '/groups'] }).roleValues).toEqual(expected);
  });

  it.each([
    ['a text, split at blanks', { scp: 'a  b a' }, ['a', 'b']],
    ['a list', { scp: ['a', 'b'] }, ['a', 'b']],
    // Joined by blanks again, such a value would be two scopes.
    ['a list, without what is no scope token', { scp: ['a', 'b admin', 'c\td', 'é', 'q"'] }, ['a']],
  ])('takes scopes from %s', (_name, claims, expected) => {
    expect(read(claims, { scopes: '/scp' }).scopes).toEqual(expected);
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
