/** An event of `GetExecutionHistory`, of whatever type. */
export interface PathEvent {
  readonly id?: number | undefined;
  readonly previousEventId?: number | undefined;
  readonly type?: string | undefined;
  readonly timestamp?: Date | undefined;
}

/** A failure of an attempt, as AWS has it. */
export interface PathError {
  readonly name: string;
  /** AWS's text, which may quote anything. */
  readonly cause?: string;
}

/**
 * What became of a state so far: passed; left by a `Catch`; stopped, with the execution or the branches beside it; failed with
 * nobody to catch it there; at work. Of several visits the worst counts.
 */
export type StateOutcome = (typeof OUTCOMES)[number];
const OUTCOMES = ['passed', 'stopped', 'caught', 'failed', 'running'] as const;

/** What happened in a state, over all the times that it was come to: loops, and items of a Map. */
export interface StateTrace {
  visits: number;
  firstEnteredAt: Date;
  lastExitedAt: Date | undefined;
  /** How long the visits took together, in milliseconds; those that are over. */
  totalMs: number;
  longestMs: number;
  /** How often its task was begun; 0 where it has none. */
  attempts: number;
  readonly errors: PathError[];
  outcome: StateOutcome;
  /** The worst of the visits that are over. */
  worst: StateOutcome;
}

/** What happened in an execution, for each state and each way between two. */
export interface RunPath {
  readonly states: ReadonlyMap<string, Readonly<StateTrace>>;
  /** How often each way was gone, by {@link wayKey}. */
  readonly ways: ReadonlyMap<string, number>;
  /** Number of events. */
  readonly events: number;
  /** When the first of them was. */
  readonly startedAt: Date | undefined;
}

interface Visit {
  readonly name: string;
  readonly trace: StateTrace;
  readonly enteredAt: number;
  /** A Parallel or a Map: what fails within it fails it. */
  readonly isGroup: boolean;
  /** The Parallel or the Map that holds it. */
  readonly holder: Visit | undefined;
  isOpen: boolean;
  /** Whether it failed, at its last attempt: then it is left by a `Catch`, or not at all. */
  failed: boolean;
}

const BEGINS = /^(LambdaFunction|Task|Activity)Scheduled$/;
const FAILS =
  /^(LambdaFunction|Task|Activity)(ScheduleFailed|StartFailed|SubmitFailed|Failed|TimedOut)$|^EvaluationFailed$/;
const SUCCEEDS = /^(LambdaFunction|Task|Activity)Succeeded$/;
const GROUP_FAILS = /^(Parallel|Map)State(Failed|Aborted)$/;
const ENDS = /^Execution(Succeeded|Failed|TimedOut|Aborted)$/;
const MAX_ERRORS = 100;

/** One way between two states. */
export const wayKey = (from: string, to: string, byCatch: boolean): string =>
  JSON.stringify([from, to, byCatch ? 'catch' : 'next']);

/** A way by its key. */
export function wayOfKey(key: string): { readonly from: string; readonly to: string; readonly kind: 'catch' | 'next' } {
  const [from, to, kind] = JSON.parse(key) as [string, string, 'catch' | 'next'];
  return { from, to, kind };
}

