import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import { readTextFile } from '../core/text-file';

/** A file's text, without byte order mark, and its name in findings. */
export interface ReadFile {
  readonly file: string;
  readonly path: string;
  readonly text: string;
}

/** The files that are examined: those on disk, where wanted with other texts, so that a fix can be tried. */
export class ProjectFiles {
  readonly #directory: string;
  readonly #texts: ReadonlyMap<string, string>;

  /**
   * @param directory names in findings are relative to it
   * @param texts texts that replace what is on disk, by name in findings
   */
  constructor(directory: string, texts: ReadonlyMap<string, string> = new Map()) {
    this.#directory = resolve(directory);
    this.#texts = texts;
  }

  /** The name of a file in findings. */
  nameOf(path: string): string {
    return relative(this.#directory, path).replaceAll('\\', '/');
  }

  /** The file's path, from its name in findings or a path relative to the directory. */
  pathOf(name: string): string {
    return resolve(this.#directory, name);
  }

  /**
   * A file, or undefined where there is none.
   * @throws BatonError `option_invalid` where it is there and cannot be read
   */
  read(path: string): ReadFile | undefined {
    const file = this.nameOf(path);
    const text = this.#texts.get(file);
    if (text !== undefined) return { file, path, text };
    try {
      return { file, path, text: readTextFile(path) };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
      throw new BatonError('option_invalid', `${file} cannot be read (${systemFault(cause)}).`, { cause });
    }
  }

  /**
   * A file that an option names, from the working directory.
   * @throws BatonError `option_invalid` where it is not there, or cannot be read
   */
  readNamed(named: string): ReadFile {
    const found = this.read(resolve(named));
    if (found === undefined) throw new BatonError('option_invalid', `There is no file ${named}.`);
    return found;
  }

  /** The names in a folder; none where it is not there. */
  list(path: string): readonly { readonly name: string; readonly path: string; readonly isFolder: boolean }[] {
    try {
      return readdirSync(path, { withFileTypes: true })
        .map((entry) => ({ name: entry.name, path: join(path, entry.name), isFolder: entry.isDirectory() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch {
      return [];
    }
  }
}

/** A path from a configuration file of either system, seen from the folder of that file. */
export function fromFile(path: string, named: string): string {
  return resolve(dirname(path), named.replaceAll('\\', '/'));
}
