/** An event of `GetExecutionHistory`, of whatever type. */
export interface HistoryEvent {
  readonly id?: number | undefined;
  readonly previousEventId?: number | undefined;
  readonly type?: string | undefined;
  readonly timestamp?: Date | undefined;
  readonly stateEnteredEventDetails?: { readonly name?: string | undefined } | undefined;
  readonly stateExitedEventDetails?: { readonly name?: string | undefined } | undefined;
}

/** A state that an execution has come to. A state that is come to twice has two of them. */
export interface Visit {
  readonly name: string;
  readonly enteredAt: Date;
  exitedAt?: Date;
  /** How often its task was begun. */
  attempts: number;
  /** Names of the errors of its attempts: the last {@link MAX_ERRORS}. */
  readonly errors: string[];
}

/** What an event says of the state that it belongs to. */
export interface VisitChange {
  readonly kind: 'entered' | 'left' | 'begun' | 'failed' | 'other';
  /** Undefined where the event is of none, or of one that cannot be told. */
  readonly visit?: Visit | undefined;
  /** Of a state that is entered: the one that led to it, in the same machine or branch. */
  readonly from?: Visit | undefined;
}

/** A visit, and where it stands among the others. */
interface Place {
  readonly visit: Visit;
  /** `Task`, `Parallel`, `Map` and so on. */
  readonly type: string;
  /** The Parallel or Map state that it is in a branch of. */
  readonly within: Place | undefined;
  /** Events that begin branches: several others follow each. */
  readonly forks: number[];
}

/** A task may be tried thousands of times. */
export const MAX_ERRORS = 100;
/** So many events that nothing more is expected to follow are still known, if something does. */
const MAX_FOLLOWED = 1000;

const BEGINS = /^(LambdaFunction|Task|Activity)Scheduled$/;
const FAILS = /^(LambdaFunction|Task|Activity)(ScheduleFailed|StartFailed|SubmitFailed|Failed|TimedOut)$/;
const GROUP = /^(Parallel|Map)(?:State|Iteration)(Started|Succeeded|Failed|Aborted)$/;

/**
 * Says of each event of a history which state it belongs to. Only entering and leaving name the state; all other events
 * belong to that of the event before them (`previousEventId`).
 *
 * What is kept is what events to come can refer to: the newest event of each line of states, not the whole history.
 */
export class Visits {
  readonly #ofEvent = new Map<number, Place>();
  readonly #open = new Set<Place>();
  /** Events that were followed, the first one first. */
  readonly #followed = new Set<number>();

