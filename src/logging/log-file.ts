import { close, fstatSync, open, openSync, stat, write, writeSync } from 'node:fs';
import { LineBuffer, type LineBatch } from './line-buffer';

/** What a process that is killed without notice can lose, in milliseconds. */
const FLUSH_AFTER_MS = 100;
const FLUSH_AT_LENGTH = 64 * 1024;
/** How long after a write that failed the next one is tried, where nothing urgent comes before. */
const RETRY_AFTER_MS = 1000;

const openFiles = new Set<LogFile>();
let exiting = false;

function flushAll(): void {
  exiting = true;
  for (const file of openFiles) file.flush();
}

/** What a {@link LogFile} needs besides its path. */
export interface LogFileOptions {
  /** Told of each write that fails. */
  readonly failed: (error: Error) => void;
  /** The line that says how many were lost. */
  readonly lostLine: (count: number) => string;
  /** Longest text that may wait for the disk. Default: 8 Mi characters. */
  readonly maxWaiting?: number;
  /** How often it is looked whether the file was renamed or removed, in milliseconds. Default: 1000. */
  readonly lookAfterMs?: number;
}

/** How a line is treated. */
export interface LineWeight {
  /** Does not wait for other lines. */
  readonly urgent: boolean;
  /** Is not left out where the disk cannot follow, nor lost with a write that fails. */
  readonly kept: boolean;
}

const PLAIN: LineWeight = { urgent: false, kept: false };

interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * A file that lines are appended to, many at a time and in the background: a system call a line would cost a request on
 * Node 24 half as much again, and a disk that hangs would hang every request. What waits is written after 100 ms, at 64 kB,
 * with the next urgent line, and when the process exits.
 *
 * What waits is bounded. Beyond the bound lines are left out, and a line says how many; lines that must not be lost are
 * written at once then, and the process waits for the disk.
 *
 * A file that was renamed or removed meanwhile is opened anew under its name, so that whoever rotates logs needs no signal.
 */
export class LogFile {
  readonly #path: string;
  readonly #failed: (error: Error) => void;
  readonly #waiting: LineBuffer;
  #descriptor: number;
  #identity: FileIdentity;
  readonly #lookAfterMs: number;
  #lookedAtMs = performance.now();
  #busy = false;
  #urgent = false;
  #timer: NodeJS.Timeout | undefined;

  /** @throws Error where the file cannot be opened */
  constructor(path: string, { failed, lostLine, maxWaiting = 8 * 1024 * 1024, lookAfterMs = 1000 }: LogFileOptions) {
    this.#path = path;
    this.#failed = failed;
    this.#lookAfterMs = lookAfterMs;
    this.#waiting = new LineBuffer(maxWaiting, lostLine);
    this.#descriptor = openSync(path, 'a');
    this.#identity = fstatSync(this.#descriptor, { bigint: true });
    if (openFiles.size === 0) process.once('exit', flushAll);
    openFiles.add(this);
  }

  /** Adds a line. */
  append(line: string, { urgent, kept }: LineWeight = PLAIN): void {
    if (!this.#waiting.add(line, kept) && !(kept && this.#addAfterFlush(line))) {
      this.#waiting.countLost();
      return;
    }
    if (urgent) this.#urgent = true;
    if (exiting) this.flush();
    else this.#schedule(FLUSH_AFTER_MS);
  }

  #addAfterFlush(line: string): boolean {
    this.flush();
    return this.#waiting.add(line, true);
  }

  /** Writes what waits, and waits for the disk. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#urgent = false;
    const batch = this.#waiting.take();
    if (batch === undefined) return;
    let written = 0;
    try {
      while (written < batch.bytes.length) written += writeSync(this.#descriptor, batch.bytes, written);
    } catch (error) {
      this.#waiting.putBack(batch, written);
      this.#failed(error as Error);
    }
  }

  #schedule(afterMs: number): void {
    if (this.#busy) return;
    if (this.#urgent || this.#waiting.length >= FLUSH_AT_LENGTH) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), afterMs).unref();
  }

  /** One thing at a time: the file is looked for, then a batch is written, then comes what was added meanwhile. */
  #begin(): void {
    if (this.#busy) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#busy = true;
    const now = performance.now();
    if (now - this.#lookedAtMs < this.#lookAfterMs) {
      this.#writeBatch();
      return;
    }
    this.#lookedAtMs = now;
    stat(this.#path, { bigint: true }, (_gone, found) => {
      const { dev, ino } = this.#identity;
      if (found?.dev === dev && found.ino === ino) this.#writeBatch();
      else this.#reopen();
    });
  }

  #reopen(): void {
    open(this.#path, 'a', (error, descriptor) => {
      if (error !== null) {
        // The old file still takes lines; the next look may find the folder again.
        this.#writeBatch();
        return;
      }
      close(this.#descriptor, () => undefined);
      this.#descriptor = descriptor;
      this.#identity = fstatSync(descriptor, { bigint: true });
      this.#writeBatch();
    });
  }

  #writeBatch(): void {
    this.#urgent = false;
    const batch = this.#waiting.take();
    if (batch === undefined) this.#busy = false;
    else this.#write(batch, 0);
  }

  // A write that is under way when the process exits is finished before its threads are ended.
  #write(batch: LineBatch, from: number): void {
    write(this.#descriptor, batch.bytes, from, (error, count) => {
      const written = from + count;
      if (error === null && written < batch.bytes.length) {
        this.#write(batch, written);
        return;
      }
      this.#busy = false;
      if (error !== null) {
        this.#waiting.putBack(batch, from);
        this.#failed(error);
      }
      if (!this.#waiting.isEmpty) this.#schedule(error === null ? FLUSH_AFTER_MS : RETRY_AFTER_MS);
    });
  }
}
