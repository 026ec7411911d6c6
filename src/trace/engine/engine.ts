import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BatonError } from '../../core/errors';
import type { Cell } from '../report-model';
import { loadDuckDb, type Connection, type Database, type Parameter } from './duckdb';
import { literal } from './sql-text';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder';

/** How the logs are worked on. */
export interface EngineOptions {
  /**
   * Memory for the data, such as `512MB`; what is more goes to disk. DuckDB gets half of it, because it does not count all
   * that it takes. Where nothing is said, DuckDB's own limit holds: 80 % of the machine's.
   */
  readonly memory?: string | undefined;
  /** Threads that work; all cores by default. */
  readonly threads?: number | undefined;
  /** Where a folder for temporary files is made and taken away; the system's by default. */
  readonly spillFolder?: string | undefined;
}

/** DuckDB with one database of its own, which is gone when it is closed. */
export interface Engine {
  /** A folder for files that are gone with the engine. */
  readonly folder: string;
  /** Runs a statement. */
  run(sql: string, parameters?: readonly Parameter[]): Promise<void>;
  /** Runs a query; whole numbers come as numbers, whatever their width. */
  rows(sql: string, parameters?: readonly Parameter[]): Promise<Record<string, Cell>[]>;
  /** How far the statement that runs now has come: 0 to 1. */
  progress(): number;
  /** Ends the statement that runs now: its promise is rejected. */
  interrupt(): void;
  /** From here on no SQL reads or writes a file; nobody can take that back. */
  seal(): Promise<void>;
  /** Ends what runs, and removes all files. A second call does nothing. */
  close(): Promise<void>;
}

/** How often an interrupt is repeated until it has worked. */
const INTERRUPT_MS = 20;

const MEMORY = /^(\d+(?:\.\d+)?) ?([KMGT])(i?)B$/i;

/** What DuckDB does not count, such as what it reads files through, and Node take the rest, and some more. */
const COUNTED_SHARE = 0.5;

/**
 * An amount of memory in bytes.
 * @throws BatonError `option_invalid` for what is none
 */
export function memoryBytes(memory: string): number {
  const [, amount, unit = '', binary] = MEMORY.exec(memory) ?? [];
  if (amount === undefined) {
    throw new BatonError('option_invalid', `"${memory}" is no amount of memory. Write it as 512MB or 4GB.`);
  }
  return Number(amount) * (binary === '' ? 1000 : 1024) ** ('KMGT'.indexOf(unit.toUpperCase()) + 1);
}

const memoryLimit = (memory: string | undefined): Readonly<Record<string, string>> =>
  memory === undefined ? {} : { memory_limit: `${Math.floor(memoryBytes(memory) * COUNTED_SHARE)}B` };

function checkedThreads(threads: number | undefined): string {
  if (threads === undefined) return String(availableParallelism());
  if (Number.isInteger(threads) && threads >= 1 && threads <= 256) return String(threads);
  throw new BatonError('option_invalid', `The number of threads must be from 1 to 256, not ${threads}.`);
}

/** A value of DuckDB as the report has it: its whole numbers are `bigint`, lists are kept as lists. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  return Array.isArray(value) ? value.map(plain) : value;
}

function plainRow(row: Readonly<Record<string, unknown>>): Record<string, Cell> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value) as Cell]));
}

/** What to do where memory or disk are not enough; undefined for any other error. */
function outOfRoom(cause: unknown): BatonError | undefined {
  const { message = '' } = cause as { message?: string };
  if (/No space left on device|disk is full/i.test(message)) {
    const advice = '--spill names a folder on another disk; with --parquet and --part less is read at once.';
    return new BatonError('option_invalid', `The disk for temporary files is full. ${advice}`, { cause });
  }
  if (!message.startsWith('Out of Memory Error')) return undefined;
  const advice = 'Give more with --memory, or take fewer threads: each needs some.';
  return new BatonError('option_invalid', `The memory is not enough for these logs. ${advice}`, { cause });
}

class DuckDbEngine implements Engine {
  readonly #folder: TemporaryFolder;
  readonly #database: Database;
  readonly #connection: Connection;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(folder: TemporaryFolder, database: Database, connection: Connection) {
    this.#folder = folder;
    this.#database = database;
    this.#connection = connection;
  }

  get folder(): string {
    return this.#folder.path;
  }

  async run(sql: string, parameters: readonly Parameter[] = []): Promise<void> {
    await this.#watched(this.#open().run(sql, [...parameters]));
  }

  async rows(sql: string, parameters: readonly Parameter[] = []): Promise<Record<string, Cell>[]> {
    const reader = await this.#watched(this.#open().runAndReadAll(sql, [...parameters]));
    return reader.getRowObjectsJS().map(plainRow);
  }

  progress(): number {
    if (this.#closed) return 0;
    return Math.min(Math.max(this.#connection.progress.percentage / 100, 0), 1);
  }

  interrupt(): void {
    if (!this.#closed) void this.#endWhatRuns();
  }

  async seal(): Promise<void> {
    await this.run('SET enable_external_access = false');
    await this.run('SET lock_configuration = true');
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#endWhatRuns();
    this.#connection.closeSync();
    this.#database.closeSync();
    this.#folder.remove();
  }

  #open(): Connection {
    if (this.#closed) throw new Error('The engine is closed.');
    return this.#connection;
  }

  /** DuckDB forgets an interrupt that comes before a statement has begun, so it is told again. */
  async #endWhatRuns(): Promise<void> {
    const ended = Promise.allSettled(this.#running);
    const again = setInterval(() => this.#connection.interrupt(), INTERRUPT_MS);
    this.#connection.interrupt();
    await ended;
    clearInterval(again);
  }

  async #watched<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } catch (error) {
      throw outOfRoom(error) ?? error;
    } finally {
      this.#running.delete(work);
    }
  }
}

/**
 * Opens DuckDB on a database of its own in a new temporary folder. Nothing is downloaded: extensions are never installed.
 *
 * Whoever opens it must close it, also on a signal; where the process ends by itself, the folder goes as well.
 *
 * @throws BatonError `peer_missing` where DuckDB is not installed, `option_invalid`
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const settings = {
    ...memoryLimit(options.memory),
    threads: checkedThreads(options.threads),
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
  const { DuckDBInstance } = loadDuckDb();
  const folder = temporaryFolder(options.spillFolder);
  try {
    // A database in a file takes a third of the memory and, because it is compressed, half as much time again.
    const isInMemory = options.memory === undefined;
    const file = isInMemory ? ':memory:' : join(folder.path, 'trace.duckdb');
    const database = await DuckDBInstance.create(file, {
      ...{ ...settings, temp_directory: join(folder.path, 'spill') },
      // In memory a checkpoint brings nothing to any disk; by default each 16 MB cost one all the same, on one thread.
      ...(isInMemory && { checkpoint_threshold: '1TB' }),
    });
    const connection = await database.connect();
    const engine = new DuckDbEngine(folder, database, connection);
    await engine.run(`SET enable_progress_bar = true; SET enable_progress_bar_print = ${literal(false)}`);
    return engine;
  } catch (error) {
    folder.remove();
    throw error;
  }
}
