import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BatonError } from '../../core/errors';
import type { TableName } from '../schema';
import type { Engine } from './engine';
import { columnNames, createTable, identifier, literal } from './sql-text';
import { TABLE_NAMES } from './tables';

const parquetFiles = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.parquet')) : [];

/**
 * Writes all tables as Parquet (zstd), one folder a table as Athena wants it: `<folder>/<table>/part-0.parquet`.
 *
 * @throws BatonError `option_invalid` where the folder holds such files already: two runs in one would be counted together
 */
export async function writeParquet(engine: Engine, folder: string): Promise<void> {
  const taken = TABLE_NAMES.find((table) => parquetFiles(join(folder, table)).length > 0);
  if (taken !== undefined) {
    const message = `The folder ${join(folder, taken)} holds Parquet files already. Name an empty folder.`;
    throw new BatonError('option_invalid', message);
  }
  for (const table of TABLE_NAMES) {
    const path = resolve(folder, table);
    mkdirSync(path, { recursive: true });
    const file = literal(join(path, 'part-0.parquet'));
    await engine.run(`COPY ${identifier(table)} TO ${file} (FORMAT parquet, COMPRESSION zstd)`);
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
