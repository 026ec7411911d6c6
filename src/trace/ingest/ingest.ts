import { rmSync } from 'node:fs';
import type { Engine } from '../engine/engine';
import { createTable } from '../engine/sql-text';
import { TABLE_NAMES } from '../engine/tables';
import { findInputs, type Inputs } from '../inputs/inputs';
import type { Cell } from '../report-model';
import { batchesOf, type Batch } from './batches';
import { HELPERS, insertRows, runYields, settle, type HelpedTable, type RunYield, type Yield } from './filled-tables';
import { Loader } from './loader';
import { Account, sampleOf } from './source';

/** How far the reading has come. */
export interface IngestProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** What is read now, for people. */
  readonly step: string;
}

/** What is read. */
export interface IngestOptions {
  /** Folders, files and patterns. */
  readonly paths: readonly string[];
  /** Told several times a second. */
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined;
  /** Ends the reading; the engine is then good for nothing but to be closed. */
  readonly signal?: AbortSignal | undefined;
}

const PROGRESS_MS = 150;

async function makeTables(engine: Engine): Promise<void> {
  for (const table of TABLE_NAMES) {
    const helpers: readonly string[] = Object.hasOwn(HELPERS, table) ? HELPERS[table as HelpedTable] : [];
    await engine.run(createTable(table, helpers));
  }
}

function stepOf({ inputs }: Batch): string {
  const [first] = inputs;
  const rest = inputs.length - 1;
  return `${first?.kind ?? ''} logs: ${first?.path ?? ''}${rest > 0 ? ` and ${rest} more` : ''}`;
}

async function loadAll(
  engine: Engine,
  loader: Loader,
  batches: readonly Batch[],
  options: IngestOptions,
): Promise<void> {
  const sizeOf = ({ inputs }: Batch): number => inputs.reduce((sum, { bytes }) => sum + bytes, 0);
  const bytesTotal = batches.reduce((sum, batch) => sum + sizeOf(batch), 0);
  let before = 0;
  for (const batch of batches) {
    const size = sizeOf(batch);
    const tell = (): void => {
      const share = Math.max(engine.progress() * size, loader.bytesCopied);
      options.onProgress?.({ bytesDone: before + Math.min(share, size), bytesTotal, step: stepOf(batch) });
    };
    tell();
    const timer = setInterval(tell, PROGRESS_MS);
    try {
      await loader.load(batch);
    } finally {
      clearInterval(timer);
    }
    before += size;
  }
  options.onProgress?.({ bytesDone: bytesTotal, bytesTotal, step: 'counting' });
}

/** A row of `files` for each file, and one of `rejects` for each reason. */
async function writeAccounts(
  engine: Engine,
  { read, unread }: Inputs,
  accounts: ReadonlyMap<number, Account>,
  yields: ReadonlyMap<number, Yield>,
): Promise<void> {
  const files: Cell[][] = [];
  const rejects: Cell[][] = [];
  for (const { id, path, kind, server } of read) {
    const { bytes, skipped, rejects: reasons } = accounts.get(id) ?? new Account(0);
    const { rows, firstMs, lastMs } = yields.get(id) ?? { rows: 0, firstMs: null, lastMs: null };
    const rejected = [...reasons.values()].reduce((sum, reason) => sum + reason.rows, 0);
    const lines = rows + rejected + skipped;
    files.push([id, path, kind, server, bytes, lines, rows, rejected, skipped, firstMs, lastMs]);
    for (const [reason, { rows: count, sample }] of reasons) rejects.push([id, reason, count, sampleOf(sample)]);
  }
  for (const { id, path, bytes, reason } of unread) {
    files.push([id, path, 'unread', null, bytes, 0, 0, 0, 0, null, null]);
    rejects.push([id, reason, 0, '']);
  }
  await insertRows(engine, 'files', files);
  await insertRows(engine, 'rejects', rejects);
}

async function writeFields(engine: Engine, loader: Loader, found: readonly RunYield[]): Promise<void> {
  const rows: Cell[][] = [];
  for (const [input, runs] of loader.runs) {
    runs.forEach(({ fields, software }, index) => {
      const given = found.find(({ fileId, run }) => fileId === input.id && run === index + 1);
      const server = given?.server ?? input.server;
      rows.push([input.id, server, given?.firstMs ?? null, fields.join(' '), software, given?.rows ?? 0]);
    });
  }
  await insertRows(engine, 'iis_fields', rows);
}

async function readAll(engine: Engine, options: IngestOptions): Promise<void> {
  const inputs = await findInputs(options.paths, options.signal);
  await makeTables(engine);
  const accounts = new Map(inputs.read.map(({ id, bytes }) => [id, new Account(bytes)] as const));
  const loader = new Loader(engine, accounts, options.signal);
  await loadAll(engine, loader, batchesOf(inputs.read), options);
  await writeFields(engine, loader, await runYields(engine));
  for (const table of Object.keys(HELPERS) as HelpedTable[]) await settle(engine, table, accounts, loader.yields);
  await writeAccounts(engine, inputs, accounts, loader.yields);
  rmSync(loader.folder, { recursive: true, force: true });
}

/**
 * Reads logs into the tables of the schema, which must not be there yet. Each line of each file is accounted for in `files`:
 * as a row, as rejected with its reason in `rejects`, or as skipped.
 *
 * @throws BatonError `option_invalid` for a path that leads to nothing; the signal's reason where it was aborted
 */
export async function ingest(engine: Engine, options: IngestOptions): Promise<void> {
  const { signal } = options;
  const interrupt = (): void => engine.interrupt();
  signal?.throwIfAborted();
  signal?.addEventListener('abort', interrupt);
  try {
    await readAll(engine, options);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}
