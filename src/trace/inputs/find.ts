import { readdirSync, realpathSync, statSync, type Dirent, type Stats } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { BatonError } from '../../core/errors';
import { isPattern, parseGlob } from './glob';

/** A file that was found. */
export interface FoundFile {
  readonly path: string;
  /** Its folders below what was asked for: `['web1', 'W3SVC1']`. */
  readonly folders: readonly string[];
  readonly bytes: number;
}

/** What cannot even be looked at, and why. */
export interface Unreachable {
  readonly path: string;
  readonly reason: string;
}

/** All that was found under the paths that were asked for. */
export interface Found {
  readonly files: readonly FoundFile[];
  readonly unreachable: readonly Unreachable[];
}

/** Deeper and more than any folder of logs is; a search from `/` ends here instead of never. */
const MAX_DEPTH = 32;
const MAX_FILES = 100_000;

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

class Search {
  readonly files: FoundFile[] = [];
  readonly unreachable: Unreachable[] = [];
  /** By their real paths: a file counts once, however many ways lead to it, and links in a circle end. */
  readonly #seen = new Set<string>();

  add(path: string, root: string): void {
    this.#guarded(path, () => {
      const stats = statSync(path);
      if (stats.isFile()) this.#addFile(path, root, stats.size);
    });
  }

  walk(folder: string, root: string, isMeant: (path: string) => boolean, depth = 0): void {
    this.#guarded(folder, () => {
      if (depth > MAX_DEPTH) {
        this.unreachable.push({ path: folder, reason: `more than ${MAX_DEPTH} folders deep` });
        return;
      }
      if (!this.#isNew(folder)) return;
      const entries = readdirSync(folder, { withFileTypes: true });
      entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const entry of entries) this.#visit(entry, join(folder, entry.name), { root, isMeant, depth });
    });
  }

  #visit(
    entry: Dirent,
    path: string,
    { root, isMeant, depth }: { root: string; isMeant: (path: string) => boolean; depth: number },
  ): void {
    const name = relative(root, path).split(sep).join('/');
    const isFolder = entry.isSymbolicLink() ? this.#leadsToFolder(path) : entry.isDirectory();
    if (isFolder) this.walk(path, root, isMeant, depth + 1);
    else if (isMeant(name)) this.add(path, root);
  }

  #leadsToFolder(path: string): boolean {
    try {
      return statSync(path).isDirectory();
    } catch {
      // A link to nowhere: named if it is meant, which whoever adds it finds out.
      return false;
    }
  }

  #addFile(path: string, root: string, bytes: number): void {
    if (!this.#isNew(path)) return;
    if (this.files.length >= MAX_FILES) {
      throw new BatonError(
        'option_invalid',
        `There are more than ${MAX_FILES} files below ${root}. Name a smaller folder.`,
      );
    }
    const folders = relative(root, dirname(path)).split(sep);
    this.files.push({ path, folders: folders.filter((name) => name !== ''), bytes });
  }

  #isNew(path: string): boolean {
    const real = realpathSync(path);
    if (this.#seen.has(real)) return false;
    this.#seen.add(real);
    return true;
  }

  #guarded(path: string, look: () => void): void {
    try {
      look();
    } catch (error) {
      if (error instanceof BatonError) throw error;
      this.unreachable.push({ path, reason: (error as NodeJS.ErrnoException).code ?? 'unknown error' });
    }
  }
}

function searchOne(search: Search, path: string): void {
  const stats = statOf(path);
  if (stats?.isDirectory() === true) return search.walk(path, path, () => true);
  if (stats !== undefined) return search.add(path, dirname(path));
  const before = search.files.length + search.unreachable.length;
  if (isPattern(path)) {
    const glob = parseGlob(path, process.platform === 'win32');
    const root = glob.base === '' ? '.' : glob.base;
    if (statOf(root)?.isDirectory() === true) search.walk(root, root, (name) => glob.matches(name));
  }
  if (search.files.length + search.unreachable.length > before) return;
  const message = isPattern(path) ? `No file matches ${path}.` : `There is no file or folder ${path}.`;
  throw new BatonError('option_invalid', message);
}

/**
 * Finds files: those that are named, all below the folders that are named, and what patterns match. Links are followed, each
 * file counts once.
 *
 * @throws BatonError `option_invalid` for a path that leads to nothing
 */
export function findFiles(paths: readonly string[]): Found {
  const search = new Search();
  for (const path of paths) searchOne(search, path);
  return search;
}
