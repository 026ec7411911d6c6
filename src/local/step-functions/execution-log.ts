import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withoutTokens } from '../without-tokens';
import type { HistoryEvent } from './history';
import { withoutTaskTokens } from './task-tokens';

/** The execution that an event belongs to. */
export interface LoggedExecution {
  readonly arn: string;
  /** The state machine's name. */
  readonly machine: string;
  readonly redriveCount: number;
}

/** Takes each event of each execution, when it happens. */
export type ExecutionLog = (execution: LoggedExecution, event: HistoryEvent) => void;

/**
 * One event as a state machine writes it to CloudWatch at level `ALL`, execution data included.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
 */
export function recordOf({ arn, redriveCount }: LoggedExecution, event: HistoryEvent) {
  const { id, type, previousEventId, timestamp, ...rest } = event;
  const [details] = Object.values(rest);
  return {
    id: String(id),
    type,
    details: details ?? {},
    redrive_count: String(redriveCount),
    previous_event_id: String(previousEventId),
    event_timestamp: String(Math.round(timestamp * 1000)),
    execution_arn: arn,
  };
}

/**
 * The record as a line, but for tokens: AWS writes the whole input there, hand-over token and all, and what tasks send, with
 * theirs.
 */
const executionRecord = (execution: LoggedExecution, event: HistoryEvent): string =>
  withoutTaskTokens(withoutTokens(JSON.stringify(recordOf(execution, event))));

/** Writes the events to a file for each state machine. Written at once: what follows an event can look for it. */
export function openExecutionLog(directory: string): ExecutionLog {
  mkdirSync(directory, { recursive: true });
  return (execution, event) => {
    appendFileSync(join(directory, `${execution.machine}.jsonl`), `${executionRecord(execution, event)}\n`);
  };
}
