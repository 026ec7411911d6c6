import { existsSync, rmSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { BatonError } from '../../core/errors';
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

/** Half a set of tables would look like a whole one next time. What was there before this run is not touched. */
async function writeWhole(engine: Engine, folder: string, part: number): Promise<void> {
  const files = TABLE_NAMES.map((table) => parquetFile(folder, table, part));
  const made = [folder, ...files.map((file) => dirname(file))].filter((path) => !existsSync(path));
  try {
    await writeParquet(engine, folder, part);
  } catch (error) {
    for (const file of files) if (existsSync(file)) rmSync(file);
    for (const path of made.reverse()) if (existsSync(path)) rmdirSync(path);
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new BatonError('option_invalid', `${folder} cannot be written (${code ?? message}).`, { cause: error });
  }
}
