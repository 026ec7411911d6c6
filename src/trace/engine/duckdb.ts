import { optionalPeer } from '../../core/peers';

/** The version that has bindings for Windows, Linux and macOS; package.json pins the same. */
export const DUCKDB_VERSION = '1.5.5-r.5';

/** What a statement's parameters may be. */
export type Parameter = string | number | bigint | boolean | null;

/** How far the statement that runs now has come. */
export interface QueryProgress {
  /** 0 to 100; below 0 where it cannot be told. */
  readonly percentage: number;
}

/** As much of DuckDB's connection as is used here. */
export interface Connection {
  run(sql: string, values?: Parameter[]): Promise<unknown>;
  runAndReadAll(sql: string, values?: Parameter[]): Promise<{ getRowObjectsJS(): Record<string, unknown>[] }>;
  interrupt(): void;
  closeSync(): void;
  readonly progress: QueryProgress;
}

/** As much of a database as is used here. */
export interface Database {
  connect(): Promise<Connection>;
  closeSync(): void;
}

interface DuckDb {
  readonly DuckDBInstance: { create(path: string, options: Readonly<Record<string, string>>): Promise<Database> };
}

/**
 * Loads DuckDB.
 * @throws BatonError `peer_missing` where the package, or its part for this platform, is not installed
 */
export function loadDuckDb(): DuckDb {
  return optionalPeer(
    `@duckdb/node-api@${DUCKDB_VERSION}`,
    `baton trace, on ${process.platform}-${process.arch},`,
    () => require('@duckdb/node-api') as DuckDb,
  );
}
