import { readFileSync, statSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

const MAX_BYTES = 256 * 1024;

const markOf = ({ mtimeMs, size, ino }: Stats): string => `${mtimeMs} ${size} ${ino}`;
const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

function checkSize({ size }: Stats): void {
  if (size > MAX_BYTES) throw new Error(`The file is larger than ${MAX_BYTES} bytes.`);
}

/**
 * A text file that others change: read whole at the start, and again when its time, size or inode is another one. Looking
 * never blocks; who looks, and when, is the caller's business.
 */
export class WatchedFile {
  readonly #path: string;
  #mark = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads it now. @throws what node:fs throws */
  readNow(): string {
    const stats = statSync(this.#path);
    checkSize(stats);
    const text = readFileSync(this.#path, 'utf8');
    this.#mark = markOf(stats);
    return withoutMark(text);
  }

  /**
   * The text, where the file is another one than when its text was last accepted; undefined where it is the same. A text
   * that is not accepted is read again the next time.
   */
  async readIfChanged(): Promise<{ readonly text: string; accept(): void } | undefined> {
    const stats = await stat(this.#path);
    const mark = markOf(stats);
    if (mark === this.#mark) return undefined;
    checkSize(stats);
    const text = withoutMark(await readFile(this.#path, 'utf8'));
    // What was written while it was read has another mark, and is read again.
    return { text, accept: () => (this.#mark = mark) };
  }
}