  /** The states at work, the first entered first. */
  get open(): readonly Visit[] {
    return [...this.#open].map(({ visit }) => visit);
  }

  /** How many events are known: for tests. */
  get size(): number {
    return this.#ofEvent.size;
  }

  add(event: HistoryEvent): VisitChange {
    const { id = 0, previousEventId = 0, type = '' } = event;
    const before = this.#ofEvent.get(previousEventId);
    const from = this.#holds(before) ? undefined : before?.visit;
    const [kind, place] = this.#changed(event, before);
    if (before !== undefined && !before.forks.includes(previousEventId)) this.#settle(previousEventId);
    if (place !== undefined) {
      this.#ofEvent.set(id, place);
      if (/^(Parallel|Map)StateStarted$/.test(type)) place.forks.push(id);
      else if (!this.#open.has(place) || /^MapIteration(?!Started)/.test(type)) this.#settle(id);
    }
    return { kind, visit: place?.visit, ...(kind === 'entered' && { from }) };
  }

  #changed(event: HistoryEvent, before: Place | undefined): [VisitChange['kind'], Place | undefined] {
    const { type = '', timestamp = new Date(NaN) } = event;
    const entered = event.stateEnteredEventDetails?.name;
    const exited = event.stateExitedEventDetails?.name;
    if (entered !== undefined) return ['entered', this.#enter(entered, type, timestamp, before)];
    if (exited !== undefined) {
      const place = this.#leaving(exited, before);
      if (place !== undefined) {
        place.visit.exitedAt = timestamp;
        this.#close(place);
      }
      return ['left', place];
    }
    const [, groupType, group] = GROUP.exec(type) ?? [];
    const place = groupType === undefined ? before : (around(before, groupType) ?? before);
    if (place === undefined) return ['other', undefined];
    // What its branches did not end, nobody will end now.
    if (group === 'Failed' && place.type === groupType) this.#closeBranches(place);
    if (BEGINS.test(type)) {
      place.visit.attempts += 1;
      // After a redrive a state goes on that a failure around it had ended.
      if (place.visit.exitedAt === undefined) this.#open.add(place);
      return ['begun', place];
    }
    if (!FAILS.test(type)) return ['other', place];
    place.visit.errors.push(errorOf(event));
    if (place.visit.errors.length > MAX_ERRORS) place.visit.errors.shift();
    return ['failed', place];
  }

  /** Whether what follows is in a branch of it. */
  #holds(before: Place | undefined): boolean {
    return before !== undefined && this.#open.has(before) && isGroup(before);
  }

  #enter(name: string, type: string, enteredAt: Date, before: Place | undefined): Place {
    const isBranch = this.#holds(before);
    // A redrive may come to a state anew that was not left.
    if (before !== undefined && !isBranch) this.#close(before);
    const within = isBranch ? before : before?.within;
    const visit: Visit = { name, enteredAt, attempts: 0, errors: [] };
    const place: Place = { visit, type: /^(\w*)StateEntered$/.exec(type)?.[1] ?? '', within, forks: [] };
    this.#open.add(place);
    return place;
  }

  /** The event before the end of a parallel state is that of a branch, so its visit is looked for around that one. */
  #leaving(name: string, before: Place | undefined): Place | undefined {
    for (let place = before; place !== undefined; place = place.within) {
      if (place.visit.name === name && place.visit.exitedAt === undefined) return place;
    }
    return [...this.#open].findLast(({ visit }) => visit.name === name);
  }

  #close(place: Place): void {
    this.#open.delete(place);
    place.forks.splice(0).forEach((id) => this.#settle(id));
    if (isGroup(place)) this.#closeBranches(place);
  }

  #closeBranches(outer: Place): void {
    for (const place of this.#open) {
      if (isWithin(place, outer)) this.#close(place);
    }
  }

  /** Nothing should refer to it any more. */
  #settle(id: number): void {
    this.#followed.add(id);
    if (this.#followed.size <= MAX_FOLLOWED) return;
    const [oldest = id] = this.#followed;
    this.#followed.delete(oldest);
    this.#ofEvent.delete(oldest);
  }
}

/** A type that is not known may be a group's. */
const isGroup = ({ type }: Place): boolean => ['Parallel', 'Map', ''].includes(type);

function isWithin(place: Place, outer: Place): boolean {
  for (let at = place.within; at !== undefined; at = at.within) if (at === outer) return true;
  return false;
}

/** The state of this type whose branch it is in, or itself. */
function around(place: Place | undefined, type: string): Place | undefined {
  for (let at = place; at !== undefined; at = at.within) {
    if (at.type === type && at.visit.exitedAt === undefined) return at;
  }
  return undefined;
}

/** What went wrong: its name, and the words that whoever failed has for it. */
export interface EventFailure {
  readonly error?: string;
  readonly cause?: string;
}

/** `taskFailedEventDetails` of `TaskFailed`: each type has its details under its own name. */
export function failureOf(event: HistoryEvent): EventFailure {
  const { type = '' } = event;
  const member = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
  const { error, cause } = ((event as object as Record<string, unknown>)[member] ?? {}) as Record<string, unknown>;
  return {
    ...(typeof error === 'string' && error !== '' && { error }),
    ...(typeof cause === 'string' && cause !== '' && { cause }),
  };
}

/** The name of the error in an event; the event's own type where it names none. */
export const errorOf = (event: HistoryEvent): string => failureOf(event).error ?? event.type ?? '';
