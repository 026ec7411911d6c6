import type { Row } from '../../sqlite/database';
import type { OutboxDatabase } from './database';
import type { LeasedWork } from './work';
import type { Change } from './writer';

/** Who takes work, how much, and what is left out at the moment. */
export interface LeaseRequest {
  /** Unlike every other owner's, those of processes that have ended included. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly limit: number;
  /** Functions that cannot be reached now. */
  readonly exceptFunctions: readonly string[];
}

/** So long the work is one owner's; it must outlast a delivery by far. Who was killed loses it to another then. */
export const LEASE_MS = 60_000;
/** The longest wait between two attempts. */
export const MAX_BACKOFF_MS = 60_000;

/**
 * A lease or an attempt further ahead than these can be is from a clock that was set back since: to wait for it would be
 * to wait for all that was set back. An attempt too many is the smaller harm, under the same key.
 *
 * Work with an ordering key is due when nothing before it waits, whatever it waits for.
 */
const DUE = `FROM work AS w WHERE state = 'waiting' AND not_before <= :now
  AND (next_attempt_at <= :now OR next_attempt_at > :now + ${MAX_BACKOFF_MS})
  AND (lease_until IS NULL OR lease_until <= :now OR lease_until > :now + ${LEASE_MS})
  AND function NOT IN (SELECT value FROM json_each(:except))
  AND (ordering_key IS NULL OR NOT EXISTS (SELECT 1 FROM work AS earlier WHERE earlier.state = 'waiting'
    AND earlier.function = w.function AND earlier.ordering_key = w.ordering_key AND earlier.seq < w.seq))`;

/** Values are bound by place, which both engines do alike. */
const bound = (sql: string): string => sql.replaceAll(':now', '?1').replaceAll(':except', '?2');
const IS_ANY_DUE = bound(`SELECT 1 ${DUE} LIMIT 1`);
const FIND_DUE = `${bound(`SELECT * ${DUE} ORDER BY seq`)} LIMIT ?3`;

const exceptOf = ({ exceptFunctions }: LeaseRequest): string => JSON.stringify(exceptFunctions);

/** Whether there is anything to take: a look that writes nothing and waits for nobody. */
export function isAnyDue(database: OutboxDatabase, request: LeaseRequest): boolean {
  return database.all(IS_ANY_DUE, request.now, exceptOf(request)).length > 0;
}

/** Takes the oldest work that is due. */
export function leaseWork(request: LeaseRequest): Change<LeasedWork[]> {
  return (database) => {
    const rows = database.all(FIND_DUE, request.now, exceptOf(request), request.limit);
    for (const { id } of rows) {
      database.run(
        'UPDATE work SET lease_owner = ?, lease_until = ? WHERE id = ?',
        request.owner,
        request.now + LEASE_MS,
        String(id),
      );
    }
    return rows.map(workOf);
  };
}

function workOf(row: Row): LeasedWork {
  return {
    id: String(row.id),
    function: String(row.function),
    caller: String(row.caller),
    idempotencyKey: String(row.idempotency_key),
    payloadSha256: String(row.payload_sha256),
    orderingKey: row.ordering_key === null ? null : String(row.ordering_key),
    payload: String(row.payload),
    seal: String(row.seal),
    correlationId: String(row.correlation_id),
    trace: row.trace === null ? null : String(row.trace),
    leftAt: Number(row.left_at),
    notBefore: Number(row.not_before),
    deadline: Number(row.deadline),
    attempts: Number(row.attempts),
  };
}

/** Who took the work lost it meanwhile: then it is the other's to say how it ended. */
const HELD = `id = ? AND state = 'waiting' AND lease_owner = ?`;
const RELEASED = 'lease_owner = NULL, lease_until = NULL';

/** It was taken over by AWS. Its key is remembered, and nothing else of it. */
export function markDelivered(id: string, owner: string, now: number): Change<boolean> {
  return (database) =>
    database.run(
      `UPDATE work SET state = 'delivered', attempts = attempts + 1, payload = '', seal = '', bytes = 0, trace = NULL,
         code = NULL, ended_at = ?, ${RELEASED} WHERE ${HELD}`,
      now,
      id,
      owner,
    ) === 1;
}

/** It could not be delivered this time. */
export function markFailed(id: string, owner: string, code: string, nextAttemptAt: number): Change<boolean> {
  return (database) =>
    database.run(
      `UPDATE work SET attempts = attempts + 1, code = ?, next_attempt_at = ?, ${RELEASED} WHERE ${HELD}`,
      code,
      nextAttemptAt,
      id,
      owner,
    ) === 1;
}

/** It will never be delivered as it is, and is kept for somebody to look at. */
export function markDead(id: string, owner: string, code: string, now: number): Change<boolean> {
  return (database) =>
    database.run(
      `UPDATE work SET state = 'dead', attempts = attempts + 1, code = ?, ended_at = ?, ${RELEASED} WHERE ${HELD}`,
      code,
      now,
      id,
      owner,
    ) === 1;
}

/** Gives back what was taken and not begun. */
export function releaseAll(owner: string): Change<number> {
  return (database) => database.run(`UPDATE work SET ${RELEASED} WHERE state = 'waiting' AND lease_owner = ?`, owner);
}

/** So many a commit: nobody else writes meanwhile. */
export const FORGET_AT_A_TIME = 1000;

/** Forgets the oldest keys of what was delivered before that time. */
export function forgetDelivered(before: number): Change<number> {
  return (database) =>
    database.run(
      `DELETE FROM work WHERE seq IN (SELECT seq FROM work WHERE state = 'delivered' AND ended_at < ? LIMIT ${FORGET_AT_A_TIME})`,
      before,
    );
}
