import { BatonError } from '../../core/errors';
import { SQLITE, sqliteCode } from '../../sqlite/codes';
import {
  checkedPath,
  connectDatabase,
  inTransaction,
  kindOf,
  makeFile,
  pragma,
  type Row,
  type SqliteDatabase,
} from '../../sqlite/database';
import type { StartedBy } from './started-by';

/** How far an execution is in the trail. */
export interface CursorRow {
  readonly arn: string;
  /** The workflow's name in the policy. */
  workflow: string;
  /** Milliseconds since the epoch, as all times here. */
  startedAtMs: number;
  /** Every event up to this one is in the trail, or belongs to a workflow that is not followed. */
  written: number;
  /** Events behind that one that are in the trail as well; logs bring theirs in any order. */
  readonly beyond: Set<number>;
  /** When its last event was. */
  lastAtMs: number;
  /** How often a redrive took it on. */
  redrives: number;
  /** How it ended; `GONE` where AWS has its history no more, `OTHER` where it is not followed; undefined while it runs. */
  end: string | undefined;
  startedBy: StartedBy | undefined;
}

/** "BATC": SQLite's place for saying whose file it is. */
const APPLICATION_ID = 0x42415443;
const SCHEMA_VERSION = 1;
const WHAT = "The auditor's cursor";

const SCHEMA = `
CREATE TABLE execution (
  arn TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  written INTEGER NOT NULL,
  beyond TEXT NOT NULL,
  redrives INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  ended TEXT,
  started_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX execution_open ON execution (arn) WHERE ended IS NULL;
CREATE INDEX execution_ended ON execution (last_at) WHERE ended IS NOT NULL;
CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

const damaged = (path: string, cause?: unknown): BatonError =>
  new BatonError(
    'audit_cursor_damaged',
    `The auditor's cursor ${path} is damaged. It was left as it is: move it away, and a new one is made out of the trail's files.`,
    { cause },
  );

function cursorError(path: string, cause: unknown): BatonError {
  if (cause instanceof BatonError) return cause;
  const code = sqliteCode(cause);
  if (code === SQLITE.corrupt || code === SQLITE.notDatabase) return damaged(path, cause);
  if (code === SQLITE.busy || code === SQLITE.locked) {
    const message = `Another auditor has the cursor ${path}: one follows, the others stand by.`;
    return new BatonError('audit_cursor_unavailable', message, { cause, reason: 'busy' });
  }
  const message = `The auditor's cursor ${path} cannot be read or written (${code === SQLITE.full ? 'the disk is full' : ((cause as NodeJS.ErrnoException).code ?? 'unknown error')}). Its folder must be there, on a local disk, and whoever runs the auditor must be allowed to write to it.`;
  return new BatonError('audit_cursor_unavailable', message, { cause, reason: 'io' });
}

/** True where another auditor is at work with this cursor. */
export const isTaken = (thrown: unknown): boolean =>
  thrown instanceof BatonError && thrown.code === 'audit_cursor_unavailable' && thrown.reason === 'busy';

const rowOf = (row: Row): CursorRow => ({
  arn: String(row.arn),
  workflow: String(row.workflow),
  startedAtMs: Number(row.started_at),
  written: Number(row.written),
  beyond: new Set(JSON.parse(String(row.beyond)) as number[]),
  redrives: Number(row.redrives),
  lastAtMs: Number(row.last_at),
  end: row.ended === null ? undefined : String(row.ended),
  startedBy: row.started_by === null ? undefined : (JSON.parse(String(row.started_by)) as StartedBy),
});

/**
 * How far the trail is, on disk. It says nothing that the trail's own lines do not say: it spares reading them.
 *
 * Whoever has it open holds a lock of the operating system's, which goes when its process does.
 */
export class CursorFile {
  readonly path: string;
  /** Whether there was nothing in it. */
  readonly isNew: boolean;
  readonly #database: SqliteDatabase;

  /** @throws BatonError `option_invalid`, `audit_cursor_damaged`, `audit_cursor_unavailable` (`busy`, `io`), `peer_missing` */
  constructor(file: string) {
    this.path = checkedPath(file, WHAT);
    try {
      makeFile(this.path);
      this.#database = connectDatabase(this.path, WHAT);
    } catch (thrown) {
      throw cursorError(this.path, thrown);
    }
    try {
      this.isNew = this.#prepare();
    } catch (thrown) {
      this.close();
      throw cursorError(this.path, thrown);
    }
  }

