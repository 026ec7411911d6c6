import { BatonError } from '../../core/errors';
import type { OutboxDatabase } from './database';
import type { OutboxLimits, WaitingWork } from './work';
import type { Change } from './writer';

/** What became of work that was to be left. */
export interface Inserted {
  readonly id: string;
  /** When it must have begun, in milliseconds since the epoch. */
  readonly deadline: number;
  /** It was there already, under the same key. */
  readonly isKnown: boolean;
}

const INSERT = `INSERT INTO work (id, state, function, caller, idempotency_key, payload_sha256, ordering_key, payload, seal,
  correlation_id, trace, bytes, left_at, not_before, deadline, next_attempt_at)
  VALUES (?, 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const FIND = `SELECT id, deadline, payload_sha256 FROM work WHERE function = ? AND caller = ? AND idempotency_key = ?`;

/**
 * Takes a piece of work in. The same caller's same key is the same work, as long as the key is remembered.
 *
 * The change throws `idempotency_conflict` where the key stands for another payload, `outbox_full`.
 */
export function insertWork(work: WaitingWork, limits: OutboxLimits): Change<Inserted> {
  return (database) => {
    const [known] = database.all(FIND, work.function, work.caller, work.idempotencyKey);
    if (known !== undefined) {
      if (known.payload_sha256 === work.payloadSha256)
        return { id: String(known.id), deadline: Number(known.deadline), isKnown: true };
      throw new BatonError(
        'idempotency_conflict',
        `The caller has used this idempotency key for other work of "${work.function}".`,
      );
    }
    checkRoom(database, limits);
    insert(database, work);
    database.run('UPDATE totals SET last_time = max(last_time, ?)', work.leftAt);
    return { id: work.id, deadline: work.deadline, isKnown: false };
  };
}

function insert(database: OutboxDatabase, work: WaitingWork): void {
  const bytes = Buffer.byteLength(work.payload) + work.seal.length;
  const { id, caller, idempotencyKey, payloadSha256, orderingKey, payload, seal, correlationId, trace } = work;
  const { leftAt, notBefore, deadline } = work;
  const who = [work.function, caller, idempotencyKey, payloadSha256, orderingKey] as const;
  const times = [leftAt, notBefore, deadline, Math.max(leftAt, notBefore)] as const;
  database.run(INSERT, id, ...who, payload, seal, correlationId, trace, bytes, ...times);
}

function checkRoom(database: OutboxDatabase, { maxPieces, maxBytes }: OutboxLimits): void {
  const [totals] = database.all('SELECT pieces, bytes FROM totals');
  if (Number(totals?.pieces) >= maxPieces) {
    throw new BatonError('outbox_full', `The outbox holds ${maxPieces} pieces of work, which is what it may hold.`, {
      reason: 'pieces',
    });
  }
  if (Number(totals?.bytes) >= maxBytes) {
    throw new BatonError('outbox_full', `The outbox holds ${maxBytes} bytes of work, which is what it may hold.`, {
      reason: 'bytes',
    });
  }
}

/** How far the clock is behind the latest time at which any process left work here; 0 where it is not. */
export function clockBehindMs(database: OutboxDatabase, now: number): number {
  const [totals] = database.all('SELECT last_time FROM totals');
  return Math.max(0, Number(totals?.last_time) - now);
}
