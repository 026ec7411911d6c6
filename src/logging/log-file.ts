import { openSync, writeSync } from 'node:fs';

/** What a process that is killed without notice can lose, in milliseconds. */
const FLUSH_AFTER_MS = 100;
const FLUSH_AT_LENGTH = 64 * 1024;

const open = new Set<LogFile>();
let exiting = false;

function flushAll(): void {
  exiting = true;
  for (const file of open) file.flush();
}

/**
 * A file that lines are appended to, many at a time: a system call a line would cost a request on Node 24 half as much
 * again. What waits is written after 100 ms, at 64 kB, with the next urgent line, and when the process exits.
 */
export class LogFile {
  readonly #descriptor: number;
  readonly #failed: (error: Error) => void;
  #pending = '';
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param failed told of each write that fails; its lines are lost, so that a full disk does not fill the memory too
   * @throws Error where the file cannot be opened
   */
  constructor(path: string, failed: (error: Error) => void) {
    this.#descriptor = openSync(path, 'a');
    this.#failed = failed;
    if (open.size === 0) process.once('exit', flushAll);
    open.add(this);
  }

  /** @param urgent written before this returns */
  append(line: string, urgent: boolean): void {
    this.#pending += `${line}\n`;
    if (urgent || exiting || this.#pending.length >= FLUSH_AT_LENGTH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === '') return;
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}
