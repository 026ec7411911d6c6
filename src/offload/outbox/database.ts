import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { BatonError } from '../../core/errors';
import { optionalPeer } from '../../core/peers';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema';
import { outboxDamaged, outboxError } from './sqlite-errors';

/** The implementations of SQLite that the outbox can stand on. One file may be used by both at a time. */
export type SqliteEngine = 'node:sqlite' | 'libsql';

/** What is bound to a statement. */
export type SqlValue = string | number | null;

/** A row, by its columns. */
export type Row = Readonly<Record<string, SqlValue>>;

/** An open file. Every statement is run at once; errors are the engine's own. */
export interface OutboxDatabase {
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

/** While the app starts, another process may be making the file. */
const OPEN_PATIENCE_MS = 5000;
/** Later the wait is asynchronous: in here it would hold up every request of the process. */
const BUSY_TIMEOUT_MS = 5;

/** Node's own SQLite, where Node has it without a flag: from 22.13 on. */
function nodeSqlite(): ConnectionClass | undefined {
  const builtin = process.getBuiltinModule('node:sqlite') as { DatabaseSync: ConnectionClass } | undefined;
  return builtin?.DatabaseSync;
}

function libsql(): ConnectionClass {
  return optionalPeer(
    'libsql',
    'The outbox, on a Node without node:sqlite (before 22.13),',
    () => require('libsql') as ConnectionClass,
  );
}

function connect(path: string, wanted: SqliteEngine | undefined): { engine: SqliteEngine; connection: Connection } {
  const own = wanted === 'libsql' ? undefined : nodeSqlite();
  if (own !== undefined) return { engine: 'node:sqlite', connection: new own(path) };
  if (wanted === 'node:sqlite')
    throw new BatonError('peer_missing', 'This Node has no node:sqlite: it came with 22.13.');
  return { engine: 'libsql', connection: new (libsql())(path) };
}

/**
 * Opens the file of an outbox, makes it where it is not there, and looks whether it is sound. Blocks: for the start.
 *
 * @param path on a local disk: processes share memory beside it
 * @param engine for tests; by default Node's own where it has one
 * @throws BatonError `option_invalid` (a file of another program), `outbox_damaged`, `outbox_unavailable`, `outbox_full`,
 *   `peer_missing`
 */
export function openDatabase(path: string, engine?: SqliteEngine): OutboxDatabase {
  const absolute = checkedPath(path);
  try {
    // What the app writes for its callers is nobody else's to read; the files that SQLite adds take the same mode.
    closeSync(openSync(absolute, 'a', 0o600));
  } catch (cause) {
    throw new BatonError(
      'outbox_unavailable',
      `The outbox ${absolute} cannot be opened (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}). Its folder must be there, and the app pool's identity must be allowed to write to it.`,
      { cause, reason: 'io' },
    );
  }
  try {
    const opened = connect(absolute, engine);
    const database = wrap(absolute, opened);
    try {
      prepareFile(database);
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    return database;
  } catch (thrown) {
    throw outboxError(absolute, thrown);
  }
}

function checkedPath(path: string): string {
  if (path === '') throw new BatonError('option_invalid', 'The outbox needs the path of its file.');
  // @see https://www.sqlite.org/wal.html, "All processes using a database must be on the same host computer"
  if (/^(?:\\\\|\/\/)/.test(path)) {
    throw new BatonError('option_invalid', `The outbox must be on a local disk, not on a share: ${path}`);
  }
  return resolve(path);
}

function wrap(path: string, { engine, connection }: ReturnType<typeof connect>): OutboxDatabase {
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
function pragma(database: OutboxDatabase, text: string): unknown {
  return Object.values(database.all(`PRAGMA ${text}`)[0] ?? {})[0];
}

function prepareFile(database: OutboxDatabase): void {
  database.exec(`PRAGMA busy_timeout = ${OPEN_PATIENCE_MS}`);
  checkKind(database);
  if (pragma(database, 'journal_mode = WAL') !== 'wal') {
    throw new BatonError(
      'option_invalid',
      `The outbox ${database.path} must be on a local disk: no write-ahead log there.`,
    );
  }
  // FULL: a commit is on disk when it returns. In a write-ahead log NORMAL would leave that to the next checkpoint.
  database.exec('PRAGMA synchronous = FULL');
  if (pragma(database, 'quick_check(1)') !== 'ok') throw outboxDamaged(database.path);
  inTransaction(database, () => {
    if (pragma(database, 'user_version') === 0) database.exec(SCHEMA);
  });
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

/** Nothing is changed in a file that is not an outbox, or one of a version that is not known here. */
function checkKind(database: OutboxDatabase): void {
  const version = Number(pragma(database, 'user_version'));
  const isEmpty = database.all('SELECT 1 FROM sqlite_schema LIMIT 1').length === 0;
  if (!isEmpty && pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new BatonError('option_invalid', `${database.path} is no outbox, but a database of another program.`);
  }
  if (version > SCHEMA_VERSION) {
    throw new BatonError('option_invalid', `The outbox ${database.path} was made by a newer version of this package.`);
  }
}

/** Runs `work` in one transaction that may write; nothing of it is kept where it throws. */
export function inTransaction<T>(database: OutboxDatabase, work: () => T): T {
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
function rollBack(database: OutboxDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // Then there is no transaction any more, which is what was wanted.
  }
}
