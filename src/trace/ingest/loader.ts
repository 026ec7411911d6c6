import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BatonError } from '../../core/errors';
import type { Engine } from '../engine/engine';
import { unfinishedLine } from '../inputs/head';
import type { Input } from '../inputs/inputs';
import type { Batch } from './batches';
import { copyLines, copyW3c, copyWhole, type CopyPlace, type FieldRun } from './clean-copy';
import { copyDocument } from './copy-document';
import { addProblem, addYield, yieldOf, type Yield } from './filled-tables';
import { insertGateway } from './gateway-table';
import { hasLongLine } from './long-line';
import { COUNT_STAGE, insertRecords, STAGE, stageRecords } from './record-tables';
import { sampleOf, type Account, type Source } from './source';
import { filesOfOtherFields, insertW3c } from './w3c-table';
import { insertWorkflowEvents } from './workflow-table';

/** Characters by which DuckDB takes a path for a pattern. */
const PATTERN = /[*?[\]{}]/;

/** Faults of this machine, not of a file: they end the reading. */
const NOT_THE_FILE = /^(?:INTERRUPT|FATAL|INTERNAL|TransactionContext)|No space left on device|disk is full/i;

/** What a line became that is neither skipped nor a problem. */
const ROWS: ReadonlySet<string> = new Set(['request', 'audit', 'function', 'event', 'report', 'platform_report']);

/** Errors of native code are not of this program's own class `Error` everywhere: not in tests that run in a realm of their own. */
const messageOf = (error: unknown): string => String((error as { message?: unknown } | undefined)?.message ?? error);

/** Brings files into the tables: as they are where DuckDB's strict reader takes them, else by a copy of their lines. */
export class Loader {
  /** By file: what lines of app, audit and functions gave. */
  readonly yields = new Map<number, Yield>();
  /** Of the IIS logs: their lists of fields, in their order. */
  readonly runs = new Map<Input, readonly FieldRun[]>();
  /** Where copies stand while they are read. */
  readonly folder: string;
  /** Of the batch that is read now. */
  bytesCopied = 0;
  readonly #engine: Engine;
  readonly #accounts: ReadonlyMap<number, Account>;
  readonly #signal: AbortSignal | undefined;

  constructor(engine: Engine, accounts: ReadonlyMap<number, Account>, signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#accounts = accounts;
    this.#signal = signal;
    this.folder = join(engine.folder, 'copies');
  }

