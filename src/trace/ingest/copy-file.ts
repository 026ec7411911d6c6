import { closeSync, openSync, writeSync } from 'node:fs';

const BLOCK_BYTES = 1 << 20;
const LINE_END = Buffer.from('\n');

/** A temporary file that is written in blocks. */
export class CopyFile {
  readonly path: string;
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'wx', 0o600);
  }

  /** Appends bytes, which must not change any more. */
  append(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= BLOCK_BYTES) this.#write();
  }

  appendLine(bytes: Buffer): void {
    this.append(bytes);
    this.append(LINE_END);
  }

  close(): void {
    try {
      this.#write();
    } finally {
      closeSync(this.#fd);
    }
  }

  #write(): void {
    const block = Buffer.concat(this.#waiting);
    [this.#waiting, this.#bytes] = [[], 0];
    for (let written = 0; written < block.length;) written += writeSync(this.#fd, block, written);
  }
}
