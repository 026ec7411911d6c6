import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/example';
import { filePath } from '../../src/policy/file-path';
import { appWith, EXPRESSES, listen, policyOf, rawRequest, tokenOf } from './apps';

const clerk = `Txn-Token: ${tokenOf()}`;
const approver = `Txn-Token: ${tokenOf({ roles: ['approver'] })}`;

/** Where the page is, and everything else that `express.static()` finds it by. */
const SPELLINGS = [
  '/admin/page',
  '/%61dmin/page',
  '/admin%2fpage',
  '/admin%2Fpage?x',
  '//admin/page',
  '/admin//page',
  '/./admin/page',
  '/admin/./page',
  '/x/../admin/page',
  '/x/%2e%2e/admin/page',
  '/x%2f..%2fadmin/page',
  '/%2e/admin/page',
  // A step that is nothing but a stream is one for the `..` behind it.
  '/x/../admin/:$y/../page',
  '/x/../admin/%3A$y/../page',
  '/x/../admin/::$y/../page',
];

let root: string;
beforeAll(() => {
  root = temporaryFolder();
  mkdirSync(join(root, 'admin'));
  mkdirSync(join(root, 'unlisted'));
  for (const file of ['admin/page', 'unlisted/page', 'logo']) writeFileSync(join(root, file), `content of ${file}`);
});
afterAll(() => rmSync(root, { recursive: true }));

describe.each(EXPRESSES)('files that %s serves', (_, express) => {
  async function start(first: object, second: object): Promise<(target: string, header?: string) => Promise<string>> {
    const routes = [
      { path: '/{asset}', ...first },
      { path: '/{folder}/{asset+}', ...second },
      { path: '/admin/{page+}', role: 'approver' },
    ] as never;
    const { app } = appWith(express, {
      policy: policyOf({ routes }),
      routes: (made) => made.use(express.static(root)),
    });
    const port = await listen(app);
    return async (target, header) => {
      const { status, body } = await rawRequest(port, `GET ${target}`, header === undefined ? [] : [header]);
      return status === 200 ? body : String(status);
    };
  }

  it.each(SPELLINGS)('are opened to those whom their own entry admits: %s', async (target) => {
    const open = await start({ public: true }, { public: true });
    expect(await open('/logo')).toBe('content of logo');
    expect([await open(target), await open(target, clerk)]).toEqual(['401', '403']);
    // No parameter is empty, so this one is in no entry for Express.
    expect(await open(target, approver)).toBe(target.startsWith('//') ? '403' : 'content of admin/page');
    const verified = await start({ authenticated: true }, { authenticated: true });
    expect(await verified(target, clerk)).toBe('403');
  });

  it('are not opened to everybody by an entry for another path', async () => {
    const { app } = appWith(express, {
      policy: policyOf({ routes: [{ path: '/{asset}', public: true }] }),
      routes: (made) => made.use(express.static(root)),
    });
    const port = await listen(app);
    const statusOf = async (target: string): Promise<number> => (await rawRequest(port, `GET ${target}`)).status;
    expect(await statusOf('/logo')).toBe(200);
    expect(await statusOf('/%6cogo')).toBe(200);
    for (const target of ['/unlisted/page', '/unlisted%2fpage', '/x%2f..%2funlisted%2fpage']) {
      expect([target, await statusOf(target)]).toEqual([target, 401]);
    }
  });

  it.each([
    '::$INDEX_ALLOCATION',
    ':$I30:$INDEX_ALLOCATION',
    ':$i30%3a$index_allocation',
    '%3A$I30:%24INDEX_ALLOCATION',
  ])('are not opened by another name of their folder in NTFS: admin%s', async (stream) => {
    // Where there is no NTFS, folders of that name stand in for it.
    const folder = join(root, decodeURIComponent(`admin${stream}`));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'page'), 'content of admin/page');
    const verified = await start({ authenticated: true }, { authenticated: true });
    expect(await verified(`/admin${stream}/page`, clerk)).toBe('403');
    expect(await verified(`/admin${stream}/page`, approver)).toBe('content of admin/page');
  });

  it('belong to the caller whom the path to the file names', async () => {
    const routes = [{ path: '/of/{owner}/{file+}', where: { owner: '/subject' } }] as never;
    const { app } = appWith(express, { policy: policyOf({ routes }) });
    const port = await listen(app);
    const statusOf = async (target: string): Promise<number> =>
      (await rawRequest(port, `GET ${target}`, [clerk])).status;
    expect(await statusOf('/of/entra:ada/report')).toBe(200);
    expect(await statusOf('/of/entra%3aada/100%25')).toBe(200);
    expect(await statusOf('/of/entra:bob/report')).toBe(403);
    expect(await statusOf('/of/entra:ada/../entra:bob/report')).toBe(403);
    expect(await statusOf('/of/entra:ada/%2e%2e%2fentra:bob/report')).toBe(403);
  });
});

describe('filePath()', () => {
  it.each([
    ['/a/b', undefined],
    ['/a/b.html', undefined],
    ['/%zz', undefined],
    ['/a%00', undefined],
    ['/%61/b/', { path: '/a/b/', wanders: false }],
    ['/100%25', undefined],
    ['/%3100%25', { path: '/100%25', wanders: false }],
    ['/a%2fb', { path: '/a/b', wanders: false }],
    ['/..', { path: '/', wanders: true }],
    ['/a/..%5cadmin', { path: '/admin', wanders: true }],
    ['/admin%5Cpage', { path: '/admin/page', wanders: true }],
    ['/admin::$INDEX_ALLOCATION/page', { path: '/admin/page', wanders: true }],
    ['/admin:$i30:$INDEX_ALLOCATION/page', { path: '/admin/page', wanders: true }],
    ['/.well-known/jwks.json', undefined],
  ])('%s', (path, expected) => {
    expect(filePath(path)).toEqual(expected);
  });
});
