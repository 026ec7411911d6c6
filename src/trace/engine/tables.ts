import { TABLES, type TableName } from '../schema';
import type { Engine } from './engine';
import { createTable } from './sql-text';

/** The names of all tables. */
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** Makes all tables of the schema, empty. */
export async function createTables(engine: Engine): Promise<void> {
  for (const table of TABLE_NAMES) await engine.run(createTable(table));
}
