import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openEngine, type Engine } from '../../../src/trace/engine/engine';
import { ingest, type IngestOptions } from '../../../src/trace/ingest/ingest';
import type { Cell } from '../../../src/trace/report-model';
import { temporaryFolder } from '../../support/example';

/** What was read. */
export interface Reading {
  readonly folder: string;
  readonly engine: Engine;
  rows(sql: string): Promise<Record<string, Cell>[]>;
  /** By path below the folder: kind, lines, rows read, rejected and skipped. */
  accounts(): Promise<Record<string, readonly Cell[]>>;
  /** By path below the folder: rows rejected, by reason. */
  rejects(): Promise<Record<string, Record<string, Cell>>>;
  close(): Promise<void>;
}

/** Lines of a file as anybody counts them: what is between line ends, the last one too if something stands in it. */
function countLines(bytes: Buffer): number {
  const text = bytes.toString('latin1');
  const ends = text.split('\n').length - 1;
  return text === '' || text.endsWith('\n') ? ends : ends + 1;
}

/**
 * Writes files into a folder, reads them, and holds the accounts against a count of lines of its own: each line of each log
 * that is read by lines must be a row, rejected or skipped.
 */
export async function readLogs(
  files: Readonly<Record<string, string | Buffer>>,
  options: Partial<IngestOptions> & { memory?: string } = {},
): Promise<Reading> {
  const folder = temporaryFolder();
  const engine = await openEngine({ threads: 2, memory: options.memory });
  const reading = readingOf(folder, engine);
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    await ingest(engine, { paths: [folder], ...options });
    await checkAccounts(reading);
    return reading;
  } catch (error) {
    await reading.close();
    throw error;
  }
}

/** {@link readLogs} for one look. */
export async function withLogs(
  files: Readonly<Record<string, string | Buffer>>,
  look: (reading: Reading) => Promise<void>,
  options: Partial<IngestOptions> & { memory?: string } = {},
): Promise<void> {
  const reading = await readLogs(files, options);
  try {
    await look(reading);
  } finally {
    await reading.close();
  }
}

function readingOf(folder: string, engine: Engine): Reading {
  const nameOf = (cell: Cell | undefined): string => path.relative(folder, String(cell)).split(path.sep).join('/');
  const rows = (sql: string): Promise<Record<string, Cell>[]> => engine.rows(sql);
  return {
    folder,
    engine,
    rows,
    accounts: async () => {
      const found = await rows(
        'SELECT path, kind, lines, rows_read, rows_rejected, rows_skipped FROM files ORDER BY path',
      );
      return Object.fromEntries(found.map(({ path: file, ...counts }) => [nameOf(file), Object.values(counts)]));
    },
    rejects: async () => {
      const found = await rows(
        'SELECT path, reason, rejects.rows_rejected AS n FROM rejects JOIN files USING (file_id)',
      );
      const byFile: Record<string, Record<string, Cell>> = {};
      for (const row of found) (byFile[nameOf(row['path'])] ??= {})[String(row['reason'])] = row['n'] ?? 0;
      return byFile;
    },
    close: async () => {
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const TABLES_OF_ROWS = [
  'gateway',
  'iis',
  'httperr',
  'app',
  'audit',
  'app_events',
  'functions',
  'lambda_reports',
  'workflow_events',
];

async function checkAccounts({ rows }: Reading): Promise<void> {
  const perTable = TABLES_OF_ROWS.map((table) => `SELECT file_id FROM ${table}`).join(' UNION ALL ');
  const files = await rows(
    `SELECT files.*, (SELECT count(*) FROM (${perTable}) AS r WHERE r.file_id = files.file_id) AS in_tables FROM files`,
  );
  for (const file of files) {
    const { rows_read: read, rows_rejected: rejected, rows_skipped: skipped } = file;
    expect(file).toMatchObject({ lines: Number(read) + Number(rejected) + Number(skipped), in_tables: read });
    if (file['kind'] === 'unread') continue;
    const bytes = readFileSync(String(file['path']));
    const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? unpacked(bytes) : bytes;
    if (text === undefined || isDocument(text)) continue;
    const reasons = await rows(`SELECT reason, sample FROM rejects WHERE file_id = ${file['file_id']}`);
    const found = { path: file['path'], reasons, lines: file['lines'] };
    expect(found).toEqual({ ...found, lines: countLines(text) });
  }
}

function unpacked(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

/** Envelopes and histories are counted by events; UTF-16 has zeros where line ends are looked for. */
function isDocument(text: Buffer): boolean {
  return text[0] === 0xff || /^\s*\[?\s*\{\s*"(?:messageType|events)"/.test(text.toString('latin1', 0, 200));
}
