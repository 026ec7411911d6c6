/** A state that an execution has come to. A state that is come to twice is there twice. */
export interface PassedState {
  readonly name: string;
  readonly enteredAt: Date;
  /** Absent while it is at work, and where the execution ended in it. */
  readonly exitedAt?: Date;
  /** How often its task was begun; 0 where it has none. */
  readonly attempts: number;
  /** Names of the errors of its attempts, in their order. */
  readonly errors: readonly string[];
}

/** An event of `GetExecutionHistory`, of whatever type. */
export interface HistoryEvent {
  readonly id?: number | undefined;
  readonly previousEventId?: number | undefined;
  readonly type?: string | undefined;
  readonly timestamp?: Date | undefined;
  readonly stateEnteredEventDetails?: { readonly name?: string | undefined } | undefined;
  readonly stateExitedEventDetails?: { readonly name?: string | undefined } | undefined;
}

interface Visit {
  name: string;
  enteredAt: Date;
  exitedAt?: Date;
  attempts: number;
  errors: string[];
}

const BEGINS = /^(LambdaFunction|Task|Activity)Scheduled$/;
const FAILS = /^(LambdaFunction|Task|Activity)(ScheduleFailed|StartFailed|SubmitFailed|Failed|TimedOut)$/;

/**
 * Reads a history, event by event, into the states that were passed. Only entering and leaving name the state; all other
 * events belong to that of the event before them (`previousEventId`).
 */
export class PassedStates {
  readonly #visits: Visit[] = [];
  readonly #ofEvent = new Map<number, Visit>();

  add(event: HistoryEvent): void {
    const { id = 0, previousEventId = 0, type = '', timestamp = new Date(NaN) } = event;
    const entered = event.stateEnteredEventDetails?.name;
    const exited = event.stateExitedEventDetails?.name;
    let visit = this.#ofEvent.get(previousEventId);
    if (entered !== undefined) {
      visit = { name: entered, enteredAt: timestamp, attempts: 0, errors: [] };
      this.#visits.push(visit);
    } else if (exited !== undefined) {
      visit = this.#leaving(exited, visit);
      if (visit !== undefined) visit.exitedAt = timestamp;
    } else if (visit !== undefined) {
      if (BEGINS.test(type)) visit.attempts += 1;
      if (FAILS.test(type)) visit.errors.push(errorOf(event, type));
    }
    if (visit !== undefined) this.#ofEvent.set(id, visit);
  }

  /** The event before the end of a parallel state is that of a branch, so its visit is looked for by name. */
  #leaving(name: string, before: Visit | undefined): Visit | undefined {
    if (before?.name === name && before.exitedAt === undefined) return before;
    return this.#visits.findLast((visit) => visit.name === name && visit.exitedAt === undefined);
  }

  /** The states so far, in the order in which they were entered. */
  get states(): readonly PassedState[] {
    return this.#visits;
  }
}

/** `taskFailedEventDetails` of `TaskFailed`: each type has its details under its own name. */
function errorOf(event: HistoryEvent, type: string): string {
  const member = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
  const { error } = ((event as Record<string, unknown>)[member] ?? {}) as { readonly error?: unknown };
  return typeof error === 'string' && error !== '' ? error : type;
}
