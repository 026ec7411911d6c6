import { existsSync, rmSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { BatonError } from '../../core/errors';
import { systemFault } from '../../core/system-fault';
import type { Engine } from '../../trace/engine/engine';
import { openParquet, parquetFile, writeParquet } from '../../trace/engine/parquet';
import { TABLE_NAMES } from '../../trace/engine/tables';
import { ingest } from '../../trace/ingest/ingest';
import type { TraceArguments } from './arguments';
import type { ProgressBar } from './progress';

/** Fills the tables: from logs, which are kept as Parquet where that is asked for, or from such Parquet. */
export async function loadLogs(
  engine: Engine,
  { paths, parquet, part }: TraceArguments,
  progress: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0) {
    await openParquet(engine, parquet ?? '');
    return;
  }
  await ingest(engine, { paths, signal, onProgress: (state) => progress.reading(state) });
  if (parquet !== undefined) {
    progress.step('writing Parquet');
    await writeWhole(engine, parquet, part);
  }
  await engine.seal();
}

/** Says what is left half written, which nothing else that ended the run says. */
export class LeftHalfWritten extends BatonError {}

/** Half a set of tables would look like a whole one next time. What was there before this run is not touched. */
async function writeWhole(engine: Engine, folder: string, part: number): Promise<void> {
  const files = TABLE_NAMES.map((table) => parquetFile(folder, table, part));
  const made = [folder, ...files.map((file) => dirname(file)), ...files].filter((path) => !existsSync(path));
  try {
    await writeParquet(engine, folder, part);
  } catch (error) {
    const cause = writeFault(folder, error);
    const left = made.reverse().flatMap((path) => whyNotRemoved(path, files.includes(path)) ?? []);
    if (left.length === 0) throw cause;
    const message = `${cause.message}\nDelete what is half written and cannot be removed:\n${left.join('\n')}`;
    throw new LeftHalfWritten('option_invalid', message, { cause });
  }
}

function writeFault(folder: string, error: unknown): Error {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error as Error;
  return new BatonError('option_invalid', `${folder} cannot be written (${code ?? message}).`, { cause: error });
}

/** Removes a file or a folder, if it is there; a folder into which somebody else has put something stays. */
function whyNotRemoved(path: string, isFile: boolean): string | undefined {
  try {
    if (isFile) rmSync(path, { force: true });
    else rmdirSync(path);
    return undefined;
  } catch (fault) {
    const { code = '' } = fault as NodeJS.ErrnoException;
    return ['ENOENT', 'ENOTDIR', 'ENOTEMPTY'].includes(code) ? undefined : `${path} (${systemFault(fault)})`;
  }
}
