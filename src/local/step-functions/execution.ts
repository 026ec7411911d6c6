import type { Logger } from '../../core/logger';
import { Aborted, StatesError } from './asl/states-error';
import { newFrame, resumeAfter, type Frame } from './frame';
import type { ExecutionLog } from './execution-log';
import { History, MAX_EVENTS } from './history';
import { integrationOf, type Services } from './integrations';
import type { Run } from './run';
import { ServiceError } from './service-error';
import type { LoadedMachine } from './state-machine';
import { runFrame } from './states';
import type { TaskTokens } from './task-tokens';
import type { Timers } from '../../core/timers';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** What executions share. */
export interface Surroundings {
  readonly timers: Timers;
  readonly tokens: TaskTokens;
  readonly services: Services;
  readonly region: string;
  readonly logger: Logger | undefined;
  readonly log: ExecutionLog | undefined;
  /** Called when an execution has ended. */
  ended(execution: Execution): void;
}

/** What an execution is started with. */
export interface Start {
  readonly machine: LoadedMachine;
  readonly arn: string;
  readonly name: string;
  /** JSON. */
  readonly input: string;
  readonly traceHeader: string | undefined;
}

const LAST_EVENT = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const;

/** Express executions end after so long. Source: Step Functions quotas. */
const EXPRESS_TIMEOUT_SECONDS = 300;
/** For so long an execution can be redriven, in milliseconds: 14 days. */
const REDRIVABLE_MS = 14 * 24 * 3600 * 1000;
/** A redrive needs room for more events than one. Source: API reference, `RedriveExecution`. */
const MAX_REDRIVABLE_EVENTS = 24_999;

/** One execution, from its start to its end, and on from there where it is redriven. */
export class Execution {
  readonly start: Start;
  readonly startedAtMs: number;
  readonly history: History;
  status: ExecutionStatus = 'RUNNING';
  stoppedAtMs: number | undefined;
  redrivenAtMs: number | undefined;
  redriveCount = 0;
  /** JSON. */
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  readonly #around: Surroundings;
  #frame: Frame | undefined;
  #controller = new AbortController();
  #forgetTimeout = (): void => undefined;
  #onEnd: (() => void)[] = [];

  constructor(start: Start, around: Surroundings, made?: { readonly startedAtMs: number; readonly history: History }) {
    this.start = start;
    this.#around = around;
    this.startedAtMs = made?.startedAtMs ?? around.timers.now();
    const logged = { arn: start.arn, machine: start.machine.name };
    this.history =
      made?.history ?? new History((event) => around.log?.({ ...logged, redriveCount: this.redriveCount }, event));
  }

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    if (this.status !== 'RUNNING') return Promise.resolve();
    return new Promise((resolve) => this.#onEnd.push(resolve));
  }

  /** Starts the states. */
  run(): void {
    const { machine, input } = this.start;
    const value: unknown = JSON.parse(input);
    const details = { input, inputDetails: { truncated: false }, roleArn: machine.roleArn };
    this.history.add('ExecutionStarted', 0, this.#around.timers.now(), details);
    // The first state follows no event: so AWS numbers it.
    this.#frame = newFrame(machine.definition, value, { lastEventId: 0, variables: {} });
    this.#drive(this.#frame);
  }

  #drive(frame: Frame): void {
    const { machine } = this.start;
    const controller = new AbortController();
    this.#controller = controller;
    const own = machine.definition.TimeoutSeconds ?? Infinity;
    const limit = machine.type === 'EXPRESS' ? Math.min(own, EXPRESS_TIMEOUT_SECONDS) : own;
    this.#forgetTimeout = (): void => undefined;
    if (limit !== Infinity) {
      this.#forgetTimeout = this.#around.timers.after(limit * 1000, () => this.end('TIMED_OUT', {}, 0));
    }
    void runFrame(this.#newRun(controller.signal), frame, controller.signal).then(
      () => {
        const output = JSON.stringify(frame.output?.value);
        if (!controller.signal.aborted) this.end('SUCCEEDED', { output }, frame.lastEventId);
      },
      (error: unknown) => {
        if (!controller.signal.aborted) this.#fail(error, frame.lastEventId);
      },
    );
  }

