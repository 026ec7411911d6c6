import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { fieldsOf } from '../inputs/kind';
import type { Input } from '../inputs/inputs';
import { byteLines, type ByteLine } from './byte-lines';
import { CopyFile } from './copy-file';
import { fileBytes, PackedFileError, type Reading } from './file-bytes';
import { DELIMITER, MAX_LINE_BYTES, sampleOf, type Account, type Source } from './source';
import { COPY_FIELDS } from './w3c-table';

/** Where copies go. */
export interface CopyPlace extends Reading {
  readonly folder: string;
}

const WINDOWS_1252 = new TextDecoder('windows-1252');
/** A line as UTF-8 without what the reader takes for ends of lines or columns; one of columns at the end it leaves out. */
function cleanLine(bytes: Buffer, forReturn: string): Buffer {
  const utf8 = isUtf8(bytes) ? bytes : Buffer.from(WINDOWS_1252.decode(bytes));
  if (!utf8.includes(0x0d) && !utf8.includes(DELIMITER)) return utf8;
  const text = utf8.toString('utf8').replaceAll('\r', forReturn);
  const end = text.endsWith(DELIMITER) ? -DELIMITER.length : undefined;
  return Buffer.from(text.slice(0, end).replaceAll(DELIMITER, forReturn));
}

const MARK = Buffer.from('\ufeff');

const isBlank = ({ bytes }: ByteLine): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09);

/** Reads a file line by line; what cannot go on is counted. */
async function eachLine(
  input: Input,
  account: Account,
  reading: Reading,
  take: (line: ByteLine) => void,
): Promise<void> {
  let isFirst = true;
  try {
    for await (const lines of byteLines(fileBytes(input, account, reading), MAX_LINE_BYTES - 1024)) {
      for (const found of lines) {
        const line = isFirst && found.bytes.indexOf(MARK) === 0 ? { ...found, bytes: found.bytes.subarray(3) } : found;
        isFirst = false;
        if (isBlank(line)) account.skipped++;
        else if (line.isTooLong) account.reject('too_long', 1, sampleOf(line.bytes.toString('utf8', 0, 400)));
        else take(line);
      }
    }
  } catch (error) {
    if (!(error instanceof PackedFileError)) throw error;
    account.reject(error.message, 0, '');
  }
}

const isCut = (line: ByteLine, bytes: Buffer): string => (line.isFinished ? '' : bytes.toString('utf8'));

/** Copies the lines of a file as DuckDB's strict reader takes them: UTF-8, one kind of line end, none too long. */
export async function copyLines(input: Input, account: Account, place: CopyPlace): Promise<Source> {
  const copy = new CopyFile(join(place.folder, `${input.id}.lines`));
  let unfinished = '';
  try {
    await eachLine(input, account, place, (line) => {
      // A blank is what JSON may have between its tokens.
      const bytes = cleanLine(line.bytes, ' ');
      unfinished = isCut(line, bytes);
      copy.appendLine(bytes);
    });
  } finally {
    copy.close();
  }
  return { input, path: copy.path, unfinished };
}

/** A list of fields in a W3C log, which holds until another one comes. */
export interface FieldRun {
  readonly fields: readonly string[];
  readonly software: string | null;
}

/** The copies of a W3C log, one for each list of fields, and the lists in the file's order. */
export interface W3cCopies {
  readonly copies: readonly { readonly source: Source; readonly fields: readonly string[] }[];
  readonly runs: readonly FieldRun[];
}

/** Beyond so many lists of different fields a file is not by IIS. */
const MAX_LISTS = 500;

/**
 * Sorts the rows of a W3C log by the fields that hold for them, each with its day, for logs that have it in `#Date` alone.
 */
class W3cSorter {
  readonly runs: FieldRun[] = [];
  readonly #input: Input;
  readonly #account: Account;
  readonly #folder: string;
  readonly #copies = new Map<string, { copy: CopyFile; fields: readonly string[]; unfinished: string }>();
  #software: string | null = null;
  #date = '-';
  #fields = '';

  constructor(input: Input, account: Account, folder: string) {
    this.#input = input;
    this.#account = account;
    this.#folder = folder;
  }

  take(line: ByteLine): void {
    // IIS writes a plus for what cannot be printed.
    const bytes = cleanLine(line.bytes, '+');
    if (bytes[0] === 0x23) this.#directive(bytes.toString('utf8'));
    else this.#row(line, bytes);
  }

  close(): void {
    for (const { copy } of this.#copies.values()) copy.close();
  }

  copies(): W3cCopies['copies'] {
    return [...this.#copies.values()].map(({ copy, fields, unfinished }) => ({
      source: { input: this.#input, path: copy.path, unfinished },
      fields: [...COPY_FIELDS, ...fields],
    }));
  }

  #directive(text: string): void {
    this.#account.skipped++;
    if (text.startsWith('#Software:')) this.#software = text.slice('#Software:'.length).trim();
    if (text.startsWith('#Date:')) this.#date = /\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? '-';
    if (!text.startsWith('#Fields:')) return;
    const fields = fieldsOf(text);
    const list = fields.join(' ');
    if (list === this.#fields) return;
    this.#fields = list;
    this.runs.push({ fields, software: this.#software });
    if (this.#copies.has(list) || this.#copies.size >= MAX_LISTS) return;
    const copy = new CopyFile(join(this.#folder, `${this.#input.id}-${this.#copies.size}.rows`));
    this.#copies.set(list, { copy, fields, unfinished: '' });
  }

  #row(line: ByteLine, bytes: Buffer): void {
    const entry = this.#copies.get(this.#fields);
    if (entry === undefined) {
      return this.#account.reject('fields', 1, sampleOf(bytes.toString('utf8', 0, 400)));
    }
    const row = Buffer.concat([Buffer.from(`${this.runs.length} ${this.#date} `), bytes]);
    entry.unfinished = isCut(line, row);
    entry.copy.appendLine(row);
  }
}

/** Copies a W3C log whose fields change, or that DuckDB's strict reader does not take as it is. */
export async function copyW3c(input: Input, account: Account, place: CopyPlace): Promise<W3cCopies> {
  const sorter = new W3cSorter(input, account, place.folder);
  try {
    await eachLine(input, account, place, (line) => sorter.take(line));
  } finally {
    sorter.close();
  }
  return { copies: sorter.copies(), runs: sorter.runs };
}

/** Unpacks a file, or gives it a name that DuckDB does not take for a pattern. */
export async function copyWhole(input: Input, account: Account, place: CopyPlace): Promise<string> {
  const copy = new CopyFile(join(place.folder, `${input.id}.copy`));
  try {
    for await (const chunk of fileBytes(input, account, place)) copy.append(chunk);
  } catch (error) {
    if (!(error instanceof PackedFileError)) throw error;
    account.reject(error.message, 0, '');
  } finally {
    copy.close();
  }
  return copy.path;
}
