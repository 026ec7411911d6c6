import { statSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { BatonError } from '../core/errors';
import { readTextFile } from '../core/text-file';
import { readAppFile, type AppFile } from './app-file';
import { codeMatches, sourceText, type SourceText } from './source-text';

/** The app that is there already, as far as a look at its files tells. Paths are relative to its folder, with `/`. */
export interface AppProject {
  readonly folder: string;
  /** The package's name, made fit for everything that is named after it. */
  readonly name: string;
  /** What `npm start` runs: the file that IIS has to start. */
  readonly entry: string;
  /** The file that makes the Express app; undefined where none was found. */
  readonly appPath: string | undefined;
  readonly appFile: AppFile | undefined;
  /** Whether the package's `.js` files are ES modules. */
  readonly esModules: boolean;
  /** The major version of Express that is installed or asked for; undefined where none is. */
  readonly express: 4 | 5 | undefined;
}

interface Manifest {
  readonly name?: string;
  readonly main?: string;
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Where apps begin if package.json does not say it. */
const USUAL_ENTRIES = ['server.js', 'app.js', 'index.js', 'bin/www', 'src/server.js', 'src/app.js', 'src/index.js'];
const SOURCES = ['src/server.ts', 'src/app.ts', 'src/index.ts', 'src/main.ts', 'server.ts', 'app.ts', 'index.ts'];
const EXTENSIONS = ['', '.js', '.cjs', '.mjs', '.ts', '/index.js', '/index.ts'];

const LOCAL_MODULE = /(?:require\(\s*|\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]*|\.{1,2})\1/g;

/** How many files away from the entry the app may be made: `bin/www` → `app.js`, `server.js` → `src/app.js`. */
const MAX_STEPS = 2;

export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** A source file of the project; undefined where there is none. */
export function readSource(folder: string, path: string): SourceText | undefined {
  const absolute = join(folder, path);
  return isFile(absolute) ? sourceText(readTextFile(absolute)) : undefined;
}

/** The file that a relative module name means, seen from another file; TypeScript names the `.js` that it becomes. */
export function resolveModule(folder: string, from: string, name: string): string | undefined {
  const base = posix.normalize(posix.join(posix.dirname(from), name));
  const candidates = EXTENSIONS.map((extension) => `${base}${extension}`);
  const typescript = /\.[cm]?js$/.test(base) ? [base.replace(/js$/, 'ts')] : [];
  return [...candidates, ...typescript].find((path) => !path.startsWith('..') && isFile(join(folder, path)));
}

function readManifest(folder: string): Manifest {
  const path = join(folder, 'package.json');
  if (!isFile(path)) {
    throw new BatonError(
      'option_invalid',
      `There is no package.json in ${folder}: run baton init in the app's folder.`,
    );
  }
  try {
    return JSON.parse(readTextFile(path)) as Manifest;
  } catch (cause) {
    throw new BatonError('option_invalid', `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The script that a command such as `node --env-file=.env ./bin/www` runs. */
function scriptOf(command = ''): string | undefined {
  const runner =
    /(?:^|[\s/])(?:node|nodemon|tsx|ts-node|ts-node-dev)(?:\.exe)?\s+((?:-\S+\s+)*)(?<script>[^\s&|;-][^\s&|;]*)/;
  return runner.exec(command)?.groups?.['script']?.replace(/^\.\//, '').replaceAll('\\', '/');
}

function entriesOf(folder: string, { scripts, main }: Manifest): readonly string[] {
  const named = [scriptOf(scripts?.['start']), main?.replace(/^\.\//, '')].filter((name) => name !== undefined);
  return named.flatMap((name) => resolveModule(folder, 'package.json', `./${name}`) ?? name).concat(USUAL_ENTRIES);
}

interface Found {
  readonly path: string;
  readonly file: AppFile;
}

/** The file that makes the app, looked for from `path` on. */
function findAppFile(folder: string, path: string, steps: number): Found | undefined {
  const source = readSource(folder, path);
  if (source === undefined) return undefined;
  const file = readAppFile(source);
  if (file !== undefined) return { path, file };
  if (steps === 0) return undefined;
  for (const [, , name = ''] of codeMatches(source, LOCAL_MODULE)) {
    const next = resolveModule(folder, path, name);
    const found = next === undefined ? undefined : findAppFile(folder, next, steps - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names of stacks, secrets and roles are made of it: lower-case letters, digits and `-`, a letter first. */
export function fitName(text: string): string {
  const fit = text.replace(/^@[^/]*\//, '').toLowerCase();
  return (
    fit
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
      .slice(0, 32) || 'app'
  );
}

function expressVersion(folder: string, { dependencies }: Manifest): 4 | 5 | undefined {
  const installed = join(folder, 'node_modules', 'express', 'package.json');
  const version = isFile(installed)
    ? (JSON.parse(readTextFile(installed)) as { version?: string }).version
    : dependencies?.['express'];
  const major = Number(/\d+/.exec(version ?? '')?.[0]);
  return major === 4 || major === 5 ? major : undefined;
}

/**
 * Reads the app in a folder.
 * @throws BatonError `option_invalid` where there is no package.json, or no file to start
 */
export function readProject(folder: string): AppProject {
  const absolute = resolve(folder);
  const manifest = readManifest(absolute);
  const candidates = entriesOf(absolute, manifest);
  const [named = ''] = candidates;
  const entry =
    candidates.find((path) => isFile(join(absolute, path))) ?? (named === USUAL_ENTRIES[0] ? undefined : named);
  if (entry === undefined) {
    const tried = `"start" and "main" of package.json, ${USUAL_ENTRIES.join(', ')}`;
    throw new BatonError('option_invalid', `There is no file to start in ${absolute}. Looked for: ${tried}.`);
  }
  // TypeScript is compiled into the file that is started; what a person edits is the source.
  const found = [entry, ...SOURCES].reduce<Found | undefined>(
    (done, path) => done ?? findAppFile(absolute, path, MAX_STEPS),
    undefined,
  );
  return {
    folder: absolute,
    name: fitName(manifest.name ?? relative(dirname(absolute), absolute).split(sep).join('/')),
    entry,
    appPath: found?.path,
    appFile: found?.file,
    esModules: manifest.type === 'module',
    express: expressVersion(absolute, manifest),
  };
}
