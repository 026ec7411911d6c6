import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { BatonError } from '../../core/errors';
import type { TableName } from '../schema';
import type { Engine } from './engine';
import { columnNames, createTable, identifier, literal } from './sql-text';
import { TABLE_NAMES } from './tables';

const parquetFiles = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.parquet')) : [];

/** Files in one part: more than are ever read in one run. */
const FILES_A_PART = 200_000;

/** Most parts whose files can be numbered, 32 bits wide. */
export const MAX_PART = 9999;

/** The file that one part of a table is written to. */
export const parquetFile = (folder: string, table: TableName, part: number): string =>
  resolve(folder, table, `part-${part}.parquet`);

/**
 * Writes all tables as Parquet (zstd), one folder a table as Athena wants it: `<folder>/<table>/part-0.parquet`.
 *
 * @param part of logs that are read in several runs, the number of this one: no two parts have a name of a file or the number
 *   of a log in common, so that all of them can stand in one folder. 0 to 9999, 0 by default.
 * @throws BatonError `option_invalid` where the folder holds this part already: two runs in one would be counted together
 */
export async function writeParquet(engine: Engine, folder: string, part = 0): Promise<void> {
  const taken = TABLE_NAMES.find((table) => existsSync(parquetFile(folder, table, part)));
  if (taken !== undefined) {
    const message = `The folder ${join(folder, taken)} holds Parquet files already. Name an empty folder.`;
    throw new BatonError('option_invalid', message);
  }
  const fileId = `CAST(file_id + ${part * FILES_A_PART} AS integer) AS file_id`;
  for (const table of TABLE_NAMES) {
    const file = parquetFile(folder, table, part);
    mkdirSync(dirname(file), { recursive: true });
    const rows = `SELECT * REPLACE (${fileId}) FROM ${identifier(table)}`;
    await engine.run(`COPY (${rows}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`);
  }
}

async function openTable(engine: Engine, folder: string, table: TableName): Promise<boolean> {
  const path = resolve(folder, table);
  const files = parquetFiles(path).map((name) => literal(join(path, name)));
  if (files.length === 0) {
    await engine.run(createTable(table));
    return false;
  }
  const from = `read_parquet([${files.join(', ')}], union_by_name = true)`;
  const found = (await engine.rows(`DESCRIBE SELECT * FROM ${from}`)).map(({ column_name: name }) => name);
  const missing = columnNames(table).filter((name) => !found.includes(name));
  if (missing.length > 0) {
    const message = `${path} was not written by this version: it has no column ${missing.join(', ')}. Write it anew.`;
    throw new BatonError('option_invalid', message);
  }
  const columns = columnNames(table).map(identifier).join(', ');
  await engine.run(`CREATE VIEW ${identifier(table)} AS SELECT ${columns} FROM ${from}`);
  return true;
}

/**
 * Makes the tables of {@link writeParquet}'s files, without reading more of them than is asked for later.
 *
 * @throws BatonError `option_invalid` where there are none, or of another version
 */
export async function openParquet(engine: Engine, folder: string): Promise<void> {
  let opened = 0;
  for (const table of TABLE_NAMES) if (await openTable(engine, folder, table)) opened++;
  if (opened > 0) return;
  const message = `There are no Parquet files of baton trace in ${folder}. \`baton trace … --parquet ${folder}\` writes them.`;
  throw new BatonError('option_invalid', message);
}
