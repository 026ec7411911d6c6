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
  // A table: its rows are counted once, and asked for by many.
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE iis_fields AS ${fieldsInForce(`"${String(database)}".main`, { fromMs, toMs })}`,
  );
  return async () => {
    for (const name of TABLES_OF_TIMES) await engine.run(`DROP VIEW IF EXISTS temp.${name}`);
    await engine.run('DROP TABLE IF EXISTS temp.iis_fields');
  };
}

/**
 * The lists of fields that held in the period: one holds until the next one in its file, or until the file ends. Of the rows
 * below it, those of the period count: each is of the last list that began before it. Of two lists that began in the same
 * second nobody can tell, so that neither counts more than it has.
 */
function fieldsInForce(schema: string, { fromMs, toMs }: Period): string {
  return `
SELECT l.* EXCLUDE (until_ms) REPLACE (least(l.rows_read, coalesce(c.rows_read, 0)) AS rows_read)
FROM (
  SELECT *, lead(from_ms) OVER (PARTITION BY file_id ORDER BY from_ms) AS until_ms FROM ${schema}.iis_fields
) l
LEFT JOIN ${schema}.files f ON f.file_id = l.file_id
LEFT JOIN (
  SELECT k.file_id, k.from_ms, count(*) AS rows_read
  FROM iis i ASOF JOIN ${schema}.iis_fields k ON i.file_id = k.file_id AND i.t_ms >= k.from_ms
  GROUP BY k.file_id, k.from_ms
) c ON c.file_id = l.file_id AND c.from_ms = l.from_ms
WHERE coalesce(l.until_ms, f.last_ms, ${Math.floor(fromMs ?? 0)}) >= ${Math.floor(fromMs ?? 0)} AND coalesce(l.from_ms <= ${toMs === undefined ? 'NULL' : Math.floor(toMs)}, true)`;
}
