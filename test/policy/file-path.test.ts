import { filePath } from '../../src/policy/file-path';
import { makeIdentity, makePolicy } from '../support/policies';

it.each<[string, string, boolean]>([
  ['/%61dmin/report', '/admin/report', false],
  ['/%61', '/a', false],
  ['/%61/', '/a/', false],
  ['/a%2Fb', '/a/b', false],
  ['/a%2F', '/a/', false],
  ['/%2F', '/', false],
  ['/a//b', '/a/b', false],
  ['//', '/', false],
  ['/a%20b', '/a b', false],
  ['/a/./b', '/a/b', true],
  ['/a/..', '/', true],
  ['/a/../b', '/b', true],
  ['/../../a', '/a', true],
  ['/a/%2e%2e/b/', '/b/', true],
  ['/a%2F..%2Fb', '/b', true],
  ['/a%5Cb', '/a/b', true],
  ['/a%5C', '/a/', true],
  ['/a%5c..%5Cb', '/b', true],
  ['/admin::$INDEX_ALLOCATION/x', '/admin/x', true],
  ['/admin:$I30:$INDEX_ALLOCATION/x', '/admin/x', true],
  ['/admin:$i30:$index_allocation/x', '/admin/x', true],
  ['/admin%3A%24i30%3A$INDEX_ALLOCATION/x', '/admin/x', true],
  ['/x/admin:$I30:$INDEX_ALLOCATION%0A/..%5Cy', '/x/y', true],
  ['/a.txt::$DATA', '/a.txt', true],
  ['/a.txt:note:$DATA', '/a.txt', true],
  ['/a.txt:$DATA', '/a.txt', true],
  // `..` takes back the step before it, also one that is nothing but a stream: a server resolves it by the text alone.
  ['/q/../admin/:$y/../x', '/admin/x', true],
  ['/q/../admin/::$y/../x', '/admin/x', true],
  ['/admin/..:$y/x', '/admin/../x', true],
  // Decoded once, as a server of files does.
  ['/%252e%252e/%61', '/%252e%252e/a', false],
])('the file of %s is that of %s', (path, file, wanders) => {
  expect(filePath(path)).toEqual({ path: file, wanders });
});

it.each([
  '/',
  '/a/b',
  '/a/b/',
  '/a..b',
  '/.a',
  '/...',
  '/a:b',
  '/a::b',
  '/$a:',
  '/a%2525',
  '/%',
  '/%zz',
  '/%E9',
  '/%61%00',
])('%s is a file by the path as it came, or none', (path) => {
  expect(filePath(path)).toBeUndefined();
});

describe('a request whose file is found by another path', () => {
  const policy = makePolicy({
    routes: [
      { path: '/{any+}', authenticated: true },
      { path: '/admin/{rest+}', permission: 'invoice:approve' },
    ],
  });
  const narrow = makePolicy({
    routes: [
      { path: '/files/{name}', permission: 'invoice:read' },
      { path: '/open/{name}', public: true },
    ],
  });
  it.each<[string, typeof policy, string, string[] | undefined, string]>([
    ['needs what its entry asks', policy, '/%61dmin/report', ['clerk'], 'permission_missing'],
    ['needs no more', policy, '/%61dmin/report', ['approver'], 'authenticated'],
    ['needs what the entry of the path as it came asks too', policy, '/%61dmin/report', undefined, 'identity_missing'],
    ['needs none where a slash is part of a name', narrow, '/files/a%2Fb', ['clerk'], 'granted'],
    ['needs one where the path wanders', narrow, '/files/a%2F..%2Fb%2Fc', ['clerk'], 'route_not_listed'],
    ['needs one where everybody may', narrow, '/open/a%2Fb', ['clerk'], 'route_not_listed'],
    ['is open where both are', narrow, '/open/%61', undefined, 'public'],
  ])('%s', (_what, { decideRoute }, path, roles, reason) => {
    expect(decideRoute({ method: 'GET', path }, roles && makeIdentity({ roles })).reason).toBe(reason);
  });
});
