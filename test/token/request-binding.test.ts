import { createHash } from 'node:crypto';
import { requestBinding } from '../../src/token/request-binding';

const of = (path: string, method = 'GET'): string => requestBinding({ method, path });

it('is SHA-256 over method and path, as base64url', () => {
  const digest = createHash('sha256').update('GET /invoices/7').digest('base64url');
  expect(of('/invoices/7')).toBe(digest);
});

it.each([
  ['/a b', '/a%20b'],
  ['/a b', '/a%2520b'],
  ['/é', '/%C3%A9'],
  ['/a', '/a/'],
  ['/a', '/a//'],
  ['/a', '/a%2F'],
  // What cannot be decoded any further stays what it is by then.
  ['/%zz', '/%25zz'],
])('is the same for %s and %s, which servers on the way make of each other', (one, other) => {
  expect(of(other)).toBe(of(one));
});

it.each([
  ['/a', '/A'],
  ['/a', '/a/b'],
  ['/a', '/'],
  ['/a/b', '/a//b'],
  ['/', ''],
  ['/a', 'a'],
  ['/a', '/a%20'],
])('is another one for %s and %s', (one, other) => {
  expect(of(other)).not.toBe(of(one));
});

it('is another one for another method', () => {
  expect(of('/a', 'POST')).not.toBe(of('/a'));
});

it('looks through four layers of encoding, and not for ever', () => {
  const layers = (count: number): string => `/a%${'25'.repeat(count - 1)}20b`;
  expect(of(layers(4))).toBe(of('/a b'));
  expect(of(layers(5))).not.toBe(of('/a b'));
  expect(of(layers(5))).toBe(of('/a%20b'.replace('%20', '%2525252520')));
});
