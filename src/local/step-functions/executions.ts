import { randomUUID } from 'node:crypto';
import { Execution, type ExecutionStatus, type Start, type Surroundings } from './execution';
import { History, type HistoryEvent } from './history';
import { ServiceError } from './service-error';
import { checkName, type LoadedMachine } from './state-machine';

/** So many executions that have ended are kept at most; fewer where their histories are large. */
export const MAX_ENDED = 10_000;
/** So many bytes of histories that have ended are kept; the oldest go first. */
const MAX_ENDED_BYTES = 256 * 1024 * 1024;
/** More cannot run at a time. */
const MAX_RUNNING = 10_000;

/** What `StartExecution` is given, checked. */
export interface StartRequest {
  readonly machine: LoadedMachine;
  readonly name: string | undefined;
  readonly input: string;
  readonly traceHeader: string | undefined;
}

/** An event of a made history; its number is its place. */
export interface MadeEvent {
  readonly type: string;
  /** Default: the event before. */
  readonly previousEventId?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly timeMs?: number;
  /** What stands in `…EventDetails`. */
  readonly details?: object;
}

/** An execution as a test wants it to have been. */
export interface MadeExecution {
  readonly name: string;
  readonly status: ExecutionStatus;
  /** JSON. Default `{}`. */
  readonly input?: string;
  /** JSON. */
  readonly output?: string;
  readonly events: Iterable<MadeEvent>;
}

/** All executions, by ARN. */
export class Executions {
  readonly #all = new Map<string, Execution>();
  /** Those that have ended, the one that ended first in front. */
  readonly #ended = new Set<Execution>();
  readonly #around: Surroundings;
  readonly #maxEnded: number;
  #endedBytes = 0;

  constructor(around: Omit<Surroundings, 'ended'>, maxEnded: number) {
    this.#maxEnded = maxEnded;
    this.#around = { ...around, ended: (execution) => this.#keep(execution) };
  }

  #keep(execution: Execution): void {
    this.#ended.add(execution);
    this.#endedBytes += execution.history.bytes;
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#maxEnded && this.#endedBytes <= MAX_ENDED_BYTES) return;
      if (oldest === execution) continue;
      this.#forget(oldest);
      this.#all.delete(oldest.start.arn);
    }
  }

  #forget(execution: Execution): void {
    if (this.#ended.delete(execution)) this.#endedBytes -= execution.history.bytes;
  }

  find(arn: string): Execution | undefined {
    return this.#all.get(arn);
  }

  /** The latest first. */
  of(machine: LoadedMachine): readonly Execution[] {
    return [...this.#all.values()].filter(({ start }) => start.machine.arn === machine.arn).reverse();
  }

  /**
   * Starts an execution; one of the same name and input that still runs is the one that is meant.
   * @throws ServiceError `ExecutionAlreadyExists`, `ExecutionLimitExceeded`, `InvalidName`
   */
  start({ machine, name = randomUUID(), input, traceHeader }: StartRequest): Execution {
    checkName(name);
    const arn = executionArn(machine, name);
    const existing = this.#all.get(arn);
    if (existing !== undefined) {
      if (existing.status === 'RUNNING' && existing.start.input === input) return existing;
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    if (this.#all.size - this.#ended.size >= MAX_RUNNING) {
      throw new ServiceError('ExecutionLimitExceeded', 'The maximum number of running executions has been reached.');
    }
    const execution = this.#add({ machine, arn, name, input, traceHeader });
    execution.run();
    return execution;
  }

  #add(start: Start, made?: { readonly startedAtMs: number; readonly history: History }): Execution {
    const execution = new Execution(start, this.#around, made);
    this.#all.set(start.arn, execution);
    return execution;
  }

  /** Goes on with an execution that failed; it has not ended any more. */
  redrive(execution: Execution): void {
    const { bytes } = execution.history;
    execution.redrive();
    if (this.#ended.delete(execution)) this.#endedBytes -= bytes;
  }

  /** Puts in an execution with a made history, of which nothing is run. */
  load(machine: LoadedMachine, made: MadeExecution): Execution {
    const { name, status, input = '{}', output, events } = made;
    checkName(name);
    const now = this.#around.timers.now();
    const history = new History();
    for (const { type, previousEventId, timeMs = now, details } of events) {
      history.add(type, previousEventId ?? history.events.length, timeMs, details);
    }
    const times = [history.events[0], history.events.at(-1)].map(
      (event?: HistoryEvent) => 1000 * (event?.timestamp ?? now / 1000),
    );
    const [startedAtMs = now, stoppedAtMs] = times;
    const start = { machine, arn: executionArn(machine, name), name, input, traceHeader: undefined };
    const execution = this.#add(start, { startedAtMs, history });
    execution.adopt(status, status === 'RUNNING' ? undefined : stoppedAtMs, output);
    if (status !== 'RUNNING') this.#keep(execution);
    return execution;
  }

  /** Ends all that run. */
  stop(): void {
    for (const execution of this.#all.values()) execution.end('ABORTED', {}, 0);
  }
}

function executionArn({ arn, name: machineName, type }: LoadedMachine, name: string): string {
  const prefix = arn.split(':').slice(0, 5).join(':');
  // Names of Express executions can be used again and again; their ARNs differ all the same.
  if (type === 'EXPRESS') return `${prefix}:express:${machineName}:${name}:${randomUUID()}`;
  return `${prefix}:execution:${machineName}:${name}`;
}