  #fail(error: unknown, lastEventId: number): void {
    if (error instanceof StatesError) {
      const { error: name, cause } = error;
      this.end('FAILED', { ...(name !== '' && { error: name }), ...(cause !== undefined && { cause }) }, lastEventId);
      return;
    }
    this.#around.logger?.error(`The interpreter of state machines failed: ${String(error)}`);
    this.end('FAILED', { error: 'States.Runtime', cause: 'The interpreter failed.' }, lastEventId);
  }

  #newRun(signal: AbortSignal): Run {
    const { timers, tokens, region, services } = this.#around;
    const { arn, traceHeader, machine } = this.start;
    return {
      executionArn: arn,
      executionRoleArn: machine.roleArn,
      timers,
      tokens,
      region,
      traceHeader,
      context: this.#context(),
      integration: (resource) => integrationOf(resource, services),
      record: (type, previousEventId, details) => {
        if (signal.aborted) throw new Aborted('The execution has ended.');
        return this.history.add(type, previousEventId, timers.now(), details);
      },
    };
  }

  #context(): Readonly<Record<string, unknown>> {
    const { arn, name, input, machine } = this.start;
    const { redrivenAtMs } = this;
    return {
      Execution: {
        Id: arn,
        Input: JSON.parse(input) as unknown,
        Name: name,
        RoleArn: machine.roleArn,
        StartTime: new Date(this.startedAtMs).toISOString(),
        ...(machine.type === 'STANDARD' && { RedriveCount: this.redriveCount }),
        ...(redrivenAtMs !== undefined && { RedriveTime: new Date(redrivenAtMs).toISOString() }),
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
  }

  /** Ends it, whatever is under way. What has ended stays as it ended. */
  end(
    status: keyof typeof LAST_EVENT,
    result: { output?: string; error?: string; cause?: string },
    previousEventId: number,
  ): void {
    if (this.status !== 'RUNNING') return;
    const now = this.#around.timers.now();
    const details = { ...result, ...(result.output !== undefined && { outputDetails: { truncated: false } }) };
    if (this.history.events.length < MAX_EVENTS) this.history.add(LAST_EVENT[status], previousEventId, now, details);
    this.status = status;
    this.stoppedAtMs = now;
    this.output = result.output;
    this.error = result.error;
    this.cause = result.cause;
    this.#forgetTimeout();
    this.#controller.abort(new Aborted('The execution has ended.'));
    for (const resolve of this.#onEnd.splice(0)) resolve();
    this.#around.ended(this);
  }

  /** Why it cannot be redriven, or undefined where it can. */
  get notRedrivable(): string | undefined {
    const { machine } = this.start;
    if (machine.type === 'EXPRESS') return 'Execution is EXPRESS and cannot be redriven';
    if (this.status === 'RUNNING' || this.status === 'SUCCEEDED')
      return `Execution is ${this.status} and cannot be redriven`;
    if (this.#frame === undefined) return 'Execution was loaded with a history of its own and cannot be redriven';
    if (this.history.events.length >= MAX_REDRIVABLE_EVENTS) return 'Execution event history limit is exceeded';
    if (this.#around.timers.now() - (this.stoppedAtMs ?? 0) > REDRIVABLE_MS)
      return 'Execution exceeded the redrivable period';
    return undefined;
  }

  /**
   * Goes on where it failed, with what succeeded before.
   * @throws ServiceError `ExecutionNotRedrivable`
   */
  redrive(): void {
    const why = this.notRedrivable;
    const frame = this.#frame;
    if (why !== undefined || frame === undefined) {
      throw new ServiceError(
        'ExecutionNotRedrivable',
        `Execution is not redrivable: '${this.start.arn}'. ${why ?? ''}`,
      );
    }
    this.redriveCount += 1;
    this.redrivenAtMs = this.#around.timers.now();
    [this.status, this.stoppedAtMs, this.error, this.cause] = ['RUNNING', undefined, undefined, undefined];
    const previous = this.history.events.length;
    const id = this.history.add('ExecutionRedriven', previous, this.redrivenAtMs, { redriveCount: this.redriveCount });
    resumeAfter(frame, id);
    this.#drive(frame);
  }

  /** Takes an end that happened elsewhere: that of a made history. */
  adopt(status: ExecutionStatus, stoppedAtMs: number | undefined, output: string | undefined): void {
    this.status = status;
    this.stoppedAtMs = stoppedAtMs;
    this.output = output;
  }
}
