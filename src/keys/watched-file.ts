import { statSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { readTextFile, textOf } from '../core/text-file';

const MAX_BYTES = 256 * 1024;

/** With the time of the last change of anything: copying tools set a file's own time to that of the original. */
const markOf = ({ mtimeMs, ctimeMs, size, ino }: Stats): string => `${mtimeMs} ${ctimeMs} ${size} ${ino}`;

function checkSize({ size }: Stats): void {
  if (size > MAX_BYTES) throw new Error(`The file is larger than ${MAX_BYTES} bytes.`);
}

/**
 * A text file that others change: read whole at the start, and again when its times, size or inode are others. Looking
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
    const text = readTextFile(this.#path);
    this.#mark = markOf(stats);
    return text;
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
    const text = textOf(await readFile(this.#path));
    // What was written while it was read has another mark, and is read again.
    return { text, accept: () => (this.#mark = mark) };
  }
}
