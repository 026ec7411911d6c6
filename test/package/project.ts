import { execFileSync, execSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const root = path.join(__dirname, '..', '..');

/** The packed package: what npm would upload, unpacked again. */
export interface Tarball {
  /** The folder that becomes `node_modules/iis-baton`. */
  readonly directory: string;
  /** The packed file. */
  readonly file: string;
  /** The tarball's files, `/` between folders. */
  readonly files: readonly string[];
  remove(): void;
}

/** Packs what the last build made. Scripts stay off: a build in here would pull `dist` from under the other tests. */
export function pack(): Tarball {
  const directory = temporaryDirectory();
  const output = execSync(`npm pack --ignore-scripts --json --pack-destination "${directory}"`, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [packed] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  execFileSync('tar', ['-xzf', packed.filename], { cwd: directory });
  return {
    directory: path.join(directory, 'package'),
    file: path.join(directory, packed.filename),
    files: packed.files.map((file) => file.path).sort(),
    remove: () => rmSync(directory, { recursive: true }),
  };
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of its own in a temporary folder, with the packed package installed. */
export interface Project {
  readonly directory: string;
  write(name: string, text: string): void;
  /** Links packages of this repository's `node_modules` into the project. */
  link(...names: string[]): void;
  /** Links a package that lies elsewhere, under a name. */
  linkTo(folder: string, name: string): void;
  /** Runs Node in the project. */
  node(...args: string[]): Outcome;
  /** Runs another Node there. */
  run(program: string, ...args: string[]): Outcome;
  /** Runs a script and gives what it printed as JSON; fails with its error output. */
  json(name: string, text: string): unknown;
  remove(): void;
}

export function createProject(tarball: Tarball): Project {
  const directory = temporaryDirectory();
  const modules = path.join(directory, 'node_modules');
  cpSync(tarball.directory, path.join(modules, 'iis-baton'), { recursive: true });
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  };
  const linkTo = (folder: string, name: string): void => {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(folder, path.join(modules, name), 'junction');
  };
  write('package.json', '{ "name": "consumer", "private": true }');
  const run = (program: string, ...args: string[]): Outcome => {
    const env = { ...process.env, NODE_OPTIONS: '', NODE_PATH: '', BATON_POLICY: '' };
    return spawnSync(program, args, { cwd: directory, env, encoding: 'utf8', timeout: 60_000 });
  };
  const node = (...args: string[]): Outcome => run(process.execPath, ...args);
  return {
    directory,
    write,
    node,
    run,
    link(...names) {
      for (const name of names) linkTo(path.join(root, 'node_modules', name), name);
    },
    linkTo,
    json(name, text) {
      write(name, text);
      const { status, stdout, stderr } = node(name);
      if (status !== 0) throw new Error(`${name} ended with ${status}:\n${stderr}`);
      return JSON.parse(stdout) as unknown;
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}

/** Real path: macOS hands out links, and module paths are compared. */
function temporaryDirectory(): string {
  return realpathSync(mkdtempSync(path.join(os.tmpdir(), 'baton-package-')));
}
