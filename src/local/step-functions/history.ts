import { Aborted, StatesError } from './asl/states-error';

/** An event as `GetExecutionHistory` shows it; times are seconds since the epoch. */
export interface HistoryEvent {
  readonly timestamp: number;
  readonly type: string;
  readonly id: number;
  readonly previousEventId: number;
  /** `…EventDetails`, by the name that belongs to the type. */
  readonly [details: string]: unknown;
}

/** Members of details that hold what went into the execution or came out of it. */
export const DATA_MEMBERS: readonly string[] = [
  ...['input', 'inputDetails', 'output', 'outputDetails', 'assignedVariables', 'assignedVariablesDetails'],
];

/** So many events an execution can have; then it fails. Source: Step Functions quotas. */
export const MAX_EVENTS = 25_000;

const SHARED_DETAILS = /^(?:Task|Pass|Choice|Wait|Succeed|Fail|Parallel|Map)State(Entered|Exited)$/;

/** The name of the member that holds an event's details. */
function detailsName(type: string): string {
  const shared = SHARED_DETAILS.exec(type)?.[1];
  return `${shared === undefined ? type.charAt(0).toLowerCase() + type.slice(1) : `state${shared}`}EventDetails`;
}

/** The events of one execution, numbered from 1. */
export class History {
  readonly #events: HistoryEvent[] = [];
  readonly #onEvent: (event: HistoryEvent) => void;
  #bytes = 0;

  /** @param onEvent called with each event that is added */
  constructor(onEvent: (event: HistoryEvent) => void = () => undefined) {
    this.#onEvent = onEvent;
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** Roughly what the events take in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds an event.
   * @returns its ID
   * @throws StatesError where there is room for nothing but the last event
   */
  add(type: string, previousEventId: number, timeMs: number, details?: object): number {
    const isLast = /^Execution(?:Failed|Succeeded|Aborted|TimedOut)$/.test(type);
    if (this.#events.length >= MAX_EVENTS) throw new Aborted('The history is full.');
    if (!isLast && this.#events.length >= MAX_EVENTS - 1) {
      throw new StatesError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
      );
    }
    const id = this.#events.length + 1;
    const event = {
      ...{ timestamp: timeMs / 1000, type, id, previousEventId },
      ...(details && { [detailsName(type)]: details }),
    };
    this.#events.push(event);
    this.#onEvent(event);
    this.#bytes += 200 + (details === undefined ? 0 : textLength(details));
    return id;
  }
}

/** The length of all texts in the details; the rest is small. */
function textLength(details: object): number {
  return Object.values(details).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
}
