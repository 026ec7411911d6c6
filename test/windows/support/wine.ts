import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../support/example';

const { file: NODE } = require('../../../scripts/windows-node.js') as { file: string };
/** `NODE_OPTIONS` of every process on the machine; see the script that it names. */
export const PRELOAD = `--require Z:${path.join(__dirname, 'preload.js')}`;

/** Debian keeps the programs outside PATH. */
const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/lib/wine'];
const wineFolder = FOLDERS.find((folder) => existsSync(path.join(folder, 'wine64')));

const missing = [
  ...(wineFolder === undefined ? ['Wine (Debian: apt-get install wine wine64)'] : []),
  ...(existsSync(NODE) ? [] : ['node.exe (npm run test:windows fetches it)']),
];
/** The file that says whether Wine itself failed: see scripts/test-windows.js. */
const CRASHES = process.env.BATON_WINE_CRASHES;
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** A `describe` for what runs on Windows' Node: left out, and said so, without it; with `BATON_REQUIRE_ALL=1` it fails. */
export const describeOnWindows: jest.Describe = missing.length === 0 || isRequired ? describe : describe.skip;
if (missing.length > 0 && !isRequired) {
  // Not by console: Jest keeps what a file prints of which all tests are left out.
  process.stderr.write(`Left out: tests on Windows' own Node. They need ${missing.join(' and ')}.\n`);
}

/** What a run of `node.exe` came to. */
export interface WindowsRun {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WindowsRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A path of this side; the machine's drive by default. */
  readonly cwd?: string;
}

/** A Windows of a test's own, with its own drive `C:`. */
export interface WindowsMachine {
  /** What `C:\` is on this side. */
  readonly drive: string;
  /** How Windows calls a file of this side. */
  windowsPath(file: string): string;
  /** Runs `node.exe` to its end. */
  run(args: readonly string[], options?: WindowsRunOptions): Promise<WindowsRun>;
  /** Ends every process of the machine and removes its drive. */
  remove(): Promise<void>;
}

/** Only what a process needs: the tests' own environment may hold what changes Node or Baton. */
function environment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LANG: process.env.LANG,
    // Wine makes links to folders of the home directory, and a folder for its server that it leaves behind.
    HOME: folder,
    TMPDIR: folder,
    WINEPREFIX: path.join(folder, 'prefix'),
    WINEDEBUG: '-all',
    // No .NET, no browser, no entries in the desktop's menus: they would be asked for, or fetched.
    WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
    NODE_OPTIONS: PRELOAD,
  };
}

class Wine implements WindowsMachine {
  readonly drive: string;
  readonly #folder = temporaryFolder();
  readonly #env = environment(this.#folder);
  readonly #running = new Set<ChildProcess>();
  #runs = 0;

  constructor() {
    this.drive = path.join(this.#folder, 'prefix', 'drive_c');
  }

  /** Makes the drive and the registry. */
  async boot(): Promise<void> {
    await this.#wine(['wineboot', '--init'], {});
    // Wine 8 says that it is Windows 7, on which Node does not start.
    const version = ['reg', 'add', String.raw`HKCU\Software\Wine`, '/v', 'Version', '/d', 'win10', '/f'];
    const { exit, stderr } = await this.#wine(version, {});
    if (exit !== 0) throw new Error(`Wine cannot be set up (exit code ${exit}): ${stderr}`);
  }

  windowsPath(file: string): string {
    const below = path.relative(this.drive, file);
    const [letter, rest] = below.startsWith('..') ? ['Z:', file] : ['C:', `/${below}`];
    return `${letter}${rest.replaceAll('/', '\\')}`;
  }

  run(args: readonly string[], options: WindowsRunOptions = {}): Promise<WindowsRun> {
    return this.#wine([NODE, ...args], options);
  }

  async remove(): Promise<void> {
    if (this.#hasCrashed() && CRASHES !== undefined) appendFileSync(CRASHES, `${expect.getState().testPath}\n`);
    spawnSync(path.join(wineFolder ?? '', 'wineserver'), ['-k', '-w'], { env: this.#env, timeout: 20_000 });
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What a crash of Wine's own server leaves on the standard error of whatever run started it. */
  #hasCrashed(): boolean {
    const errors = Array.from({ length: this.#runs }, (_, index) =>
      path.join(this.#folder, `run-${index + 1}`, 'stderr'),
    );
    return errors.some((file) => readFileSync(file, 'utf8').includes('wineserver crashed'));
  }

  /** Output goes to files: Node for Windows cannot write to pipes that come from outside. */
  async #wine(args: readonly string[], { env, cwd }: WindowsRunOptions): Promise<WindowsRun> {
    if (missing.length > 0) throw new Error(`This needs ${missing.join(' and ')}.`);
    const output = path.join(this.#folder, `run-${++this.#runs}`);
    mkdirSync(output);
    const names = ['stdout', 'stderr'].map((name) => path.join(output, name));
    const files = names.map((name) => openSync(name, 'w'));
    const child = spawn(path.join(wineFolder ?? '', 'wine64'), args, {
      cwd: cwd ?? (existsSync(this.drive) ? this.drive : this.#folder),
      env: { ...this.#env, ...env },
      stdio: ['ignore', ...files],
    });
    this.#running.add(child);
    const [exit] = (await once(child, 'exit')) as [number | null];
    this.#running.delete(child);
    files.forEach(closeSync);
    const [stdout, stderr] = names.map((name) => readFileSync(name, 'utf8'));
    return { exit, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

/** How long a machine may take to start, on a busy one. */
export const BOOT_MS = 120_000;

/** A fresh machine. */
export async function bootWindows(): Promise<WindowsMachine> {
  const machine = new Wine();
  try {
    await machine.boot();
  } catch (error) {
    await machine.remove();
    throw error;
  }
  return machine;
}
