import type { Clock } from '../../core/clock';
import type { Logger } from '../../core/logger';
import { placeOf } from '../../logging/audit-checkpoint';
import { linesBehind, trailFiles } from '../../logging/audit-read';
import type { AuditTrail } from '../../logging/audit-trail';
import type { CursorFile, CursorRow } from './cursor-file';
import { endOf, readShownArn, TRANSITION, transitionOf, type TransitionEvent } from './transition';
import type { Visit } from '../visits';
import { UNVERIFIED } from './started-by';

/** So many executions that have ended are at hand in memory; all that run are. */
const MAX_AT_HAND = 5000;
/** So many lines are written before the cursor follows. */
const LINES_A_SAVE = 500;
const TRAIL_MARK = 'trail';

/** A new execution, of which nothing is written. */
export const newRow = (arn: string, workflow: string, startedAtMs: number): CursorRow => ({
  ...{ arn, workflow, startedAtMs, written: 0, beyond: new Set<number>(), redrives: 0, lastAtMs: startedAtMs },
  ...{ end: undefined, startedBy: undefined },
});

/** Names are free again 90 days after their execution's end; no two of AWS's times are a day apart for one event. */
const A_DAY_MS = 24 * 3600_000;

/** Whether an execution of the same name that began then is another one. */
export const isOtherExecution = ({ written, lastAtMs }: CursorRow, startedAtMs: number): boolean =>
  written > 0 && startedAtMs > lastAtMs + A_DAY_MS;

/** Whether the trail has this event. */
export const isWritten = ({ written, beyond }: CursorRow, eventId: number): boolean =>
  eventId <= written || beyond.has(eventId);

function advance(row: CursorRow, eventId: number): void {
  row.beyond.add(eventId);
  while (row.beyond.delete(row.written + 1)) row.written += 1;
}

/** Keeps how an execution stands, by an event of it. */
export function noteEvent(row: CursorRow, { type, timestamp }: TransitionEvent): void {
  const atMs = timestamp?.getTime() ?? NaN;
  if (atMs > row.lastAtMs) row.lastAtMs = atMs;
  row.end = endOf(type);
}

/**
 * The trail and the cursor together. The trail is the truth: lines are written first, and the cursor follows when they are
 * on disk. Whoever comes next reads back the lines behind the place that the cursor names.
 */
export class Ledger {
  readonly #trail: AuditTrail;
  readonly #cursor: CursorFile;
  readonly #causeCharacters: number;
  readonly #clock: Clock;
  readonly #rows = new Map<string, CursorRow>();
  readonly #changed = new Set<CursorRow>();
  readonly #marks = new Map<string, unknown>();
  #unsaved = 0;
  #lines = 0;
  #lagMs = 0;
  #saving: Promise<void> | undefined;

  constructor(
    trail: AuditTrail,
    cursor: CursorFile,
    { causeCharacters, clock }: { causeCharacters: number; clock: Clock },
  ) {
    this.#trail = trail;
    this.#cursor = cursor;
    this.#causeCharacters = causeCharacters;
    this.#clock = clock;
    for (const row of cursor.open()) this.#rows.set(row.arn, row);
  }

  /** Lines that were written. */
  get lines(): number {
    return this.#lines;
  }

  /** The age of the oldest transition since the last call, when it was written. */
  takeLagMs(): number {
    const lagMs = this.#lagMs;
    this.#lagMs = 0;
    return lagMs;
  }

