import { setTimeout as delay } from 'node:timers/promises';
import { BatonError } from '../../core/errors';
import { isBusy, SQLITE, sqliteCode } from '../../sqlite/codes';
import { inTransaction } from '../../sqlite/database';
import type { OutboxDatabase } from './database';
import { outboxError } from './sqlite-errors';

/**
 * One change of the file, inside a transaction. What it throws as a {@link BatonError} is its own result and nobody
 * else's; so it has to throw before it has written anything.
 */
export type Change<T> = (database: OutboxDatabase) => T;

interface Waiting {
  /** The change; later, where something has to be signed for it first. */
  readonly change: Promise<Change<unknown>>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: BatonError) => void;
}

/** A commit costs one write to the disk however much is in it; more than this only makes the first wait for the last. */
const MAX_GROUP = 256;
/** So long another process may hold the file before a change is given up. */
const BUSY_PATIENCE_MS = 5000;

/**
 * Writes to the file, for the whole process: what is to be changed at the same time is committed together, in the order in
 * which it was asked for. A promise settles when its change is on disk.
 */
export class OutboxWriter {
  readonly #database: OutboxDatabase;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(database: OutboxDatabase) {
    this.#database = database;
  }

  /** @throws BatonError what the change throws; `outbox_full`, `outbox_unavailable`, `outbox_damaged` */
  write<T>(change: Change<T> | Promise<Change<T>>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new BatonError('outbox_unavailable', 'The outbox is closed: the app is ending.'));
    }
    const made = Promise.resolve(change);
    // It may fail while another group is written; it is looked at when its own turn comes.
    made.catch(() => undefined);
    const promise = new Promise<T>((resolve, reject) => {
      this.#waiting.push({ change: made, resolve: resolve as Waiting['resolve'], reject });
    });
    this.#running ??= this.#run();
    return promise;
  }

  /** Takes nothing new; ends when all that was asked for is written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is asked for in the same turn goes into the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commit(await prepared(this.#waiting.splice(0, MAX_GROUP)));
    // In the same turn as the last look: what is asked for from now on starts the next run.
    this.#running = undefined;
  }

  async #commit(group: readonly Prepared[]): Promise<void> {
    if (group.length === 0) return;
    try {
      const settle = await this.#patiently(() => inTransaction(this.#database, () => group.map(this.#apply)));
      for (const done of settle) done();
    } catch (thrown) {
      // One large change that finds no room must not take small ones with it.
      if (sqliteCode(thrown) === SQLITE.full && group.length > 1) for (const one of group) await this.#commit([one]);
      else for (const { reject } of group) reject(outboxError(this.#database.path, thrown));
    }
  }

  /** What is to be said to whoever asked, once it is true. */
  readonly #apply = ({ change, resolve, reject }: Prepared): (() => void) => {
    try {
      const value = change(this.#database);
      return () => resolve(value);
    } catch (thrown) {
      if (thrown instanceof BatonError) return () => reject(thrown);
      throw thrown;
    }
  };

  async #patiently<T>(work: () => T): Promise<T> {
    const givenUpAt = performance.now() + BUSY_PATIENCE_MS;
    for (;;) {
      try {
        return work();
      } catch (thrown) {
        if (!isBusy(thrown) || performance.now() > givenUpAt) throw thrown;
      }
      await delay(1 + Math.random() * 20);
    }
  }
}

interface Prepared extends Omit<Waiting, 'change'> {
  readonly change: Change<unknown>;
}

/** Waits for each change to be made up; whoever cannot make it up is told so, and is out. */
async function prepared(group: readonly Waiting[]): Promise<Prepared[]> {
  const settled = await Promise.all(
    group.map(({ change, resolve, reject }) =>
      change.then(
        (made) => ({ change: made, resolve, reject }),
        (error: unknown) => reject(error as BatonError),
      ),
    ),
  );
  return settled.filter((one) => one !== undefined);
}
