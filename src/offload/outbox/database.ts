import { BatonError } from '../../core/errors';
import {
  checkedPath,
  connectDatabase,
  inTransaction,
  kindOf,
  makeFile,
  pragma,
  type SqliteDatabase,
  type SqliteEngine,
} from '../../sqlite/database';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema';
import { outboxDamaged, outboxError } from './sqlite-errors';

/** The open file of an outbox. */
export type OutboxDatabase = SqliteDatabase;

/** While the app starts, another process may be making the file. */
const OPEN_PATIENCE_MS = 5000;
/** Later the wait is asynchronous: in here it would hold up every request of the process. */
const BUSY_TIMEOUT_MS = 5;
const WHAT = 'The outbox';

/**
 * Opens the file of an outbox, makes it where it is not there, and looks whether it is sound. Blocks: for the start.
 *
 * @param path on a local disk: processes share memory beside it
 * @param engine for tests; by default Node's own where it has one
 * @throws BatonError `option_invalid` (a file of another program), `outbox_damaged`, `outbox_unavailable`, `outbox_full`,
 *   `peer_missing`
 */
export function openDatabase(path: string, engine?: SqliteEngine): OutboxDatabase {
  const absolute = checkedPath(path, WHAT);
  try {
    makeFile(absolute);
  } catch (cause) {
    throw new BatonError(
      'outbox_unavailable',
      `The outbox ${absolute} cannot be opened (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}). Its folder must be there, and the app pool's identity must be allowed to write to it.`,
      { cause, reason: 'io' },
    );
  }
  try {
    const database = connectDatabase(absolute, WHAT, engine);
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
  // Who only reads waits for nobody: an app starts also while another process holds the file.
  if (pragma(database, 'user_version') === 0) makeTables(database);
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

/** Two processes may start at the same time: the second finds the tables when it is its turn. */
function makeTables(database: OutboxDatabase): void {
  inTransaction(database, () => {
    if (pragma(database, 'user_version') === 0) database.exec(SCHEMA);
  });
}

/** Nothing is changed in a file that is not an outbox, or one of a version that is not known here. */
function checkKind(database: OutboxDatabase): void {
  const kind = kindOf(database);
  if (kind !== undefined && kind.applicationId !== APPLICATION_ID) {
    throw new BatonError(
      'option_invalid',
      `${database.path} is no outbox, but a database of another program. Name another file.`,
    );
  }
  if (kind !== undefined && kind.version > SCHEMA_VERSION) {
    throw new BatonError(
      'option_invalid',
      `The outbox ${database.path} was made by a newer version of iis-baton. Install that version, or name another file.`,
    );
  }
}