  /**
   * Reads back what the trail has and the cursor has not.
   * @throws Error of node:fs; BatonError `audit_cursor_*`
   */
  async readBack(logger: Logger): Promise<void> {
    const place = placeOf(this.#cursor.mark(TRAIL_MARK));
    let reached = place?.seq ?? 0;
    const isGone = place !== undefined && trailFiles(this.#trail.file, place.chain).length === 0;
    if (!isGone) {
      for await (const { seq, fields } of linesBehind(this.#trail.file, place && { ...place, seq: place.seq - 1 })) {
        reached = seq;
        if (fields.type === 'audit' && fields.event === TRANSITION) this.#takeBack(fields);
        if (this.#changed.size >= MAX_AT_HAND) this.#saveTakenBack();
      }
    }
    if (isGone || (place !== undefined && reached < place.seq)) {
      const message = isGone
        ? 'The file of the audit trail that the cursor names is not there: what was written behind its place is written again'
        : 'The audit trail ends before the place that the cursor names: lines were cut off';
      logger.error(message, { type: 'workflow_audit', outcome: 'trail_changed', ...place });
    }
    await this.save();
  }

  /** Without a place: should this process end now, all is read back again. */
  #saveTakenBack(): void {
    this.#cursor.save(this.#changed, new Map());
    this.#changed.clear();
  }

  #takeBack(fields: Readonly<Record<string, unknown>>): void {
    const { executionArn: shown, workflow, eventId, at, eventType } = fields;
    if (typeof shown !== 'string' || typeof workflow !== 'string' || !Number.isSafeInteger(eventId)) return;
    const arn = readShownArn(shown);
    const id = eventId as number;
    const atMs = typeof at === 'string' ? Date.parse(at) : NaN;
    let row = this.find(arn) ?? this.add(newRow(arn, workflow, atMs || 0));
    if (id === 1 && isOtherExecution(row, atMs)) row = this.add(newRow(arn, workflow, atMs));
    if (isWritten(row, id)) return;
    advance(row, id);
    if (eventType === 'ExecutionRedriven') row.redrives += 1;
    noteEvent(row, { id, type: String(eventType), timestamp: new Date(atMs) });
    this.touch(row);
  }

  find(arn: string): CursorRow | undefined {
    const known = this.#rows.get(arn);
    if (known !== undefined) return known;
    const row = this.#cursor.row(arn);
    if (row !== undefined) this.#keep(row);
    return row;
  }

  add(row: CursorRow): CursorRow {
    this.#keep(row);
    this.touch(row);
    return row;
  }

  #keep(row: CursorRow): void {
    this.#rows.set(row.arn, row);
    if (this.#rows.size <= 2 * MAX_AT_HAND) return;
    for (const [arn, { end }] of this.#rows) {
      if (this.#rows.size <= MAX_AT_HAND) return;
      const one = this.#rows.get(arn);
      if (end !== undefined && one !== undefined && !this.#changed.has(one)) this.#rows.delete(arn);
    }
  }

  /** The executions that have not ended, as far as is known. */
  open(): readonly CursorRow[] {
    return [...this.#rows.values()].filter(({ end }) => end === undefined);
  }

  redrivable(sinceMs: number): readonly CursorRow[] {
    return this.#cursor.redrivable(sinceMs).map((row) => this.#rows.get(row.arn) ?? row);
  }

  forgetEnded(beforeMs: number): void {
    this.#cursor.forgetEnded(beforeMs);
    this.#drop((row) => row.end !== undefined && row.lastAtMs < beforeMs && !row.arn.includes(':express:'));
  }

  forgetExpress(workflow: string, beforeMs: number): void {
    this.#cursor.forgetExpress(workflow, beforeMs);
    this.#drop((row) => row.workflow === workflow && row.lastAtMs < beforeMs && row.arn.includes(':express:'));
  }

  #drop(isOver: (row: CursorRow) => boolean): void {
    for (const row of this.#rows.values()) {
      if (isOver(row) && !this.#changed.has(row)) this.#rows.delete(row.arn);
    }
  }

  mark(name: string): unknown {
    return this.#marks.get(name) ?? this.#cursor.mark(name);
  }

  setMark(name: string, value: unknown): void {
    this.#marks.set(name, value);
  }

  /** It will be saved. */
  touch(row: CursorRow): void {
    this.#changed.add(row);
  }

  /**
   * Writes an event into the trail.
   * @throws BatonError `audit_unwritable`; then it is as if it had not been tried
   */
  write(row: CursorRow, event: TransitionEvent, visit: Visit | undefined): void {
    const terms = { visit, startedBy: row.startedBy ?? UNVERIFIED, causeCharacters: this.#causeCharacters };
    this.#trail.append(transitionOf(event, row, terms));
    advance(row, event.id);
    if (event.type === 'ExecutionRedriven') row.redrives += 1;
    this.touch(row);
    this.#lines += 1;
    this.#unsaved += 1;
    this.#lagMs = Math.max(this.#lagMs, this.#clock() - (event.timestamp?.getTime() ?? Infinity));
  }

  /** Takes an event of a workflow that is not followed as one that is written. */
  passOver(row: CursorRow, { id }: TransitionEvent): void {
    if (isWritten(row, id)) return;
    advance(row, id);
    this.touch(row);
  }

  /** Saves where much was written since the last time. */
  async saveSometimes(): Promise<void> {
    if (this.#unsaved >= LINES_A_SAVE) await this.save();
  }

  /**
   * Has the lines brought to the disk, then moves the cursor.
   * @throws BatonError `audit_unwritable`, `audit_cursor_unavailable`; then it is to be done again
   */
  async save(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving.catch(() => undefined);
    this.#saving = this.#save();
    try {
      await this.#saving;
    } finally {
      this.#saving = undefined;
    }
  }

  async #save(): Promise<void> {
    // What is written while the disk works belongs to the next save.
    const changed = [...this.#changed];
    const rows = changed.map((row) => ({ ...row, beyond: new Set(row.beyond) }));
    const marks = new Map<string, unknown>([...this.#marks, [TRAIL_MARK, this.#trail.place]]);
    const unsaved = this.#unsaved;
    this.#changed.clear();
    try {
      await this.#trail.sync();
      this.#cursor.save(rows, marks);
    } catch (thrown) {
      for (const row of changed) this.#changed.add(row);
      throw thrown;
    }
    this.#unsaved -= unsaved;
    for (const [name, value] of marks) if (this.#marks.get(name) === value) this.#marks.delete(name);
  }
}
