import type { ExecutionListItem, ExecutionStatus } from '@aws-sdk/client-sfn';
import { steadyClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import type { KeyFinder } from '../../jws/keys';
import type { HandOverDocument } from '../../policy/document';
import { calling } from '../errors';
import { historyPages, type HistoryReader } from '../history-pages';
import { withinBudget, type RequestBudget } from '../request-budget';
import { Visits } from '../visits';
import type { CursorRow } from './cursor-file';
import { isOtherExecution, isWritten, newRow, noteEvent, type Ledger } from './ledger';
import { isFollowed, machineArn, workflowOf, type AuditedMachine } from './machines';
import { startedBy } from './started-by';
import { executionNameOf, type TransitionEvent } from './transition';

/** What executions of Standard workflows are followed with. */
export interface StandardTerms {
  readonly reader: HistoryReader & { readonly budget: RequestBudget };
  readonly ledger: Ledger;
  readonly handOver: HandOverDocument;
  readonly keys: KeyFinder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pollIntervalMs: number;
  /** Executions that began before are left out. */
  readonly sinceMs: number;
  readonly signal: AbortSignal;
}

/** `ListExecutions` may lag behind (API reference: "eventually consistent"): it is read again so far back. */
const OVERLAP_MS = 15 * 60_000;
/** A failed execution can be redriven for 14 days; one more for clocks and lists. */
const REDRIVABLE_MS = 15 * 24 * 3600_000;
const REDRIVES_EVERY_MS = 10 * 60_000;
/** An execution in which nothing happens, such as one that waits for a person, is looked at this often at least. */
const LONGEST_IDLE_MS = 5 * 60_000;
const MAX_READINGS = 2000;
const AT_ONCE = 4;
/** A throttled request is made again until it is let through: the auditor has the time. */
const PATIENCE_MS = 5 * 60_000;
const DESCRIBE = 'states:DescribeExecution';
const LIST = 'states:ListExecutions';
const FAILED: readonly ExecutionStatus[] = ['FAILED', 'TIMED_OUT', 'ABORTED'];

/** How far a history was read, with what the next events refer to. */
interface Reading {
  readonly visits: Visits;
  readId: number;
}

/** What came of looking at executions. */
export interface Looks {
  looked: number;
  failures: number;
  /** Executions whose history AWS had no more before it was read. */
  lost: number;
}

/** Follows the executions of Standard workflows: finds them, and writes each event of their histories once. */
export class StandardFollower {
  readonly #terms: StandardTerms;
  /** For what is due when: a clock that is set back must not put it off. */
  readonly #steady: Clock;
  readonly #readings = new Map<string, Reading>();
  readonly #nextLookMs = new Map<string, number>();
  readonly #machines = new Map<string, AuditedMachine>();
  #redrivesAtMs = -Infinity;

  constructor(terms: StandardTerms) {
    this.#terms = terms;
    this.#steady = steadyClock(terms.clock);
  }

  /** Finds executions of these machines. @returns how many machines could not be asked */
  async discover(machines: readonly AuditedMachine[]): Promise<number> {
    const { clock, ledger, logger, signal } = this.#terms;
    const isTimeForRedrives = this.#steady() - this.#redrivesAtMs >= REDRIVES_EVERY_MS;
    this.#machines.clear();
    let failures = 0;
    for (const machine of machines) {
      this.#machines.set(machine.arn, machine);
      try {
        await this.#findNew(machine);
        await this.#findEnded(machine);
        if (isTimeForRedrives) await this.#findRedriven(machine);
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        const message = `The executions of ${machine.arn} cannot be listed`;
        logger.error(message, { type: 'workflow_audit', outcome: 'failing', error });
      }
    }
    if (!isTimeForRedrives) return failures;
    if (failures === 0) this.#redrivesAtMs = this.#steady();
    ledger.forgetEnded(clock() - REDRIVABLE_MS);
    return failures;
  }

  /** Looks at the executions that are due, and reads each to its present end. */
  async look(): Promise<Looks> {
    const { logger, signal } = this.#terms;
    const due = this.#due();
    const looks: Looks = { looked: 0, failures: 0, lost: 0 };
    const lookInTurn = async (): Promise<void> => {
      for (let row = due.shift(); row !== undefined; row = due.shift()) {
        try {
          const { written } = row;
          await this.#read(row, looks);
          this.#plan(row, row.written > written);
        } catch (error) {
          this.#readings.delete(row.arn);
          signal.throwIfAborted();
          // Nothing can be written: no other execution fares better.
          if (error instanceof BatonError && error.code.startsWith('audit_')) throw error;
          looks.failures += 1;
          this.#nextLookMs.set(row.arn, this.#steady() + this.#terms.pollIntervalMs);
          const message = `The execution ${row.arn} cannot be followed`;
          // Once a pass: where the credentials are wrong, all of them fail. The pass says how many.
          if (looks.failures > 1) continue;
          logger.error(message, { type: 'workflow_audit', outcome: 'failing', workflow: row.workflow, error });
        }
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, lookInTurn));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return looks;
  }

  #due(): CursorRow[] {
    const now = this.#steady();
    const rows = new Map(this.#terms.ledger.open().map((row) => [row.arn, row]));
    for (const arn of this.#nextLookMs.keys()) {
      const row = rows.get(arn) ?? this.#terms.ledger.find(arn);
      if (row !== undefined) rows.set(arn, row);
    }
    return [...rows.values()]
      .filter(({ arn }) => this.#machineOf(arn) !== undefined && (this.#nextLookMs.get(arn) ?? 0) <= now)
      .sort((a, b) => (this.#nextLookMs.get(a.arn) ?? 0) - (this.#nextLookMs.get(b.arn) ?? 0));
  }

  #machineOf(executionArn: string): AuditedMachine | undefined {
    return this.#machines.get(machineArn(executionArn.replace(':execution:', ':stateMachine:')));
  }

  /** Where much happens, much is looked at; where nothing does, less and less. */
  #plan(row: CursorRow, isMoving: boolean): void {
    if (row.end !== undefined) {
      this.#nextLookMs.delete(row.arn);
      this.#readings.delete(row.arn);
      return;
    }
    const { clock, pollIntervalMs } = this.#terms;
    const idleMs = isMoving ? 0 : (clock() - row.lastAtMs) / 10;
    this.#nextLookMs.set(row.arn, this.#steady() + Math.min(LONGEST_IDLE_MS, Math.max(pollIntervalMs, idleMs)));
  }

  async #read(row: CursorRow, looks: Looks): Promise<void> {
    const { ledger, reader, signal, logger } = this.#terms;
    const { arn: executionArn, workflow } = row;
    const machine = this.#machineOf(executionArn);
    if (machine === undefined) return;
    try {
      if (row.startedBy === undefined) await this.#askWho(row, machine);
      // What is written in part already is written to its end, whoever is followed now.
      if (row.written === 0 && !isFollowed(machine, row.workflow)) {
        row.end = 'OTHER';
        ledger.touch(row);
        return;
      }
      const reading = this.#readingOf(executionArn);
      const request = { executionArn, workflow, afterEventId: reading.readId, patienceMs: PATIENCE_MS, signal };
      for await (const page of historyPages(reader, request)) {
        for (const event of page) this.#take(row, reading, event);
        await ledger.saveSometimes();
      }
    } catch (thrown) {
      if (((thrown as Error).cause as Error | undefined)?.name !== 'ExecutionDoesNotExist') throw thrown;
      // One that has just begun may not be described yet.
      if (row.written === 0 && this.#terms.clock() - row.startedAtMs < OVERLAP_MS) throw thrown;
      row.end = 'GONE';
      ledger.touch(row);
      looks.lost += 1;
      const message = `AWS has the history of ${executionArn} no more: it was not read to its end`;
      logger.error(message, { type: 'workflow_audit', outcome: 'lost', workflow });
    }
    looks.looked += 1;
  }

  #readingOf(arn: string): Reading {
    let reading = this.#readings.get(arn);
    if (reading === undefined) {
      reading = { visits: new Visits(), readId: 0 };
      this.#readings.set(arn, reading);
      const [oldest] = this.#readings.keys();
      // What is put aside is read again from its start.
      if (this.#readings.size > MAX_READINGS && oldest !== undefined) this.#readings.delete(oldest);
    }
    return reading;
  }

  /** Events are numbered from 1 without a gap (API reference, `HistoryEvent`): behind one the rest waits for the next look. */
  #take(row: CursorRow, reading: Reading, event: TransitionEvent): void {
    if (event.id <= reading.readId) return;
    if (event.id > reading.readId + 1) {
      const message = `The history of ${row.arn} has a gap before event ${event.id}.`;
      throw new BatonError('workflow_unavailable', message, { reason: 'gap' });
    }
    const { visit } = reading.visits.add(event);
    reading.readId = event.id;
    if (!isWritten(row, event.id)) this.#terms.ledger.write(row, event, visit);
    const { end } = row;
    noteEvent(row, event);
    if (row.end !== end) this.#terms.ledger.touch(row);
  }

  async #askWho(row: CursorRow, machine: AuditedMachine): Promise<void> {
    const { reader, handOver, keys, ledger, signal } = this.#terms;
    const { sdk, client, budget } = reader;
    const ask = () => client.send(new sdk.DescribeExecutionCommand({ executionArn: row.arn }), { abortSignal: signal });
    const described = await calling({ name: row.workflow, arn: row.arn, action: DESCRIBE }, () =>
      withinBudget(ask, { budget, patienceMs: PATIENCE_MS, signal }),
    );
    const workflow = workflowOf(machine, { ...described });
    if (workflow === undefined) return;
    const name = executionNameOf(row.arn);
    row.startedBy = await startedBy({ ...described, name }, workflow.document, handOver, keys);
    row.workflow = workflow.name;
    ledger.touch(row);
  }

  async *#list(machine: AuditedMachine, statusFilter?: ExecutionStatus): AsyncGenerator<readonly ExecutionListItem[]> {
    const { reader, signal } = this.#terms;
    const { sdk, client, budget } = reader;
    let nextToken: string | undefined;
    do {
      const command = new sdk.ListExecutionsCommand({
        stateMachineArn: machine.arn,
        maxResults: 1000,
        ...(statusFilter !== undefined && { statusFilter }),
        ...(nextToken !== undefined && { nextToken }),
      });
      const ask = () => client.send(command, { abortSignal: signal });
      const page = await calling({ name: machine.followed[0]?.name ?? '', arn: machine.arn, action: LIST }, () =>
        withinBudget(ask, { budget, patienceMs: PATIENCE_MS, signal }),
      );
      yield page.executions ?? [];
      ({ nextToken } = page);
    } while (nextToken !== undefined);
  }

  /** The latest first, back to where the last time began and a little further. */
  async #findNew(machine: AuditedMachine): Promise<void> {
    const { ledger, sinceMs } = this.#terms;
    const markName = `discovered ${machine.arn}`;
    const known = ledger.mark(markName);
    const mark = typeof known === 'number' ? known : undefined;
    const untilMs = Math.max(sinceMs, mark === undefined ? -Infinity : mark - OVERLAP_MS);
    let newestMs = mark ?? 0;
    pages: for await (const page of this.#list(machine)) {
      for (const item of page) {
        const startedAtMs = item.startDate?.getTime() ?? 0;
        newestMs = Math.max(newestMs, startedAtMs);
        if (startedAtMs < untilMs) break pages;
        this.#listed(machine, item, mark);
      }
      await ledger.save();
    }
    if (newestMs !== mark && newestMs > 0) ledger.setMark(markName, newestMs);
  }

  /** Those that run no more are due: there is an end to write. */
  async #findEnded(machine: AuditedMachine): Promise<void> {
    const { ledger } = this.#terms;
    const before = ledger.open().filter(({ arn }) => this.#machineOf(arn) === machine);
    if (before.length === 0) return;
    const running = new Set<string>();
    for await (const page of this.#list(machine, 'RUNNING')) {
      for (const item of page) {
        running.add(item.executionArn ?? '');
        this.#listed(machine, item, Infinity);
      }
    }
    for (const { arn } of before) if (!running.has(arn)) this.#nextLookMs.set(arn, 0);
  }

  /**
   * A redrive goes on in the history of an execution that had ended, and AWS lists by the time of the start: so those that
   * can be redriven, which failed, are looked for among those that AWS has as failed. Who is not there runs again, or has.
   */
  async #findRedriven(machine: AuditedMachine): Promise<void> {
    const { ledger, clock } = this.#terms;
    const all = ledger.redrivable(clock() - REDRIVABLE_MS).filter(({ arn }) => this.#machineOf(arn) === machine);
    const candidates = new Map(all.map((row) => [row.arn, row]));
    const oldestMs = all.reduce((oldest, { startedAtMs }) => Math.min(oldest, startedAtMs), Infinity);
    for (const status of FAILED) {
      if (candidates.size === 0) break;
      pages: for await (const page of this.#list(machine, status)) {
        for (const { executionArn = '', startDate, redriveCount = 0 } of page) {
          if ((startDate?.getTime() ?? 0) < oldestMs - 1000) break pages;
          if (redriveCount <= (candidates.get(executionArn)?.redrives ?? 0)) candidates.delete(executionArn);
        }
      }
    }
    for (const arn of candidates.keys()) this.#nextLookMs.set(arn, 0);
  }

  #listed(machine: AuditedMachine, item: ExecutionListItem, mark: number | undefined): void {
    const { ledger, clock, sinceMs } = this.#terms;
    const { executionArn: arn = '', startDate, stopDate, redriveCount = 0 } = item;
    const startedAtMs = startDate?.getTime() ?? 0;
    const row = ledger.find(arn);
    if (row === undefined || isOtherExecution(row, startedAtMs)) {
      // It was there the last time, and ended so long ago that the cursor has forgotten it.
      const wasThere = mark !== undefined && startedAtMs <= mark;
      const isOver = wasThere && stopDate !== undefined && clock() - stopDate.getTime() > REDRIVABLE_MS;
      if (isOver || startedAtMs < sinceMs) return;
      ledger.add(newRow(arn, machine.followed[0]?.name ?? '', startedAtMs));
      this.#readings.delete(arn);
      this.#nextLookMs.set(arn, 0);
      return;
    }
    if (redriveCount > row.redrives || (row.end === undefined && stopDate !== undefined)) this.#nextLookMs.set(arn, 0);
  }
}
