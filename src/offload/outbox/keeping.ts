import type { ErrorCode } from '../../core/error-codes';
import { definedMembers } from '../../core/objects';
import type { Row } from '../../sqlite/database';
import type { OutboxDatabase } from './database';
import type { ListedWork, WorkState } from './work';
import type { Change } from './writer';

/** Which work is listed. */
export interface WorkFilter {
  /** All where it is left out. */
  readonly states?: readonly WorkState[];
  /** The function's name in the policy. */
  readonly function?: string;
  readonly limit: number;
}

const LIST = `SELECT id, state, function, idempotency_key, ordering_key, correlation_id, left_at, not_before, deadline,
  attempts, next_attempt_at, code, bytes FROM work
  WHERE (?1 IS NULL OR state IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR function = ?2) ORDER BY seq LIMIT ?3`;

const timeOf = (value: unknown): string => new Date(Number(value)).toISOString();

/** Work as it may be shown, in the order in which it was left. */
export function listWork(database: OutboxDatabase, filter: WorkFilter): ListedWork[] {
  const { states, limit } = filter;
  return database.all(LIST, states ? JSON.stringify(states) : null, filter.function ?? null, limit).map(listed);
}

function listed(row: Row): ListedWork {
  const isWaiting = row.state === 'waiting';
  return definedMembers<ListedWork>({
    id: String(row.id),
    state: row.state as WorkState,
    function: String(row.function),
    idempotencyKey: String(row.idempotency_key),
    orderingKey: row.ordering_key === null ? undefined : String(row.ordering_key),
    correlationId: String(row.correlation_id),
    leftAt: timeOf(row.left_at),
    notBefore: row.not_before === 0 ? undefined : timeOf(row.not_before),
    deadline: timeOf(row.deadline),
    attempts: Number(row.attempts),
    nextAttemptAt: isWaiting ? timeOf(row.next_attempt_at) : undefined,
    code: row.code === null ? undefined : String(row.code),
    bytes: Number(row.bytes),
  });
}

/** How many pieces there are in each state, and of how many bytes. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly dead: number;
  readonly delivered: number;
  readonly bytes: number;
}

/** Counts what is there. */
export function countWork(database: OutboxDatabase): OutboxCounts {
  const counts = Object.fromEntries(
    database
      .all('SELECT state, count(*) AS pieces FROM work GROUP BY state')
      .map(({ state, pieces }) => [state, pieces]),
  ) as Partial<Record<WorkState, unknown>>;
  const of = (state: WorkState): number => Number(counts[state] ?? 0);
  const bytes = Number(database.all('SELECT bytes FROM totals')[0]?.bytes);
  return { waiting: of('waiting'), dead: of('dead'), delivered: of('delivered'), bytes };
}

/** What stands in the outbox now. */
export interface OutboxState {
  /** Pieces that are to be delivered, those whose time has not come included. */
  readonly waiting: number;
  /** Dead letters. */
  readonly dead: number;
  /**
   * How long the oldest piece could have been delivered already, in seconds; 0 where none waits, or where the 10,000
   * that were left first have to wait for their time.
   */
  readonly oldestSeconds: number;
}

/** Bounded: work whose time has not come is passed over, and there may be a full outbox of it (0.1 s for 100,000 pieces). */
const OLDEST_DUE = `SELECT max(left_at, not_before) AS due_at FROM work
  WHERE state = 'waiting' AND not_before <= ? AND seq < 10000 + (SELECT min(seq) FROM work WHERE state = 'waiting')
  ORDER BY seq LIMIT 1`;

/** Looks at indexes and totals alone: may be asked often. */
export function outboxState(database: OutboxDatabase, now: number): OutboxState {
  const numberOf = (sql: string, column: string, ...values: number[]): number | undefined => {
    const value = database.all(sql, ...values)[0]?.[column];
    return value === undefined ? undefined : Number(value);
  };
  const waiting = numberOf(`SELECT count(*) AS pieces FROM work WHERE state = 'waiting'`, 'pieces') ?? 0;
  const pieces = numberOf('SELECT pieces FROM totals', 'pieces') ?? 0;
  const dueAt = numberOf(OLDEST_DUE, 'due_at', now) ?? now;
  // Two looks, between which another process may have written.
  return { waiting, dead: Math.max(0, pieces - waiting), oldestSeconds: Math.max(0, Math.floor((now - dueAt) / 1000)) };
}

/** What became of each piece that was named. */
export type KeepingOutcome = 'done' | 'not_found' | 'not_dead' | ErrorCode;

/**
 * Has dead work delivered after all. Its deadline is under the seal: once that has passed it stays dead.
 */
export function retryDead(id: string, now: number): Change<KeepingOutcome> {
  return (database) => {
    const [work] = database.all('SELECT state, deadline FROM work WHERE id = ?', id);
    if (work === undefined) return 'not_found';
    if (work.state !== 'dead') return 'not_dead';
    if (Number(work.deadline) <= now) return 'work_expired';
    database.run(
      `UPDATE work SET state = 'waiting', attempts = 0, next_attempt_at = max(?, not_before), ended_at = NULL WHERE id = ?`,
      now,
      id,
    );
    return 'done';
  };
}

/**
 * Takes work out that waits or is dead, for good; its key is free again.
 * @param only what is `dead` still: work that was found dead may have been retried since
 */
export function dropWork(id: string, only?: 'dead'): Change<KeepingOutcome> {
  return (database) => {
    const [work] = database.all('SELECT state FROM work WHERE id = ?', id);
    if (work === undefined || work.state === 'delivered') return 'not_found';
    if (only === 'dead' && work.state !== 'dead') return 'not_dead';
    database.run('DELETE FROM work WHERE id = ?', id);
    return 'done';
  };
}
