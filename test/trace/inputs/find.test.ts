import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findFiles } from '../../../src/trace/inputs/find';
import { parseGlob } from '../../../src/trace/inputs/glob';
import { serverByFolder } from '../../../src/trace/inputs/server-name';
import { thrownBy } from '../../support/errors';
import { temporaryFolder } from '../../support/example';

describe('patterns', () => {
  it.each<[string, boolean, string, readonly string[], readonly string[]]>([
    ['logs/u_ex*.log', false, 'logs', ['u_ex1.log', 'u_ex.log'], ['a/u_ex1.log', 'u_ex1.log.gz', 'U_EX1.log']],
    ['logs/**/*.log', false, 'logs', ['a.log', 'x/a.log', 'x/y/a.log'], ['a.txt', 'x/a.log/b']],
    ['logs/**', false, 'logs', ['a', 'x/y/z'], []],
    ['*/W3SVC?/x.log', false, '', ['web1/W3SVC1/x.log'], ['web1/W3SVC12/x.log', 'W3SVC1/x.log']],
    ['/var/log/{a,b}[0-9].{log,gz}', false, '/var/log', ['a1.log', 'b2.gz'], ['c1.log', 'ax.log']],
    ['/x*', false, '/', ['x1'], ['y']],
    ['a/[!x]*', false, 'a', ['b1'], ['x1']],
    ['a/(b)*+$.log', false, 'a', ['(b)1+$.log'], ['b1.log']],
    ['a/{open*', false, 'a', ['{open1'], ['open1']],
    ['C:\\logs\\W3SVC*\\u_ex*.log', true, 'C:/logs', ['W3SVC1/u_ex1.log', 'w3svc1/U_EX1.LOG'], ['W3SVC1/x/u_ex1.log']],
    ['C:\\*.log', true, 'C:/', ['a.log'], []],
    ['\\\\server\\share\\*.log', true, '//server/share', ['a.log'], []],
    ['..\\logs\\*', true, '../logs', ['a'], []],
  ])('%s (Windows: %s)', (pattern, windows, base, matched, others) => {
    const glob = parseGlob(pattern, windows);
    expect(glob.base).toBe(base);
    expect(matched.filter((name) => !glob.matches(name))).toEqual([]);
    expect(others.filter((name) => glob.matches(name))).toEqual([]);
  });
});

describe('files', () => {
  let folder: string;
  const at = (...names: readonly string[]): string => path.join(folder, ...names);
  const found = (...paths: readonly string[]): (readonly [string, readonly string[]])[] =>
    findFiles(paths).files.map((file) => [path.relative(folder, file.path), file.folders] as const);

  beforeAll(() => {
    folder = temporaryFolder();
    for (const name of ['web1/W3SVC1/a.log', 'web1/W3SVC1/b.txt', "web2/it's [1].log", 'c.log']) {
      mkdirSync(path.dirname(at(name)), { recursive: true });
      writeFileSync(at(name), 'x');
    }
    symlinkSync(at('web1'), at('web2', 'again'), 'junction');
    symlinkSync(folder, at('web1', 'circle'), 'junction');
    symlinkSync(at('nowhere'), at('web2', 'gone'), 'junction');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('below a folder: each once, links followed, circles ended, what cannot be looked at named', () => {
    const { files, unreachable } = findFiles([folder, at('c.log')]);
    expect(files.map((file) => path.relative(folder, file.path)).sort()).toEqual([
      'c.log',
      path.join('web1', 'W3SVC1', 'a.log'),
      path.join('web1', 'W3SVC1', 'b.txt'),
      path.join('web2', "it's [1].log"),
    ]);
    expect(unreachable).toEqual([{ path: at('web2', 'gone'), reason: 'ENOENT' }]);
  });

  it('by pattern and by name, with the folders in between', () => {
    expect(found(at('*', 'W3SVC1', '*.log'))).toEqual([[path.join('web1', 'W3SVC1', 'a.log'), ['web1', 'W3SVC1']]]);
    expect(found(at('web2', "it's [1].log"))).toEqual([[path.join('web2', "it's [1].log"), []]]);
  });

  it('no deeper than folders of logs are, and says so', () => {
    mkdirSync(at('deep', ...Array.from({ length: 34 }, () => 'd')), { recursive: true });
    const { files, unreachable } = findFiles([at('deep')]);
    rmSync(at('deep'), { recursive: true });
    expect(files).toEqual([]);
    expect(unreachable).toEqual([
      { path: at('deep', ...Array.from({ length: 33 }, () => 'd')), reason: 'more than 32 folders deep' },
    ]);
  });

  it.each([
    ['nothing', /There is no file or folder .*nothing/],
    ['web1/*.nothing', /No file matches/],
    ['nowhere/*.log', /No file matches/],
  ])('%s leads to nothing', async (name, message) => {
    expect(await thrownBy(() => findFiles([at(name)]))).toMatchObject({
      code: 'option_invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});

it.each([
  [['web1', 'W3SVC1'], 'web1'],
  [['W3SVC1'], null],
  [['logs', 'LogFiles', 'web-2', 'HTTPERR'], 'web-2'],
  [[], null],
])('the server of a file in %j is %s', (folders, server) => expect(serverByFolder(folders)).toBe(server));