  /** @throws the signal's reason; what ends the reading as a whole, such as a full disk */
  async load(batch: Batch): Promise<void> {
    this.#signal?.throwIfAborted();
    this.bytesCopied = 0;
    mkdirSync(this.folder, { recursive: true });
    try {
      if (batch.needsCopy) for (const input of batch.inputs) await this.#loadCopy(input);
      else await this.#loadInPlace(batch);
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  async #loadInPlace({ inputs, fields }: Batch): Promise<void> {
    const sources: Source[] = [];
    for (const input of inputs) {
      const source = await this.#inPlace(input);
      if (source === undefined) await this.#loadCopy(input);
      else sources.push(source);
    }
    const whole = sources.map(({ input }) => input);
    if (await this.#tried(() => this.#read(sources, fields))) return this.#checkFields(whole, fields);
    // One of them is not as it should be: it must not keep the others from being read as they are.
    for (const source of sources) {
      const isGood = sources.length > 1 && (await this.#tried(() => this.#read([source], fields)));
      if (isGood) await this.#checkFields([source.input], fields);
      else await this.#loadCopyInstead(source);
    }
  }

  async #loadCopyInstead({ input, path }: Source): Promise<void> {
    if (path !== input.path) rmSync(path, { force: true });
    await this.#loadCopy(input);
  }

  /** Undefined for a file that has to be read line by line, and for one that is gone or locked by now: that is told there. */
  async #inPlace(input: Input): Promise<Source | undefined> {
    const isReadable = !input.isGzip && input.charset === 'utf-8' && !PATTERN.test(input.path);
    try {
      const path = isReadable ? input.path : await copyWhole(input, this.#account(input), this.#place());
      const source = { input, path, unfinished: unfinishedLine(path, statSync(path).size) };
      if (!hasLongLine(path)) return source;
      if (path !== input.path) rmSync(path, { force: true });
    } catch (error) {
      this.#rethrow(error);
    }
    return undefined;
  }

  async #loadCopy(input: Input): Promise<void> {
    const account = this.#account(input);
    account.clear();
    try {
      if (input.form === 'w3c') return await this.#loadW3cCopy(input, account);
      const copy = input.form === 'document' ? copyDocument : copyLines;
      await this.#read([await copy(input, account, this.#place())]);
    } catch (error) {
      this.#rethrow(error);
      if (input.form === 'w3c') await this.#engine.run(`DELETE FROM ${input.kind} WHERE file_id = ${input.id}`);
      account.clear();
      account.reject('unreadable', 0, sampleOf(messageOf(error)));
      this.runs.delete(input);
    }
  }

  async #loadW3cCopy(input: Input, account: Account): Promise<void> {
    const { copies, runs } = await copyW3c(input, account, this.#place());
    this.runs.set(input, runs);
    for (const { source, fields } of copies) await this.#read([source], fields);
  }

  /** Reads the sources by one statement, or none of them. */
  async #read(sources: readonly Source[], fields: readonly string[] = []): Promise<void> {
    const kind = sources[0]?.input.kind;
    if (kind === undefined) return;
    if (kind === 'iis' || kind === 'httperr') return this.#engine.run(insertW3c(kind, sources, fields));
    if (kind === 'gateway') return this.#engine.run(insertGateway(sources, sources[0]?.input.keys ?? []));
    if (kind === 'workflow') return this.#engine.run(insertWorkflowEvents(sources));
    try {
      await this.#engine.run(stageRecords(kind, sources));
      for (const statement of insertRecords(kind)) await this.#engine.run(statement);
      await this.#countStage();
    } finally {
      if (this.#signal?.aborted !== true) await this.#engine.run(`DROP TABLE IF EXISTS ${STAGE}`);
    }
  }

  async #countStage(): Promise<void> {
    for (const row of await this.#engine.rows(COUNT_STAGE)) {
      const [fileId, what] = [Number(row['file_id']), String(row['what'])];
      const account = this.#accounts.get(fileId);
      if (ROWS.has(what)) addYield(this.yields, fileId, yieldOf(row));
      else if (account !== undefined) addProblem(account, row, what);
    }
  }

  /** Reads those files once more whose fields change: their rows were taken for what they are not. */
  async #checkFields(inputs: readonly Input[], fields: readonly string[] | undefined): Promise<void> {
    const kind = inputs[0]?.kind;
    if (fields === undefined || (kind !== 'iis' && kind !== 'httperr')) return;
    const ids = inputs.map(({ id }) => id);
    const others = (await this.#engine.rows(filesOfOtherFields(kind, ids, fields))).map((row) => row['file_id']);
    if (others.length > 0) await this.#engine.run(`DELETE FROM ${kind} WHERE file_id IN (${others.join(', ')})`);
    for (const input of inputs) {
      if (others.includes(input.id)) await this.#loadCopy(input);
      else if (kind === 'iis') this.runs.set(input, [{ fields, software: input.header?.software ?? null }]);
    }
  }

  async #tried(read: () => Promise<void>): Promise<boolean> {
    try {
      await read();
      return true;
    } catch (error) {
      this.#rethrow(error);
      return false;
    }
  }

  #rethrow(error: unknown): void {
    this.#signal?.throwIfAborted();
    if (error instanceof BatonError || NOT_THE_FILE.test(messageOf(error))) throw error;
  }

  #account(input: Input): Account {
    const account = this.#accounts.get(input.id);
    if (account === undefined) throw new Error(`The file ${input.path} has no account.`);
    return account;
  }

  #place(): CopyPlace {
    const before = this.bytesCopied;
    const onRead = (bytes: number): void => void (this.bytesCopied = before + bytes);
    return { folder: this.folder, signal: this.#signal, onRead };
  }
}
