import { BatonError } from '../../core/errors';
import { SQLITE, sqliteCode } from '../../sqlite/codes';

/** What went wrong with the file, in the table's terms. */
export function outboxError(path: string, thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const cause = thrown;
  switch (sqliteCode(thrown)) {
    case undefined:
      return new BatonError('internal', 'An unexpected error was thrown at the outbox; see its cause.', { cause });
    case SQLITE.full:
      return new BatonError(
        'outbox_full',
        `The disk of the outbox ${path} is full. What was taken in before is kept; make room.`,
        { cause, reason: 'disk' },
      );
    case SQLITE.corrupt:
    case SQLITE.notDatabase:
      return outboxDamaged(path, cause);
    case SQLITE.busy:
    case SQLITE.locked:
      return new BatonError('outbox_unavailable', `Another process held the outbox ${path} for too long.`, {
        cause,
        reason: 'busy',
      });
    default:
      return new BatonError(
        'outbox_unavailable',
        `The outbox ${path} cannot be read or written. Its folder must be there, on a local disk, and the app pool's identity must be allowed to write to it.`,
        { cause, reason: 'io' },
      );
  }
}

export function outboxDamaged(path: string, cause?: unknown): BatonError {
  return new BatonError(
    'outbox_damaged',
    `The outbox ${path} is damaged. It was left as it is: restore it, or move it and its -wal file away and save what is in it.`,
    { cause },
  );
}
