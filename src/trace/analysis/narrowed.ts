import { TABLES } from '../schema';
import type { SqlEngine } from './sql-engine';

/** What the analysis is confined to, in milliseconds since the epoch; both ends belong to it. */
export interface Period {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

const TABLES_OF_TIMES = Object.entries(TABLES)
  .filter(([, { columns }]) => 't_ms' in columns)
  .map(([name]) => name);

/**
 * Lets the analysis see a part of the time only: views of the same names stand before the tables, so that no question has to
 * know. Call what is returned to take them away again.
 */
export async function narrowTo(engine: SqlEngine, { fromMs, toMs }: Period): Promise<() => Promise<void>> {
  const conditions = [
    ...(fromMs === undefined ? [] : [`t_ms >= ${Math.floor(fromMs)}`]),
    ...(toMs === undefined ? [] : [`t_ms <= ${Math.floor(toMs)}`]),
  ];
  if (conditions.length === 0) return async () => undefined;
  // Named in full: `main.gateway` alone would be the view itself, which is in a schema of that name too.
  const [{ name: database } = {}] = await engine.rows('SELECT current_database() AS name');
  for (const name of TABLES_OF_TIMES) {
    const rows = `SELECT * FROM "${String(database)}".main.${name} WHERE ${conditions.join(' AND ')}`;
    await engine.run(`CREATE OR REPLACE TEMP VIEW ${name} AS ${rows}`);
  }
  return async () => {
    for (const name of TABLES_OF_TIMES) await engine.run(`DROP VIEW IF EXISTS temp.${name}`);
  };
}
