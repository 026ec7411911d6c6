import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { COMPUTED, checkLayers, parseLayerTable, sourceFiles } from './support/layers';

const root = path.join(__dirname, '..');
const table = parseLayerTable(readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8'));

describe('the layer table of ARCHITECTURE.md', () => {
  it('names every room, and core at the bottom', () => {
    expect(table.get('core')?.layer).toBe(0);
    expect(table.size).toBeGreaterThanOrEqual(16);
  });

  it('is true for every import in src', () => {
    expect(sourceFiles(path.join(root, 'src')).length).toBeGreaterThan(table.size);
    expect(checkLayers(path.join(root, 'src'), table)).toEqual([]);
  });

  it('lets express in nowhere, jose and winston into one room each', () => {
    const mayLoad = (name: string): string[] => [...table].filter(([, r]) => r.packages.has(name)).map(([key]) => key);
    expect(mayLoad('express')).toEqual([]);
    expect(mayLoad('jose')).toEqual(['jws']);
    expect(mayLoad('winston')).toEqual(['logging']);
  });

  it('names only packages that package.json has as dependency or optional peer', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    const optional = Object.keys(manifest.peerDependenciesMeta).filter(
      (name) => manifest.peerDependenciesMeta[name].optional,
    );
    const declared = [COMPUTED, ...Object.keys(manifest.dependencies), ...optional].sort();
    expect([...new Set([...table.values()].flatMap((room) => [...room.packages]))].sort()).toEqual(declared);
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual(optional.sort());
  });
});

describe('the checker', () => {
  const rooms = parseLayerTable(`
    | layer | room | holds | may load |
    |---|---|---|---|
    | 2 | \`*.ts\` | faces | |
    | 1 | \`left/\` \`right/\` | two of one layer | \`heavy\` \`@scope/heavy\` |
    | 0 | \`core/\` | nouns | |
  `);
  const sound = {
    'index.ts': "export * from './left/a';\nexport type { B } from './right/b';",
    'left/a.ts':
      "import { n } from '../core/n';\nexport const a = () => [n, require('heavy'), import('@scope/heavy/sub')];",
    'right/b.ts':
      "import type { H } from 'heavy';\nimport { type I } from 'heavy';\nimport { join } from 'node:path';\nexport interface B { h: H; j: typeof join }",
    'core/n.ts': 'export const n = 1;',
  };
  let tree: string;
  beforeEach(() => (tree = mkdtempSync(path.join(os.tmpdir(), 'baton-layers-'))));
  afterEach(() => rmSync(tree, { recursive: true }));

  function check(changes: Record<string, string>): string[] {
    for (const [name, text] of Object.entries({ ...sound, ...changes })) {
      mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
      writeFileSync(path.join(tree, name), text);
    }
    return checkLayers(tree, rooms);
  }

  it('reads the table', () => {
    expect([...rooms.keys()]).toEqual(['*.ts', 'left', 'right', 'core']);
    expect(rooms.get('right')).toEqual({ layer: 1, packages: new Set(['heavy', '@scope/heavy']) });
  });

  it('finds nothing in a sound tree', () => {
    expect(check({})).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['an import that points up', { 'core/n.ts': "import '../left/z';", 'left/z.ts': '' }, 'core (layer 0) imports up'],
    [
      'a type import that points up',
      { 'core/n.ts': "import type { Z } from '../left/z';", 'left/z.ts': '' },
      'imports up',
    ],
    [
      'an inline type import that points up',
      { 'core/n.ts': "export type A = import('../left/z').Z;", 'left/z.ts': '' },
      'imports up',
    ],
    [
      'a lazy require that points up',
      { 'core/n.ts': "export const f = () => require('../left/z');", 'left/z.ts': '' },
      'imports up',
    ],
    ['a re-export that points up', { 'core/n.ts': "export { z } from '../left/z';", 'left/z.ts': '' }, 'imports up'],
    [
      'an import = require that points up',
      { 'core/n.ts': "import z = require('../left/z');", 'left/z.ts': '' },
      'imports up',
    ],
    [
      'two rooms of one layer',
      { 'right/b.ts': "import type { a } from '../left/a';" },
      'right and left are of one layer',
    ],
    ['a package of another room', { 'core/n.ts': "import type { H } from 'heavy';" }, 'this room may not load heavy'],
    [
      'a subpath of a package of another room',
      { 'core/n.ts': "import type { H } from '@scope/heavy/x';" },
      'may not load @scope/heavy',
    ],
    [
      'a package that no room may load',
      { 'left/a.ts': "export const a = () => import('express');" },
      'may not load express',
    ],
    [
      'a package loaded at the top',
      { 'left/a.ts': "import h from 'heavy';" },
      'heavy is loaded at the top of a module',
    ],
    ['a package required at the top', { 'left/a.ts': "const h = require('heavy');" }, 'loaded at the top of a module'],
    ['a computed name', { 'left/a.ts': 'export const a = (name: string) => require(name);' }, 'is computed'],
    [
      'a file that is not there',
      { 'left/a.ts': "import '../core/missing';" },
      '../core/missing is no file of the sources',
    ],
    ['a file outside', { 'left/a.ts': "import '../../outside';" }, '../../outside is no file of the sources'],
    ['a room that is not in the table', { 'attic/x.ts': '' }, 'attic is not in the layer table'],
    [
      'a cycle of types',
      { 'left/a.ts': "import type { C } from './c';", 'left/c.ts': "import type { A } from './a';" },
      'cycle: left/a.ts → left/c.ts → left/a.ts',
    ],
  ])('finds %s', (_what, changes, expected) => {
    expect(check(changes)).toEqual([expect.stringContaining(expected)]);
  });

  it('lets a room of the table load what is computed', () => {
    const left = { layer: 1, packages: new Set(['heavy', '@scope/heavy', COMPUTED]) };
    check({ 'left/run.ts': 'export const run = (file: string) => require(file);' });
    expect(checkLayers(tree, new Map(rooms).set('left', left))).toEqual([]);
  });

  it('finds a room of the table that holds no file', () => {
    const more = new Map(rooms).set('ghost', { layer: 1, packages: new Set<string>() });
    check({});
    expect(checkLayers(tree, more)).toEqual(['the layer table names ghost, which holds no file']);
  });

  it('refuses a table that names a room twice', () => {
    expect(() => parseLayerTable('| 1 | `a/` | | |\n| 2 | `a/` | | |')).toThrow('twice');
  });
});
