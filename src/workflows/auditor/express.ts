import { steadyClock, type Clock } from '../../core/clock';
import type { Logger } from '../../core/logger';
import type { KeyFinder } from '../../jws/keys';
import type { HandOverDocument } from '../../policy/document';
import { workflowError } from '../errors';
import { withinBudget, type RequestBudget } from '../request-budget';
import { Visits } from '../visits';
import type { CursorRow } from './cursor-file';
import { isWritten, newRow, noteEvent, type Ledger } from './ledger';
import { readLogRecord, type LogRecord } from './log-record';
import type { LogsAccess } from './logs-client';
import { isFollowed, type AuditedMachine, type NamedWorkflow } from './machines';
import { startedBy, UNVERIFIED } from './started-by';
import { executionNameOf } from './transition';

/** What Express executions are followed with. */
export interface ExpressTerms {
  readonly access: () => LogsAccess;
  readonly budget: RequestBudget;
  readonly ledger: Ledger;
  readonly handOver: HandOverDocument;
  readonly keys: KeyFinder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly sinceMs: number | undefined;
  readonly signal: AbortSignal;
}

const MINUTE_MS = 60_000;
/** Records come late: each look reads again so far back, */
const OVERLAP_MS = 2 * MINUTE_MS;
/** and now and then so far: an Express execution lasts five minutes at most, so what is under way is in it whole. */
const LONG_OVERLAP_MS = 15 * MINUTE_MS;
const LONG_LOOK_EVERY_MS = 5 * MINUTE_MS;
/** Of older executions nothing is remembered. */
const MEMORY_MS = 2 * LONG_OVERLAP_MS;
/** A record waits so long for those before it; then they are taken for lost. */
const PATIENCE_FOR_RECORD_MS = 30_000;
/** Nor does it wait when it is so old: each pass may be a process of its own. */
const OLD_RECORD_MS = 5 * MINUTE_MS;
/** Where nothing is known, the records of so long ago are the first. */
const FIRST_LOOK_MS = 24 * 3600_000;
const REQUEST_PATIENCE_MS = 5 * MINUTE_MS;
const ACTION = 'logs:FilterLogEvents';

/** What is known of an execution: records that came, in the order of their numbers as far as it goes. */
interface Reading {
  readonly visits: Visits;
  /** All records up to this one were taken. */
  readId: number;
  readonly taken: Set<number>;
  readonly waiting: Map<number, LogRecord>;
  waitingSinceMs: number;
  lastAtMs: number;
}

/** Follows the executions of Express workflows by the records that they leave in log groups. */
export class ExpressFollower {
  readonly #terms: ExpressTerms;
  /** For how long something has waited: a clock that is set back must not put it off. */
  readonly #steady: Clock;
  readonly #readings = new Map<string, Reading>();
  readonly #longLookMs = new Map<string, number>();

  constructor(terms: ExpressTerms) {
    this.#terms = terms;
    this.#steady = steadyClock(terms.clock);
  }

  /**
   * Reads what the log group of this workflow has had since the last time.
   *
   * @param machine its own: workflows with the same one, by other versions or aliases, log there too
   * @throws BatonError `workflow_*`, `audit_*`
   */
  async look({ name }: NamedWorkflow, logGroup: string, machine: AuditedMachine): Promise<void> {
    const { ledger, clock, sinceMs } = this.#terms;
    const markName = `logs ${name} ${logGroup}`;
    const mark = ledger.mark(markName);
    const known = typeof mark === 'number' ? mark : undefined;
    const isLong = this.#steady() - (this.#longLookMs.get(markName) ?? -Infinity) >= LONG_LOOK_EVERY_MS;
    const fromMs =
      known === undefined ? (sinceMs ?? clock() - FIRST_LOOK_MS) : known - (isLong ? LONG_OVERLAP_MS : OVERLAP_MS);
    const prefix = `${machine.arn.replace(':stateMachine:', ':express:')}:`;
    let newestMs = known ?? 0;
    for await (const page of this.#pages(name, logGroup, Math.max(fromMs, 0))) {
      for (const { message, timestamp = 0 } of page) {
        const record = readLogRecord(message);
        if (!record?.executionArn.startsWith(prefix)) continue;
        // What a record says of the future must not hide the records until then.
        newestMs = Math.max(newestMs, Math.min(timestamp, clock()));
        this.#came(record);
      }
      await this.#takeAll(prefix, machine);
      await ledger.saveSometimes();
    }
    if (isLong) this.#longLookMs.set(markName, this.#steady());
    if (newestMs > 0) {
      // What still waits must be read again, should this process end before it is written.
      ledger.setMark(markName, Math.min(newestMs, ...this.#oldestWaiting(prefix)));
      for (const one of machine.all) ledger.forgetExpress(one.name, newestMs - MEMORY_MS);
      this.#forget(prefix, newestMs - MEMORY_MS);
    }
  }

  #oldestWaiting(prefix: string): number[] {
    return [...this.#readings]
      .filter(([arn]) => arn.startsWith(prefix))
      .flatMap(([, { waiting }]) => [...waiting.values()].map(({ event }) => event.timestamp?.getTime() ?? Infinity));
  }

  #forget(prefix: string, beforeMs: number): void {
    for (const [arn, { lastAtMs, waiting }] of this.#readings) {
      // What waits has not been taken yet, and how long it has waited must not begin anew.
      const isOver = waiting.size === 0 && lastAtMs < beforeMs;
      if (isOver && arn.startsWith(prefix)) this.#readings.delete(arn);
    }
  }

  async *#pages(
    workflow: string,
    logGroupName: string,
    startTime: number,
  ): AsyncGenerator<readonly { readonly message?: string | undefined; readonly timestamp?: number | undefined }[]> {
    const { access, budget, signal } = this.#terms;
    const { sdk, client } = access();
    let nextToken: string | undefined;
    do {
      const command = new sdk.FilterLogEventsCommand({ logGroupName, startTime, ...(nextToken && { nextToken }) });
      try {
        const ask = () => client.send(command, { abortSignal: signal });
        const page = await withinBudget(ask, { budget, patienceMs: REQUEST_PATIENCE_MS, signal });
        ({ nextToken } = page);
        yield page.events ?? [];
      } catch (thrown) {
        signal.throwIfAborted();
        throw workflowError({ name: workflow, arn: logGroupName, action: ACTION }, thrown);
      }
    } while (nextToken !== undefined);
  }

