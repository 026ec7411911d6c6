import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { policyJsonSchema } from '../../src/policy/schema';
import { pack, root, type Tarball } from './project';

interface Manifest {
  readonly exports: Record<string, string | { types: string; default: string }>;
  readonly typesVersions: { '*': Record<string, string[]> };
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
}

let tarball: Tarball;
let manifest: Manifest;
beforeAll(() => {
  tarball = pack();
  manifest = JSON.parse(readFileSync(path.join(tarball.directory, 'package.json'), 'utf8')) as Manifest;
});
afterAll(() => tarball.remove());

/** Of the page that `baton trace --html` writes: our own files as they are, and the charts' library with its licence. */
const PAGE = 'dist/trace/report/page';
const pageFiles = (): string[] =>
  [
    ...readdirSync(path.join(root, 'src/trace/report/page')),
    ...['uPlot.LICENSE', 'uPlot.iife.min.js', 'uPlot.min.css'],
  ].map((name) => `${PAGE}/${name}`);

/** The names of the files directly in `src`: each is the face of a subpath. */
function faces(): string[] {
  return readdirSync(path.join(root, 'src'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replace(/\.ts$/, ''))
    .sort();
}

describe('the tarball', () => {
  it('holds the build, the schema, the template and the pages, and nothing else', () => {
    const wanted = /^dist\/[\w/-]+\.(?:js|d\.ts)$/;
    const pages = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'));
    const others = tarball.files.filter((name) => !wanted.test(name) && !name.startsWith(`${PAGE}/`));
    expect(others).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'SECURITY.md',
        ...pages.map((name) => `docs/${name}`),
        'package.json',
        'policy.schema.json',
        'web.config',
      ].sort(),
    );
  });

  it('holds the build of each source and of nothing that is gone', () => {
    const sources = readdirSync(path.join(root, 'src'), { recursive: true })
      .map((name) => String(name).split(path.sep).join('/'))
      // Declarations written by hand (of a package without types) are not emitted.
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
    const built = sources.flatMap((name) => [
      `dist/${name.replace(/\.ts$/, '')}.js`,
      `dist/${name.replace(/\.ts$/, '')}.d.ts`,
    ]);
    const expected = [...built, ...pageFiles()];
    expect(tarball.files.filter((name) => name.startsWith('dist/')).sort()).toEqual(expected.sort());
  });

  it('has a subpath for each face, with types for old and new resolvers', () => {
    const subpaths = Object.entries(manifest.exports).filter(([, target]) => typeof target === 'object');
    const expected = faces().map((face) => [
      face === 'index' ? '.' : `./${face}`,
      { types: `./dist/${face}.d.ts`, default: `./dist/${face}.js` },
    ]);
    expect(Object.fromEntries(subpaths)).toEqual(Object.fromEntries(expected));
    const named = faces().filter((face) => face !== 'index');
    expect(manifest.typesVersions['*']).toEqual(
      Object.fromEntries(named.map((face) => [face, [`./dist/${face}.d.ts`]])),
    );
  });

  it('holds every file that package.json points to', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    for (const target of [...targets, ...Object.values(manifest.bin)]) {
      expect(tarball.files).toContain(target.replace(/^\.\//, ''));
    }
  });

  it('depends on four packages only', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['@xmldom/xmldom', 'cockatiel', 'jose', 'winston', 'yaml']);
  });

  it('has a command that starts with a shebang and, where files have modes, may be run', () => {
    const command = path.join(tarball.directory, manifest.bin.baton ?? '');
    expect(readFileSync(command, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
    if (process.platform !== 'win32') expect(statSync(command).mode & 0o111).toBe(0o111);
  });

  it('says nothing that publint complains about', () => {
    const publint = path.join(root, 'node_modules', 'publint', 'src', 'cli.js');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [publint, tarball.directory, '--strict', '--pack', 'false'],
      {
        encoding: 'utf8',
      },
    );
    expect(`${stdout}${stderr}`).toContain('All good!');
    expect(status).toBe(0);
  });
});

describe('policy.schema.json', () => {
  it('is the one that the code gives: run "npm run schema" after a change', () => {
    const committed: unknown = JSON.parse(readFileSync(path.join(root, 'policy.schema.json'), 'utf8'));
    expect(committed).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
  });
});
