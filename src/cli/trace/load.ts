import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BatonError } from '../../core/errors';
import type { Engine } from '../../trace/engine/engine';
import { openParquet, writeParquet } from '../../trace/engine/parquet';
import { TABLE_NAMES } from '../../trace/engine/tables';
import { ingest } from '../../trace/ingest/ingest';
import type { TraceArguments } from './arguments';
import type { ProgressBar } from './progress';

/** Fills the tables: from logs, which are kept as Parquet where that is asked for, or from such Parquet. */
export async function loadLogs(
  engine: Engine,
  { paths, parquet }: TraceArguments,
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
    await writeWhole(engine, parquet);
  }
  await engine.seal();
}

/** Half a set of tables would look like a whole one next time. The folder was empty, or not there. */
async function writeWhole(engine: Engine, folder: string): Promise<void> {
  const wasThere = existsSync(folder);
  try {
    await writeParquet(engine, folder);
  } catch (error) {
    for (const table of TABLE_NAMES) remove(join(folder, table));
    if (!wasThere) remove(folder);
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new BatonError('option_invalid', `${folder} cannot be written (${code ?? message}).`, { cause: error });
  }
}

/** Of what could not be made there is nothing to remove. */
function remove(path: string): void {
  if (existsSync(path)) rmSync(path, { recursive: true });
}