  #came(record: LogRecord): void {
    const { executionArn: arn, event } = record;
    let reading = this.#readings.get(arn);
    if (reading === undefined) {
      const row = this.#terms.ledger.find(arn);
      if (row?.end !== undefined && isWritten(row, event.id)) return;
      reading = {
        visits: new Visits(),
        readId: 0,
        taken: new Set(),
        waiting: new Map(),
        waitingSinceMs: 0,
        lastAtMs: 0,
      };
      this.#readings.set(arn, reading);
    }
    if (event.id <= reading.readId || reading.taken.has(event.id) || reading.waiting.has(event.id)) return;
    if (reading.waiting.size === 0) reading.waitingSinceMs = this.#steady();
    reading.waiting.set(event.id, record);
  }

  /** Of this machine alone: another one's workflows say nothing of who started its executions. */
  async #takeAll(prefix: string, machine: AuditedMachine): Promise<void> {
    for (const [arn, reading] of this.#readings) {
      if (reading.waiting.size === 0 || !arn.startsWith(prefix)) continue;
      const now = this.#terms.clock();
      const hasWaitedLong = this.#steady() - reading.waitingSinceMs >= PATIENCE_FOR_RECORD_MS;
      const isOld = ({ event }: LogRecord): boolean => now - (event.timestamp?.getTime() ?? now) >= OLD_RECORD_MS;
      const ids = [...reading.waiting.keys()].sort((a, b) => a - b);
      for (const id of ids) {
        const record = reading.waiting.get(id);
        if (record === undefined || (id !== reading.readId + 1 && !hasWaitedLong && !isOld(record))) break;
        await this.#take(arn, reading, record, machine);
        reading.waiting.delete(id);
      }
      this.#closeIfOver(arn, reading);
    }
  }

  async #take(arn: string, reading: Reading, record: LogRecord, machine: AuditedMachine): Promise<void> {
    const { event } = record;
    const { ledger } = this.#terms;
    const atMs = event.timestamp?.getTime() ?? 0;
    const row = ledger.find(arn) ?? ledger.add(newRow(arn, machine.followed[0]?.name ?? '', atMs));
    if (row.startedBy === undefined) await this.#askWho(row, record, machine);
    const { visit } = reading.visits.add(event);
    if (!isFollowed(machine, row.workflow)) ledger.passOver(row, event);
    else if (!isWritten(row, event.id)) ledger.write(row, event, visit);
    reading.taken.add(event.id);
    while (reading.taken.delete(reading.readId + 1)) reading.readId += 1;
    reading.lastAtMs = Math.max(reading.lastAtMs, atMs);
    const { end } = row;
    noteEvent(row, event);
    // A record that comes after the last one is not what the execution stands at.
    row.end ??= end;
    if (row.end !== end) ledger.touch(row);
  }

  /** By the record of the start, if it came and holds data. A hand-over names the version or alias that was started. */
  async #askWho(row: CursorRow, { event, input }: LogRecord, { all }: AuditedMachine): Promise<void> {
    const { handOver, keys } = this.#terms;
    const execution = { name: executionNameOf(row.arn), input, startDate: event.timestamp };
    for (const { name, document } of event.id === 1 ? all : []) {
      const found = await startedBy(execution, document, handOver, keys);
      if (!found.verified) continue;
      [row.startedBy, row.workflow] = [found, name];
      return;
    }
    row.startedBy = UNVERIFIED;
  }

  /** Nothing more comes when the last record was taken and none before it is missing. */
  #closeIfOver(arn: string, { readId, waiting, taken }: Reading): void {
    const row = this.#terms.ledger.find(arn);
    if (row?.end === undefined || waiting.size > 0 || taken.size > 0 || row.written !== readId) return;
    this.#readings.delete(arn);
  }
}
