import { TABLES, type TableName } from '../schema';

/**
 * A value as a literal: logs and the names of files are anybody's, and only the quote itself means anything in it. A NUL would
 * be the end of the statement.
 */
export function literal(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  const parts = value.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? (parts[0] ?? '') : `concat(${parts.join(', chr(0), ')})`;
}

/** A name of a column or table, whatever is in it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The names of a table's columns, in their order. */
export function columnNames(table: TableName): readonly string[] {
  return Object.keys(TABLES[table].columns);
}

/** The statement that makes a table of the schema, with other columns after its own. */
export function createTable(table: TableName, others: readonly string[] = []): string {
  const own = Object.entries(TABLES[table].columns).map(([name, { type }]) => `${identifier(name)} ${type}`);
  return `CREATE TABLE ${identifier(table)} (${[...own, ...others].join(', ')})`;
}

/** The columns of a table out of expressions by name; one that is not named is null. */
export function selectColumns(table: TableName, expressions: Readonly<Record<string, string>>): string {
  const unknown = Object.keys(expressions).filter((name) => !columnNames(table).includes(name));
  if (unknown.length > 0) throw new Error(`The table ${table} has no column ${unknown.join(', ')}.`);
  return Object.entries(TABLES[table].columns)
    .map(([name, { type }]) => `TRY_CAST(${expressions[name] ?? 'NULL'} AS ${type}) AS ${identifier(name)}`)
    .join(', ');
}