  #prepare(): boolean {
    const database = this.#database;
    // Who stands by asks again later; a wait in here would hold up the whole process.
    database.exec('PRAGMA busy_timeout = 0');
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    const kind = kindOf(database);
    checkKind(this.path, kind);
    if (kind === undefined) database.exec(SCHEMA);
    else if (pragma(database, 'quick_check(1)') !== 'ok') throw damaged(this.path);
    database.exec('COMMIT');
    return kind === undefined;
  }

  row(arn: string): CursorRow | undefined {
    const [row] = this.#ask(() => this.#database.all('SELECT * FROM execution WHERE arn = ?', arn));
    return row && rowOf(row);
  }

  /** Executions that have not ended, as far as is known. */
  open(): readonly CursorRow[] {
    return this.#ask(() => this.#database.all('SELECT * FROM execution WHERE ended IS NULL')).map(rowOf);
  }

  /** Executions that did not succeed and ended since then: a redrive may take them on. */
  redrivable(sinceMs: number): readonly CursorRow[] {
    const sql = "SELECT * FROM execution WHERE ended IN ('FAILED', 'TIMED_OUT', 'ABORTED') AND last_at >= ?";
    return this.#ask(() => this.#database.all(sql, sinceMs)).map(rowOf);
  }

  /** All or nothing. */
  save(rows: Iterable<CursorRow>, marks: ReadonlyMap<string, unknown>): void {
    this.#ask(() =>
      inTransaction(this.#database, () => {
        for (const row of rows) this.#put(row);
        const sql = 'INSERT INTO mark VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2';
        for (const [name, value] of marks) this.#database.run(sql, name, JSON.stringify(value));
      }),
    );
  }

  #put(row: CursorRow): void {
    const { arn, workflow, startedAtMs, written, beyond, redrives, lastAtMs, end, startedBy } = row;
    this.#database.run(
      'INSERT OR REPLACE INTO execution VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[arn, workflow, Math.trunc(startedAtMs), written, JSON.stringify([...beyond]), redrives],
      ...[Math.trunc(lastAtMs), end ?? null, startedBy === undefined ? null : JSON.stringify(startedBy)],
    );
  }

  mark(name: string): unknown {
    const [row] = this.#ask(() => this.#database.all('SELECT value FROM mark WHERE name = ?', name));
    return row && (JSON.parse(String(row.value)) as unknown);
  }

  /** Forgets executions of Standard workflows that ended before then: nothing can be added to them any more. */
  forgetEnded(beforeMs: number): void {
    const sql = "DELETE FROM execution WHERE ended IS NOT NULL AND last_at < ? AND arn NOT LIKE '%:express:%'";
    this.#ask(() => this.#database.run(sql, beforeMs));
  }

  /** Forgets executions of one Express workflow of which nothing was heard since then. */
  forgetExpress(workflow: string, beforeMs: number): void {
    const sql = "DELETE FROM execution WHERE last_at < ? AND workflow = ? AND arn LIKE '%:express:%'";
    this.#ask(() => this.#database.run(sql, beforeMs, workflow));
  }

  /** Frees the cursor for the next auditor. */
  close(): void {
    try {
      // libsql closes when its statements are collected, which may be never; without this, the lock would last as long.
      this.#database.exec('PRAGMA locking_mode = NORMAL');
      this.#database.all('SELECT 1 FROM sqlite_schema LIMIT 1');
    } catch {
      // Damaged, or another's: there is no lock to free.
    }
    this.#database.close();
  }

  #ask<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw cursorError(this.path, thrown);
    }
  }
}

function checkKind(path: string, kind: ReturnType<typeof kindOf>): void {
  if (kind === undefined) return;
  if (kind.applicationId !== APPLICATION_ID) {
    throw new BatonError('option_invalid', `${path} is no cursor of an auditor, but a database of another program.`);
  }
  if (kind.version > SCHEMA_VERSION) {
    throw new BatonError('option_invalid', `The auditor's cursor ${path} was made by a newer version of this package.`);
  }
}
