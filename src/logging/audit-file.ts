import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import { MAX_AUDIT_LINE_BYTES, readLine, type AuditLine } from './audit-line';

/** Where another file of the trail stood when this one was begun: what was cut off from it later shows. */
export interface FileEnd {
  readonly file: string;
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
  /** True where half a line follows: its writer was ended in the middle, or the file was cut. */
  readonly halfLine?: true;
}

/** How many of the newest files a new chain names: as many as a server has processes of one app, and more. */
const FOLLOWED_FILES = 8;
const LINE_FEED = 0x0a;

/** The path of one part of a chain: `audit.20261120T125020123Z-4711-9f3ab2c1.0001.jsonl` beside `audit.jsonl`. */
export function partPath(file: string, startedAt: number, chain: string, part: number): string {
  const extension = extname(file);
  const start = new Date(startedAt).toISOString().replace(/[-:.]/g, '');
  const process_ = `${start}-${process.pid}-${chain.slice(0, 8)}`;
  const name = `${basename(file, extension)}.${process_}.${String(part).padStart(4, '0')}${extension}`;
  return join(dirname(file), name);
}

/** Names of the files of the trail, the newest first, as {@link partPath} makes them. */
export function partsOf(file: string): string[] {
  const extension = extname(file);
  const stem = `${basename(file, extension)}.`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(stem) && name.endsWith(extension))
    .filter((name) =>
      /^\d{8}T\d{9}Z-\d+-[\da-f]{8}\.\d{4,}$/.test(name.slice(stem.length, -extension.length || undefined)),
    )
    .sort()
    .reverse();
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

/** The first line of an open file, if it is whole. */
function firstLine(fd: number): AuditLine | undefined {
  const head = readAt(fd, 0, 16_384);
  const end = head.indexOf(LINE_FEED);
  return end < 0 ? undefined : readLine(head.subarray(0, end));
}

/** The last line of an open file that is whole, and whether half a line follows. */
function lastLine(fd: number): { line: AuditLine | undefined; halfLine: boolean } {
  const { size } = fstatSync(fd);
  // Lines are short as a rule; only where one is not, the window is the longest that there can be, twice.
  for (const window of [65_536, 2 * MAX_AUDIT_LINE_BYTES]) {
    const length = Math.min(size, window);
    const tail = readAt(fd, size - length, length);
    const end = tail.lastIndexOf(LINE_FEED);
    const start = end < 1 ? 0 : tail.lastIndexOf(LINE_FEED, end - 1) + 1;
    if (end < 0 || (start === 0 && length < size)) continue;
    return { line: readLine(tail.subarray(start, end)), halfLine: end !== tail.length - 1 };
  }
  return { line: undefined, halfLine: size > 0 };
}

/** What the opening line of a file says. */
export interface AuditOpening {
  readonly chain: string;
  /** Which file of its chain this is, from 1. */
  readonly part: number;
  readonly line: AuditLine;
  readonly follows: readonly FileEnd[];
}

/** The opening that a line is; undefined for any other line. */
function openingOf(line: AuditLine | undefined): AuditOpening | undefined {
  const { type, chain, part, follows } = line?.fields ?? {};
  if (line === undefined || type !== 'audit_chain' || typeof chain !== 'string' || typeof part !== 'number') {
    return undefined;
  }
  return { chain, part, line, follows: Array.isArray(follows) ? (follows as FileEnd[]) : [] };
}

function withFile<T>(path: string, read: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return read(fd);
  } finally {
    closeSync(fd);
  }
}

/** The opening of a file on disk; undefined where its first line is none. */
export function readOpening(path: string): AuditOpening | undefined {
  return withFile(path, (fd) => openingOf(firstLine(fd)));
}

/** Where a file ends now; undefined where it cannot be read as a part of a trail. */
export function fileEnd(path: string): FileEnd | undefined {
  try {
    return withFile(path, (fd) => {
      const opening = openingOf(firstLine(fd));
      const { line, halfLine } = lastLine(fd);
      if (opening === undefined || line === undefined) return undefined;
      const { seq, hash } = line;
      return { file: basename(path), chain: opening.chain, seq, hash, ...(halfLine && { halfLine }) };
    });
  } catch {
    // A file of an earlier process that cannot be read must not keep this one from starting.
    return undefined;
  }
}

/** Where the newest files of the trail end: of earlier processes, and of those that run beside this one. */
export function earlierEnds(file: string): FileEnd[] {
  return partsOf(file)
    .slice(0, FOLLOWED_FILES)
    .map((name) => fileEnd(join(dirname(file), name)))
    .filter((end) => end !== undefined);
}

/**
 * Makes sure that the folder is there.
 * @throws BatonError `option_invalid`
 */
export function checkFolder(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** The error for an audit file that cannot be made at the start. */
export function unwritable(file: string, cause: unknown): BatonError {
  const advice = "Give the app pool's identity write access to its folder, or name another file.";
  const message = `The audit file ${file} cannot be written (${systemFault(cause)}). ${advice}`;
  return new BatonError('option_invalid', message, { cause });
}
