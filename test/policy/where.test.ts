import { makeIdentity, makePolicy } from '../support/policies';
import { satisfiesWhere } from '../../src/policy/where';

const user = { ...makeIdentity(), tenant: 'acme' };

it.each<[string, string, string, boolean]>([
  ['acme', '', 'acme', true],
  ['me', 'ac', 'acme', true],
  ['%61cme', '', 'acme', true],
  // What cannot be decoded equals nothing, whatever it is called.
  ['%zz', '', 'undefined', false],
  ['%zz', 't-', 't-undefined', false],
  ['', '', '', false],
  ['', 'acme', 'acme', false],
])('the parameter %j after %j is %j: %s', (part, prefix, tenant, equal) => {
  expect(satisfiesWhere({ position: 1, field: '/tenant', prefix }, { ...user, tenant }, ['t', part])).toBe(equal);
});

it.each([
  ['/subject', 'entra:7', true],
  ['/subject', 'bot', false],
  ['/tenant', 'acme', true],
  ['/actor/subject', 'bot', true],
  ['/actor/subject', 'relay', false],
] as const)('%s is %s: %s', (field, value, equal) => {
  const identity = { ...user, subject: 'entra:7', actor: { subject: 'bot', actor: { subject: 'relay' } } };
  expect(satisfiesWhere({ position: 0, field, prefix: '' }, identity, [encodeURIComponent(value)])).toBe(equal);
});

it('is no parameter that the path lacks', () => {
  expect(satisfiesWhere({ position: 1, field: '/tenant', prefix: 'acme' }, user, ['t'])).toBe(false);
});

it('takes an unreadable parameter for nobody’s', () => {
  const { decideRoute } = makePolicy({ routes: [{ path: '/t/{t}/x', where: { t: '/tenant' } }] });
  const decision = decideRoute({ method: 'GET', path: '/t/%zz/x' }, { ...user, tenant: 'undefined' });
  expect(decision).toMatchObject({ reason: 'resource_mismatch', required: '/tenant', rule: '/routes/0' });
});
