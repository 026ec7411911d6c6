import type { TransitionEvent } from './transition';

/** An event of an execution as Step Functions writes it into a log group. */
export interface LogRecord {
  readonly executionArn: string;
  readonly event: TransitionEvent;
  /** The execution's input, where the event is its start and the log holds data. */
  readonly input: string | undefined;
}

const asNumber = (value: unknown): number =>
  typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;

/** The member that holds an event's details in a history; in a record it is always `details`. */
function detailsName(type: string): string {
  const shared = /State(Entered|Exited)$/.exec(type)?.[1];
  return `${shared === undefined ? type.charAt(0).toLowerCase() + type.slice(1) : `state${shared}`}EventDetails`;
}

/**
 * Reads a record; undefined for any other line of a log group. All its numbers are strings.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
 */
export function readLogRecord(message: string | undefined): LogRecord | undefined {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(message ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { execution_arn: executionArn, type } = record ?? {};
  const id = asNumber(record?.id);
  if (typeof executionArn !== 'string' || typeof type !== 'string' || !Number.isSafeInteger(id) || id < 1) {
    return undefined;
  }
  const details = (record.details ?? {}) as Readonly<Record<string, unknown>>;
  const event = {
    id,
    type,
    previousEventId: asNumber(record.previous_event_id) || 0,
    timestamp: new Date(asNumber(record.event_timestamp)),
    [detailsName(type)]: details,
  };
  const input = type === 'ExecutionStarted' && typeof details.input === 'string' ? details.input : undefined;
  return { executionArn, event, input };
}
