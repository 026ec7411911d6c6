/** A line of a log group. */
export interface LogEvent {
  readonly eventId: string;
  readonly logStreamName: string;
  /** When it happened, in milliseconds since the epoch; lines may come in any order. */
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
}

/** So many lines of a group are kept; the oldest go first. */
const MAX_EVENTS = 100_000;

/** Log groups of CloudWatch Logs, in memory. */
export class LogGroups {
  readonly #groups = new Map<string, LogEvent[]>();
  #count = 0;

  /** Makes a group where it is not there. */
  create(name: string): void {
    if (!this.#groups.has(name)) this.#groups.set(name, []);
  }

  /** Takes a line in. */
  put(group: string, logStreamName: string, timestamp: number, message: string): void {
    this.create(group);
    const events = this.#groups.get(group) ?? [];
    this.#count += 1;
    // AWS's are decimal numbers of 56 digits.
    const eventId = String(this.#count).padStart(56, '0');
    events.push({ eventId, logStreamName, timestamp, ingestionTime: Date.now(), message });
    if (events.length > MAX_EVENTS) events.shift();
  }

  /** The lines of a group, the oldest first; undefined where there is none of this name. */
  events(group: string): readonly LogEvent[] | undefined {
    return this.#groups.get(group)?.toSorted((a, b) => a.timestamp - b.timestamp);
  }
}
