import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { BatonError } from '../core/errors';
import { optionalPeer } from '../core/peers';

/** The implementations of SQLite that a file can be used with. Both may use one at a time. */
export type SqliteEngine = 'node:sqlite' | 'libsql';

/** What is bound to a statement. */
export type SqlValue = string | number | null;

/** A row, by its columns. */
export type Row = Readonly<Record<string, SqlValue>>;

/** An open file. Every statement is run at once; errors are the engine's own. */
export interface SqliteDatabase {
  readonly path: string;
  readonly engine: SqliteEngine;
  exec(sql: string): void;
  /** Runs a statement that gives no rows; gives how many it changed. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  all(sql: string, ...values: readonly SqlValue[]): readonly Row[];
  close(): void;
}

/** What both engines have in common. */
interface Connection {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

interface Statement {
  run(...values: readonly SqlValue[]): { readonly changes: number | bigint };
  all(...values: readonly SqlValue[]): unknown[];
}

type ConnectionClass = new (path: string) => Connection;

/** Node's own SQLite, where Node has it without a flag: from 22.13 on. */
function nodeSqlite(): ConnectionClass | undefined {
  const builtin = process.getBuiltinModule('node:sqlite') as { DatabaseSync: ConnectionClass } | undefined;
  return builtin?.DatabaseSync;
}

const libsql = (what: string): ConnectionClass =>
  optionalPeer(
    'libsql',
    `${what}, on a Node without node:sqlite (before 22.13),`,
    () => require('libsql') as ConnectionClass,
  );

/**
 * A path on another machine. `\\?\C:\…`, which takes Windows past 260 characters, begins like one, and is on this one.
 * @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file#win32-file-namespaces
 */
const SHARE = /^[\\/]{2}(?![?.][\\/](?!UNC[\\/]))/i;

/**
 * The path of a file that may be a database.
 * @param what it is, at the beginning of a sentence
 * @throws BatonError `option_invalid`
 */
export function checkedPath(path: string, what: string): string {
  if (path === '') throw new BatonError('option_invalid', `${what} needs the path of its file.`);
  // @see https://www.sqlite.org/wal.html, "All processes using a database must be on the same host computer"
  // A relative path is on a share where the working directory is.
  const absolute = resolve(path);
  const share = [path, absolute].find((one) => SHARE.test(one));
  if (share !== undefined) {
    throw new BatonError('option_invalid', `${what} must be on a local disk, not on a share: ${share}`);
  }
  return absolute;
}

/**
 * Makes the file where it is not there. What the app writes for its callers is nobody else's to read; the files that SQLite
 * adds take the same mode.
 *
 * One that is there is not opened: closing it again would take away the locks that this process holds on it (POSIX).
 *
 * @throws Error of node:fs
 * @see https://www.sqlite.org/howtocorrupt.html#posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
export function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
}

/**
 * Connects to a file, and looks at nothing in it.
 *
 * @param what it is, for what goes wrong
 * @param wanted for tests; by default Node's own engine where it has one
 * @throws BatonError `peer_missing`; what the engine throws
 */
export function connectDatabase(path: string, what: string, wanted?: SqliteEngine): SqliteDatabase {
  const own = wanted === 'libsql' ? undefined : nodeSqlite();
  if (own !== undefined) return wrap(path, 'node:sqlite', new own(path));
  if (wanted === 'node:sqlite')
    throw new BatonError(
      'peer_missing',
      'This Node has no node:sqlite: it came with 22.13. Use a newer Node, or install libsql.',
    );
  return wrap(path, 'libsql', new (libsql(what))(path));
}

function wrap(path: string, engine: SqliteEngine, connection: Connection): SqliteDatabase {
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = connection.prepare(sql)));
    return statement;
  };
  return {
    path,
    engine,
    exec: (sql) => void connection.exec(sql),
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    all: (sql, ...values) => prepared(sql).all(...values) as Row[],
    close: () => {
      tidyUp(connection);
      statements.clear();
      connection.close();
    },
  };
}

/** What stands in the log goes into the file, which is then whole by itself. What cannot now is done by whoever opens it next. */
function tidyUp(connection: Connection): void {
  try {
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // Another process is at it, or the file is damaged: both are for the next one to see.
  }
}

/** A setting's one value, whatever the engine calls the column. */
export function pragma(database: SqliteDatabase, text: string): unknown {
  return Object.values(database.all(`PRAGMA ${text}`)[0] ?? {})[0];
}

/** Whose file it is, as it says itself; undefined where there is nothing in it yet. */
export function kindOf(
  database: SqliteDatabase,
): { readonly applicationId: number; readonly version: number } | undefined {
  const isEmpty = database.all('SELECT 1 FROM sqlite_schema LIMIT 1').length === 0;
  if (isEmpty) return undefined;
  return {
    applicationId: Number(pragma(database, 'application_id')),
    version: Number(pragma(database, 'user_version')),
  };
}

/** Runs `work` in one transaction that may write; nothing of it is kept where it throws. */
export function inTransaction<T>(database: SqliteDatabase, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (thrown) {
    rollBack(database);
    throw thrown;
  }
}

/** After some errors, a full disk among them, SQLite has rolled back already. */
function rollBack(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // Then there is no transaction any more, which is what was wanted.
  }
}
