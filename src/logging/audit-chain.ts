import { closeSync, fstatSync, fsync, fsyncSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import type { Clock } from '../core/clock';
import type { AuditPlace } from './audit-checkpoint';
import { earlierEnds, fileEnd, partPath, type FileEnd } from './audit-file';
import { CHAIN_START, MAX_AUDIT_LINE_BYTES, sealLine } from './audit-line';

type Fields = Readonly<Record<string, unknown>>;

/** What a chain is written with. */
export interface ChainOptions {
  readonly file: string;
  readonly chain: string;
  /** A file that has reached this size is followed by a new one. */
  readonly maxBytes: number;
  /** Whether each line is on the disk itself, not only with the operating system, before the next step. */
  readonly syncEachLine: boolean;
  readonly clock: Clock;
}

const syncFile = promisify(fsync);

/** A line that is too long, by what says most: an event of somebody's own may hold anything. */
function shortened(fields: Fields): Fields {
  const short = Object.entries(fields).filter(([, value]) => typeof value !== 'object');
  const cut = short.map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, 1024) : value] as const);
  return { ...Object.fromEntries(cut.slice(0, 64)), cutOff: true };
}

/**
 * The files of one hash chain. Each line is written whole, in one call, before {@link AuditChain.append} returns: what
 * a process has appended stays even if the process is ended in the next instant.
 */
export class AuditChain {
  readonly #options: ChainOptions;
  readonly #startedAt: number;
  #fd: number | undefined;
  #path = '';
  #size = 0;
  #part = 0;
  #seq = 0;
  #prev = CHAIN_START;
  #closed = false;
  #leftover: string | undefined;

  /** @throws Error of node:fs where the first file cannot be made */
  constructor(options: ChainOptions) {
    this.#options = options;
    this.#startedAt = options.clock();
    this.#openPart();
  }

  /** The file that is written now. */
  get path(): string {
    return this.#path;
  }

  /** The last line. */
  get place(): AuditPlace {
    return { chain: this.#options.chain, seq: this.#seq - 1, hash: this.#prev };
  }

  /**
   * Appends one line.
   * @throws Error of node:fs; then the chain is as it was before
   */
  append(fields: Fields): void {
    if (this.#closed) throw new Error('The audit trail is closed.');
    if (this.#fd === undefined || this.#size >= this.#options.maxBytes) this.#openPart();
    this.#write(fields);
  }

  /**
   * What somebody else did to the file that is being written. After a removal the next line opens a new file: what is
   * written to a file without a name is lost.
   */
  disturbance(): 'removed' | 'changed' | undefined {
    if (this.#fd === undefined) return undefined;
    const { nlink, size } = fstatSync(this.#fd);
    if (nlink > 0) return size === this.#size ? undefined : 'changed';
    closeSync(this.#fd);
    this.#fd = undefined;
    return 'removed';
  }

  /** Has the operating system bring what was written to the disk. */
  async sync(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return;
    await syncFile(fd).catch((error: unknown) => {
      // The next part was begun meanwhile, and that brought this one to the disk.
      if (fd === this.#fd) throw error;
    });
  }

  /** Writes the last line of the chain; none can follow it. */
  end(): void {
    this.append({ type: 'audit_end' });
    this.#closed = true;
  }

  close(): void {
    this.#closed = true;
    if (this.#fd === undefined) return;
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #openPart(): void {
    const { file, chain } = this.#options;
    this.#clearAway();
    const before = { fd: this.#fd, path: this.#path, size: this.#size };
    const follows = this.#part === 0 ? earlierEnds(file) : [fileEnd(before.path)].filter((end) => end !== undefined);
    const path = partPath(file, this.#startedAt, chain, this.#part + 1);
    this.#fd = openSync(path, 'ax', 0o640);
    this.#path = path;
    this.#size = 0;
    try {
      this.#write(this.#opening(follows));
    } catch (error) {
      // The old file stays the one to write to; an empty one would look like a part whose lines are gone.
      if (this.#fd !== undefined) closeSync(this.#fd);
      ({ fd: this.#fd, path: this.#path, size: this.#size } = before);
      this.#leftover = path;
      this.#clearAway();
      throw error;
    }
    this.#part++;
    if (before.fd === undefined) return;
    try {
      fsyncSync(before.fd);
    } finally {
      closeSync(before.fd);
    }
  }

  /** Takes away the file that could not be begun; one that a virus scanner holds open, say, before the next is begun. */
  #clearAway(): void {
    if (this.#leftover === undefined) return;
    unlinkSync(this.#leftover);
    this.#leftover = undefined;
  }

  #opening(follows: readonly FileEnd[]): Fields {
    const { chain } = this.#options;
    const part = this.#part + 1;
    return { type: 'audit_chain', version: 1, chain, part, host: hostname(), pid: process.pid, follows };
  }

  #write(fields: Fields): void {
    const fd = this.#fd;
    if (fd === undefined) throw new Error('The audit file is closed.');
    const timestamp = new Date(this.#options.clock()).toISOString();
    let { text, hash } = sealLine(this.#seq, timestamp, this.#prev, fields);
    if (Buffer.byteLength(text) > MAX_AUDIT_LINE_BYTES) {
      ({ text, hash } = sealLine(this.#seq, timestamp, this.#prev, shortened(fields)));
    }
    this.#size += this.#writeWhole(fd, `${text}\n`);
    this.#seq++;
    this.#prev = hash;
  }

  /**
   * A full disk takes a part of a line: it must not stay, or the next line would be glued to it. Nor may one that could
   * not be brought to the disk: whoever asked was told that it was not recorded.
   */
  #writeWhole(fd: number, text: string): number {
    const length = Buffer.byteLength(text);
    try {
      const written = writeSync(fd, text);
      if (written !== length) throw new Error(`Only ${written} of ${length} bytes were written.`);
      if (this.#options.syncEachLine) fsyncSync(fd);
      return length;
    } catch (error) {
      this.#undo(fd);
      throw error;
    }
  }

  #undo(fd: number): void {
    try {
      ftruncateSync(fd, this.#size);
    } catch {
      // Half a line stays; the next line opens a new file, which says so.
      closeSync(fd);
      this.#fd = undefined;
    }
  }
}
