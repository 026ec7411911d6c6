import type { InputFile } from '../report-model';
import type { SqlEngine } from './sql-engine';

/** The files that were read, and what could not be read of them. */
export async function readInputs(engine: SqlEngine): Promise<InputFile[]> {
  const rejects = await engine.rows('SELECT * FROM rejects ORDER BY file_id, rows_rejected DESC, reason');
  const files = await engine.rows('SELECT * FROM files ORDER BY kind, path');
  const number = (value: unknown): number => Number(value ?? 0);
  const orNull = (value: unknown): number | null => (value === null ? null : Number(value));
  return files.map((file) => ({
    path: String(file['path']),
    kind: String(file['kind']),
    server: file['server'] === null ? null : String(file['server']),
    bytes: number(file['bytes']),
    lines: number(file['lines']),
    rowsRead: number(file['rows_read']),
    rowsRejected: number(file['rows_rejected']),
    rowsSkipped: number(file['rows_skipped']),
    firstMs: orNull(file['first_ms']),
    lastMs: orNull(file['last_ms']),
    rejects: rejects
      .filter(({ file_id: id }) => id === file['file_id'])
      .map((row) => ({
        reason: String(row['reason']),
        rows: number(row['rows_rejected']),
        sample: String(row['sample'] ?? ''),
      })),
  }));
}
