/** Lines that are written together. */
export interface LineBatch {
  readonly bytes: Buffer;
  /** Without line ends. */
  readonly lines: readonly string[];
  /** Indexes of the lines that must not be lost. */
  readonly kept: ReadonlySet<number>;
  /** Lines that were left out before; the batch's last line says so. */
  readonly lost: number;
}

/**
 * Lines that wait for a disk, up to a length; what does not fit is counted, and a line says how many there were.
 */
export class LineBuffer {
  readonly #maxLength: number;
  readonly #lostLine: (count: number) => string;
  #lines: string[] = [];
  #kept = new Set<number>();
  #length = 0;
  #lost = 0;
  /** The last batch ended in the middle of a line: the next line must not become a part of it. */
  #brokenOff = false;

  /** @param maxLength in characters, which is a byte each but for foreign scripts */
  constructor(maxLength: number, lostLine: (count: number) => string) {
    this.#maxLength = maxLength;
    this.#lostLine = lostLine;
  }

  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#lost === 0;
  }

  /**
   * @param kept the line is not lost with a write that fails
   * @returns false where there is no room
   */
  add(line: string, kept: boolean): boolean {
    if (this.#length + line.length > this.#maxLength && this.#lines.length > 0) return false;
    if (kept) this.#kept.add(this.#lines.length);
    this.#lines.push(line);
    this.#length += line.length + 1;
    return true;
  }

  /** Counts a line that is left out. */
  countLost(): void {
    this.#lost++;
  }

  /** All that waits, and the line about what was lost; undefined where there is neither. */
  take(): LineBatch | undefined {
    if (this.isEmpty) return undefined;
    const [lines, kept, lost] = [this.#lines, this.#kept, this.#lost];
    if (lost > 0) lines.push(this.#lostLine(lost));
    if (this.#brokenOff) lines[0] = `\n${lines[0] ?? ''}`;
    this.#lines = [];
    this.#kept = new Set();
    this.#length = 0;
    this.#lost = 0;
    this.#brokenOff = false;
    return { bytes: Buffer.from(`${lines.join('\n')}\n`), lines, kept, lost };
  }

  /**
   * Takes back a batch whose writing failed: the lines to be kept come first again, the others are lost, so that a full
   * disk does not fill the memory too.
   *
   * @param written how many of its bytes were written
   */
  putBack({ lines, kept, lost }: LineBatch, written: number): void {
    const own = lost > 0 ? lines.length - 1 : lines.length;
    const again: string[] = [];
    let end = 0;
    this.#lost += lost;
    for (let index = 0; index < own; index++) {
      const line = lines[index] ?? '';
      const start = end;
      end += Buffer.byteLength(line) + 1;
      if (start < written && end > written) this.#brokenOff = true;
      if (end <= written) continue;
      if (kept.has(index)) again.push(line);
      else this.#lost++;
    }
    this.#kept = new Set([...again.keys(), ...[...this.#kept].map((index) => index + again.length)]);
    this.#lines = [...again, ...this.#lines];
    this.#length += again.reduce((sum, line) => sum + line.length + 1, 0);
  }
}
