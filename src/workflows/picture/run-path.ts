import { errorOf, failureOf, MAX_ERRORS, Visits, type HistoryEvent, type Visit } from '../visits';

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

const SUCCEEDS = /^(LambdaFunction|Task|Activity)Succeeded$/;
const GROUP_FAILS = /^(Parallel|Map)StateFailed$/;
const ENDS = /^Execution(Succeeded|Failed|TimedOut|Aborted)$/;

/** One way between two states. */
export const wayKey = (from: string, to: string, byCatch: boolean): string =>
  JSON.stringify([from, to, byCatch ? 'catch' : 'next']);

/** A way by its key. */
export function wayOfKey(key: string): { readonly from: string; readonly to: string; readonly kind: 'catch' | 'next' } {
  const [from, to, kind] = JSON.parse(key) as [string, string, 'catch' | 'next'];
  return { from, to, kind };
}

/**
 * Reads a history, event by event and from its start, into what happened in which state and how each was come to. A redrive
 * goes on where the execution failed.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
export class RunPathReader implements RunPath {
  readonly states = new Map<string, StateTrace>();
  readonly ways = new Map<string, number>();
  events = 0;
  startedAt: Date | undefined;
  readonly #visits = new Visits();
  /** Those at work. */
  readonly #open = new Set<Visit>();
  /** Those that failed, at their last attempt: they are left by a `Catch`, or not at all. */
  readonly #failed = new WeakSet<Visit>();

  add(event: HistoryEvent): void {
    const { type = '', timestamp = new Date(NaN) } = event;
    this.events += 1;
    this.startedAt ??= timestamp;
    const { kind, visit, from } = this.#visits.add(event);
    if (ENDS.test(type)) this.#end(type);
    else if (type === 'ExecutionRedriven') this.#redrive();
    if (visit === undefined) return;
    const trace = this.states.get(visit.name) ?? newTrace(timestamp);
    this.states.set(visit.name, trace);
    if (kind === 'entered') this.#enter(visit, from, trace, type);
    else if (kind === 'left') this.#leave(visit, trace, timestamp);
    else if (kind === 'begun') {
      trace.attempts += 1;
      this.#failed.delete(visit);
    } else if (kind === 'failed') {
      this.#failed.add(visit);
      if (trace.errors.length < MAX_ERRORS) trace.errors.push(pathError(event));
    } else if (SUCCEEDS.test(type)) this.#failed.delete(visit);
    else if (GROUP_FAILS.test(type)) {
      this.#failed.add(visit);
      this.#closeForgotten();
    }
  }

  #enter(visit: Visit, from: Visit | undefined, trace: StateTrace, type: string): void {
    trace.visits += 1;
    trace.outcome = 'running';
    this.#open.add(visit);
    if (type === 'FailStateEntered') this.#failed.add(visit);
    // A redrive that comes to the state anew: nobody went from there to there.
    if (from === undefined || (from.name === visit.name && this.#open.delete(from))) return;
    const key = wayKey(from.name, visit.name, this.#failed.has(from));
    this.ways.set(key, (this.ways.get(key) ?? 0) + 1);
  }

  #leave(visit: Visit, trace: StateTrace, at: Date): void {
    this.#closeForgotten(visit);
    this.#close(visit, this.#failed.has(visit) ? 'caught' : 'passed');
    const tookMs = at.getTime() - visit.enteredAt.getTime();
    trace.lastExitedAt = at;
    trace.totalMs += tookMs;
    trace.longestMs = Math.max(trace.longestMs, tookMs);
  }

  /** Branches that did not come to their end before their group did come to none any more. */
  #closeForgotten(leaving?: Visit): void {
    const open = new Set(this.#visits.open);
    for (const visit of this.#open) {
      if (open.has(visit) || visit === leaving) continue;
      this.#close(visit, this.#failed.has(visit) ? 'failed' : 'stopped');
    }
  }

  #close(visit: Visit, outcome: StateOutcome): void {
    this.#open.delete(visit);
    const trace = this.states.get(visit.name);
    if (trace === undefined) return;
    trace.worst = worse(trace.worst, outcome);
    const goesOn = [...this.#open].some(({ name }) => name === visit.name);
    trace.outcome = goesOn ? 'running' : trace.worst;
  }

  /** They stay open, for a redrive. */
  #end(type: string): void {
    for (const visit of this.#open) {
      const trace = this.states.get(visit.name);
      const isFailed = type === 'ExecutionFailed' && this.#failed.has(visit);
      if (trace !== undefined) trace.outcome = worse(trace.worst, isFailed ? 'failed' : 'stopped');
    }
  }

  #redrive(): void {
    for (const visit of this.#open) {
      const trace = this.states.get(visit.name);
      if (trace !== undefined) trace.outcome = 'running';
      this.#failed.delete(visit);
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

function pathError(event: HistoryEvent): PathError {
  const { cause } = failureOf(event);
  return { name: errorOf(event), ...(cause !== undefined && { cause }) };
}
