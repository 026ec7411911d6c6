import { printable } from '../../core/printable';
import type { Input } from '../inputs/inputs';

/** Longest line that is read, in bytes; IIS writes at most 64 KB, CloudWatch takes 1 MB. */
export const MAX_LINE_BYTES = 2_000_000;

/** What parts columns for DuckDB's reader, which shall find one column: nothing that stands in a log. */
export const DELIMITER = '\u0001\u0002\u0003\u0004';

/** A file in the form that DuckDB can read: the log itself, or a copy of it. */
export interface Source {
  readonly input: Input;
  /** What is read. */
  readonly path: string;
  /** The line at the end that is not finished; empty where there is none. */
  readonly unfinished: string;
}

/** Lines that could not be read, of one reason. */
export interface Rejected {
  readonly rows: number;
  readonly sample: string;
}

/** What became of the lines of a file, as far as they did not become rows. */
export class Account {
  /** Of the file's text; where it was copied, unpacked. */
  bytes: number;
  skipped = 0;
  readonly rejects = new Map<string, Rejected>();

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** @param rows may be 0, for what is said of the file as a whole */
  reject(reason: string, rows: number, sample: string): void {
    const before = this.rejects.get(reason);
    this.rejects.set(reason, { rows: (before?.rows ?? 0) + rows, sample: before?.sample ?? sample });
  }

  /** Takes what was counted for nothing: the file is read in another way. */
  clear(): void {
    this.skipped = 0;
    this.rejects.clear();
  }
}

/** Beginning of a line, for people: bounded, and what terminals obey is written out. */
export const sampleOf = (line: string): string => printable(line.slice(0, 200));

/** Problems that are none: such lines are counted as skipped. */
export const SKIPPED: ReadonlySet<string> = new Set(['blank', 'directive', 'other', 'timeout']);
