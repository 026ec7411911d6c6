/** Primary result codes of SQLite that mean something here. @see https://www.sqlite.org/rescode.html */
export const SQLITE = { busy: 5, locked: 6, corrupt: 11, full: 13, notDatabase: 26 } as const;

/**
 * The primary result code of what an engine threw; undefined where it is no error of SQLite's. `node:sqlite` has it in
 * `errcode`, libsql in `rawCode`, but for a file that cannot be opened, where it ends the message.
 */
export function sqliteCode(thrown: unknown): number | undefined {
  const { errcode, rawCode, message } = thrown as { errcode?: unknown; rawCode?: unknown; message?: unknown };
  const atEnd = /^ConnectionFailed\(".*: (\d+)"\)$/s.exec(typeof message === 'string' ? message : '')?.[1];
  const code = Number(errcode ?? rawCode ?? atEnd);
  // The lowest byte is the primary code, the rest says more of it.
  return Number.isInteger(code) ? code & 0xff : undefined;
}

/** Whether another process has the file at the moment: to be tried again. */
export function isBusy(thrown: unknown): boolean {
  const code = sqliteCode(thrown);
  return code === SQLITE.busy || code === SQLITE.locked;
}