/**
 * Reads a history, event by event, into what happened in which state and how each was come to. Only entering and leaving
 * name a state; all other events belong to that of the event before them (`previousEventId`). A redrive goes on where the
 * execution failed.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
export class RunPathReader implements RunPath {
  readonly states = new Map<string, StateTrace>();
  readonly ways = new Map<string, number>();
  events = 0;
  startedAt: Date | undefined;
  readonly #ofEvent = new Map<number, Visit>();
  readonly #open = new Set<Visit>();

  add(event: PathEvent): void {
    const { id = 0, previousEventId = 0, type = '', timestamp = new Date(NaN) } = event;
    this.events += 1;
    this.startedAt ??= timestamp;
    const before = this.#ofEvent.get(previousEventId);
    const entered = nameIn(event, 'stateEnteredEventDetails');
    const exited = nameIn(event, 'stateExitedEventDetails');
    let visit = GROUP_FAILS.test(type) ? failedGroup(before) : before;
    if (entered !== undefined) visit = this.#enter(entered, before, type, timestamp);
    else if (exited !== undefined) visit = this.#leave(exited, before, timestamp);
    else if (ENDS.test(type)) this.#end(type);
    else if (type === 'ExecutionRedriven') this.#redrive();
    else if (visit !== undefined) note(visit, event, type);
    if (visit !== undefined) this.#ofEvent.set(id, visit);
  }

  #enter(name: string, before: Visit | undefined, type: string, at: Date): Visit {
    const trace = this.states.get(name) ?? newTrace(at);
    this.states.set(name, trace);
    trace.visits += 1;
    trace.outcome = 'running';
    // A state that still is open holds this one: a Parallel, a Map. Nobody goes from there to its branches.
    if (before !== undefined && !before.isOpen) {
      const key = wayKey(before.name, name, before.failed);
      this.ways.set(key, (this.ways.get(key) ?? 0) + 1);
    }
    const holder = before?.isOpen === true ? before : before?.holder;
    const failed = type === 'FailStateEntered';
    const isGroup = /^(Parallel|Map)StateEntered$/.test(type);
    const visit: Visit = { name, trace, enteredAt: at.getTime(), holder, isOpen: true, failed, isGroup };
    this.#open.add(visit);
    return visit;
  }

  /** The event before the end of a parallel state is that of a branch, so its visit is looked for by name. */
  #leave(name: string, before: Visit | undefined, at: Date): Visit | undefined {
    const isOwn = before?.name === name && before.isOpen;
    const visit = isOwn ? before : [...this.#open].findLast((one) => one.name === name);
    if (visit === undefined) return undefined;
    // Branches that did not come to their end before it did come to none any more.
    for (const inner of this.#open) if (isWithin(inner, visit)) this.#close(inner, inner.failed ? 'failed' : 'stopped');
    this.#close(visit, visit.failed ? 'caught' : 'passed');
    const { trace } = visit;
    const tookMs = at.getTime() - visit.enteredAt;
    trace.lastExitedAt = at;
    trace.totalMs += tookMs;
    trace.longestMs = Math.max(trace.longestMs, tookMs);
    return visit;
  }

  #close(visit: Visit, outcome: StateOutcome): void {
    visit.isOpen = false;
    this.#open.delete(visit);
    const { trace, name } = visit;
    trace.worst = worse(trace.worst, outcome);
    const goesOn = [...this.#open].some((other) => other.name === name);
    trace.outcome = goesOn ? 'running' : trace.worst;
  }

  /** They stay open, for a redrive. */
  #end(type: string): void {
    for (const { trace, failed } of this.#open) {
      trace.outcome = worse(trace.worst, type === 'ExecutionFailed' && failed ? 'failed' : 'stopped');
    }
  }

  #redrive(): void {
    for (const visit of this.#open) {
      visit.trace.outcome = 'running';
      visit.failed = false;
    }
  }
}

const newTrace = (at: Date): StateTrace => ({
  visits: 0,
  firstEnteredAt: at,
  lastExitedAt: undefined,
  totalMs: 0,
  longestMs: 0,
  attempts: 0,
  errors: [],
  outcome: 'running',
  worst: 'passed',
});

const worse = (one: StateOutcome, other: StateOutcome): StateOutcome =>
  OUTCOMES.indexOf(one) > OUTCOMES.indexOf(other) ? one : other;

/** The group whose end an event tells: the event before it is of a branch's, or of a group within, which failed before. */
function failedGroup(before: Visit | undefined): Visit | undefined {
  const isIt = ({ isGroup, failed }: Visit): boolean => isGroup && !failed;
  let at = before;
  while (at !== undefined && !isIt(at)) at = at.holder;
  return at;
}

function isWithin({ holder }: Visit, outer: Visit): boolean {
  for (let at = holder; at !== undefined; at = at.holder) if (at === outer) return true;
  return false;
}

function note(visit: Visit, event: PathEvent, type: string): void {
  const { trace } = visit;
  if (BEGINS.test(type)) trace.attempts += 1;
  if (SUCCEEDS.test(type) || BEGINS.test(type)) visit.failed = false;
  if (GROUP_FAILS.test(type)) visit.failed = true;
  if (!FAILS.test(type)) return;
  visit.failed = true;
  if (trace.errors.length < MAX_ERRORS) trace.errors.push(errorOf(event, type));
}

const detailsOf = (event: PathEvent, member: string): Readonly<Record<string, unknown>> =>
  ((event as Record<string, unknown>)[member] ?? {}) as Readonly<Record<string, unknown>>;

function nameIn(event: PathEvent, member: string): string | undefined {
  const { name } = detailsOf(event, member);
  return typeof name === 'string' ? name : undefined;
}

/** `taskFailedEventDetails` of `TaskFailed`: each type has its details under its own name. */
function errorOf(event: PathEvent, type: string): PathError {
  const { error, cause } = detailsOf(event, `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`);
  return {
    name: typeof error === 'string' && error !== '' ? error : type,
    ...(typeof cause === 'string' && cause !== '' && { cause }),
  };
}
