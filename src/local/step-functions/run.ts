import type { Timers } from '../../core/timers';
import { StatesError } from './asl/states-error';
import type { Integration } from './integrations';
import type { TaskTokens } from './task-tokens';

/** What the states of one execution run with, from its start or redrive to its end. */
export interface Run {
  readonly executionArn: string;
  readonly executionRoleArn: string;
  readonly timers: Timers;
  readonly region: string;
  readonly traceHeader: string | undefined;
  readonly tokens: TaskTokens;
  /** `$$.Execution` and `$$.StateMachine`. */
  readonly context: Readonly<Record<string, unknown>>;
  integration(resource: string): Integration;
  /**
   * Writes an event into the history.
   * @throws Aborted where the execution has ended, StatesError where its history is full
   */
  record(type: string, previousEventId: number, details?: object): number;
}

/** So many bytes of UTF-8 an input, an output or a result can have. Source: Step Functions quotas. */
export const MAX_DATA_BYTES = 262_144;

/**
 * Holds a state's result, and what it hands on, to that.
 * @throws StatesError `States.DataLimitExceeded`
 */
export function checkSize(stateName: string, value: unknown): void {
  if (Buffer.byteLength(JSON.stringify(value) ?? 'null') <= MAX_DATA_BYTES) return;
  const cause = `The state/task '${stateName}' returned a result with a size exceeding the maximum number of bytes service limit.`;
  throw new StatesError('States.DataLimitExceeded', cause);
}

/** A payload as events show it. Nothing is cut here: what is too long never gets so far. */
export function shown<N extends 'input' | 'output'>(name: N, value: unknown): Readonly<Record<string, unknown>> {
  return { [name]: JSON.stringify(value), [`${name}Details`]: { truncated: false } };
}
