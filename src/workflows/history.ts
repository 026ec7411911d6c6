import { Visits, type HistoryEvent, type Visit, type VisitChange } from './visits';

/** A state that an execution has come to. A state that is come to twice is there twice. */
export interface PassedState {
  readonly name: string;
  readonly enteredAt: Date;
  /** Absent while it is at work, and where the execution or a branch ended in it. */
  readonly exitedAt?: Date;
  /** How often its task was begun; 0 where it has none. */
  readonly attempts: number;
  /** Names of the errors of its attempts, in their order: the last 100. */
  readonly errors: readonly string[];
}

/** So many of the states that were passed are kept: the last ones. */
const MAX_STATES = 1000;

/** Reads a history, event by event, into the states that were passed. What it keeps does not grow with the history. */
export class PassedStates {
  readonly #visits = new Visits();
  readonly #entered: PassedState[] = [];
  #count = 0;

  add(event: HistoryEvent): VisitChange {
    const change = this.#visits.add(event);
    const { kind, visit } = change;
    if (kind !== 'entered' || visit === undefined) return change;
    this.#count += 1;
    this.#entered.push(visit);
    // Seldom, so that it costs nothing.
    if (this.#entered.length >= 2 * MAX_STATES) this.#entered.splice(0, MAX_STATES);
    return change;
  }

  /** The last states, in the order in which they were entered. */
  get states(): readonly PassedState[] {
    return this.#entered.slice(-MAX_STATES);
  }

  /** Whether there were more. */
  get truncated(): boolean {
    return this.#count > MAX_STATES;
  }

  /** The states at work. */
  get open(): readonly Visit[] {
    return this.#visits.open;
  }

  /** The names of the states at work. */
  get current(): readonly string[] {
    return this.#visits.open.map(({ name }) => name);
  }
}
