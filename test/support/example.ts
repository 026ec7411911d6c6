import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');

/** The command as it was built. */
export const BATON = path.join(root, 'dist', 'cli', 'baton.js');

/** A copy of an example that a test may change. */
export interface ExampleCopy {
  /** The app's folder. */
  readonly app: string;
  /** Its `baton.dev.json`. */
  readonly configFile: string;
  /** A folder beside the app, for logs and the like. */
  folder(name: string): string;
  write(name: string, text: string): void;
  /** Changes one of the app's JSON files. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- documents of many kinds, which tests also break
  edit(name: string, change: (document: any) => void): void;
  remove(): void;
}

/** Real path: macOS hands out links. */
export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(path.join(os.tmpdir(), 'baton-test-')));
}

/**
 * Copies an example into a folder that looks like this repository: `iis-baton` is found by the package's reference to
 * itself, and is the build of this repository, not a second one.
 */
export function copyExample(directory: string = temporaryFolder(), name = 'invoices'): ExampleCopy {
  const app = path.join(directory, 'examples', name);
  const isSource = (source: string): boolean => path.basename(source) !== '.baton';
  cpSync(path.join(root, 'examples', name), app, { recursive: true, filter: isSource });
  cpSync(path.join(root, 'package.json'), path.join(directory, 'package.json'));
  for (const name of ['dist', 'node_modules']) {
    symlinkSync(path.join(root, name), path.join(directory, name), 'junction');
  }
  const write = (name: string, text: string): void => writeFileSync(path.join(app, name), text);
  return {
    app,
    configFile: path.join(app, 'baton.dev.json'),
    folder(name) {
      mkdirSync(path.join(directory, name), { recursive: true });
      return path.join(directory, name);
    },
    write,
    edit(name, change) {
      const document: unknown = JSON.parse(readFileSync(path.join(app, name), 'utf8'));
      change(document);
      write(name, JSON.stringify(document));
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
