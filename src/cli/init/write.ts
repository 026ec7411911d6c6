import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BatonError } from '../../core/errors';
import { writeNewFile } from '../../core/replace-file';
import { systemFault } from '../../core/system-fault';
import { readTextFile } from '../../core/text-file';
import { unifiedDiff } from '../../core/unified-diff';
import type { PlannedFile } from '../../scaffold/plan';

/**
 * What became of a planned file.
 *
 * - `new`: it was not there; written, unless nothing is to be.
 * - `same`: it is there as planned.
 * - `kept`: keys that are there; new ones would lock out what the old ones signed.
 * - `differs`: it is there and is something else; left as it is.
 */
export type Fate = 'new' | 'same' | 'kept' | 'differs';

export interface WrittenFile extends PlannedFile {
  readonly fate: Fate;
  /** From what is there to what was planned, as a unified diff; empty unless it differs. */
  readonly diff: string;
}

function readThere(folder: string, path: string): string {
  try {
    return readTextFile(resolve(folder, path));
  } catch (cause) {
    throw new BatonError('option_invalid', `${path} is there and cannot be read (${systemFault(cause)}).`, {
      cause,
    });
  }
}

/** Line ends do not count, Git turns them on Windows; nor does the byte order mark, which a file is read without. */
const comparable = (text: string): string => text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');

function fateOf(folder: string, file: PlannedFile, all: readonly PlannedFile[]): WrittenFile {
  const { group } = file;
  const isKept =
    group !== undefined && all.some((other) => other.group === group && existsSync(resolve(folder, other.path)));
  if (isKept) return { ...file, fate: 'kept', diff: '' };
  if (!existsSync(resolve(folder, file.path))) return { ...file, fate: 'new', diff: '' };
  const there = readThere(folder, file.path);
  if (comparable(there) === comparable(file.text)) return { ...file, fate: 'same', diff: '' };
  return { ...file, fate: 'differs', diff: unifiedDiff(file.path, comparable(there), comparable(file.text)) };
}

function writeNew(folder: string, { path, text, isSecret }: PlannedFile): void {
  const absolute = resolve(folder, path);
  try {
    mkdirSync(dirname(absolute), { recursive: true });
    // Never over another file: also not over one that came about in the meantime.
    writeNewFile(absolute, text, isSecret ? 0o600 : 0o644);
  } catch (cause) {
    throw new BatonError('option_invalid', `${path} cannot be written (${systemFault(cause)}).`, { cause });
  }
}

/** A group is there whole or not at all: of half a one, the next run would keep the half, and never make the rest. */
function writeAllNew(folder: string, files: readonly WrittenFile[]): void {
  const written: WrittenFile[] = [];
  try {
    for (const file of files) {
      writeNew(folder, file);
      written.push(file);
    }
  } catch (error) {
    const open = files[written.length]?.group;
    const half = written.filter(({ group }) => group !== undefined && group === open);
    for (const { path } of half) takeBack(folder, path, error as BatonError);
    throw error;
  }
}

function takeBack(folder: string, path: string, because: BatonError): void {
  try {
    rmSync(resolve(folder, path), { force: true });
  } catch (fault) {
    const message = `${because.message} Delete ${path}, which belongs to it and cannot be removed (${systemFault(fault)}).`;
    throw new BatonError('option_invalid', message, { cause: because });
  }
}

/**
 * Writes the files that are not there yet; every other one is left as it is.
 * @param isDryRun says what would become of them, and writes nothing
 * @throws BatonError `option_invalid` for a file that cannot be written
 */
export function writeFiles(folder: string, files: readonly PlannedFile[], isDryRun: boolean): readonly WrittenFile[] {
  const fates = files.map((file) => fateOf(folder, file, files));
  const missing = fates.filter(({ fate }) => fate === 'new');
  if (!isDryRun) writeAllNew(folder, missing);
  return fates;
}
