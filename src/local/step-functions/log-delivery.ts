import type { LogGroups } from '../logs/log-groups';
import { recordOf, type ExecutionLog, type LoggedExecution } from './execution-log';
import { DATA_MEMBERS, type HistoryEvent } from './history';

/** What a state machine logs: `LoggingConfiguration` with its one destination. */
export interface MachineLogging {
  readonly level: 'ALL' | 'ERROR' | 'FATAL' | 'OFF';
  /** Whether inputs and outputs are in the records. Default false, as in AWS. */
  readonly includeExecutionData?: boolean;
  /** Default: `/aws/vendedlogs/states/` and the machine's name. */
  readonly logGroup?: string;
}

/** Records with more data are cut. @see https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
const MAX_DATA_BYTES = 248 * 1024;

/** The log group of a machine. */
const logGroupOf = (machine: string, { logGroup }: MachineLogging): string =>
  logGroup ?? `/aws/vendedlogs/states/${machine}`;

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html */
function isLogged(level: MachineLogging['level'], type: string): boolean {
  if (level === 'ALL' || level === 'OFF') return level === 'ALL';
  if (/^Execution(Failed|Aborted|TimedOut)$/.test(type)) return true;
  return level === 'ERROR' && (type === 'FailStateEntered' || /(Failed|Aborted|TimedOut)$/.test(type));
}

function shownDetails(details: object, withData: boolean): object {
  const members = Object.entries(details).filter(([name]) => withData || !DATA_MEMBERS.includes(name));
  const shown: Record<string, unknown> = Object.fromEntries(members);
  for (const name of ['input', 'output']) {
    const text = shown[name];
    if (typeof text !== 'string' || Buffer.byteLength(text) <= MAX_DATA_BYTES) continue;
    shown[name] = Buffer.from(text).subarray(0, MAX_DATA_BYTES).toString('utf8');
    shown[`${name}Details`] = { truncated: true };
  }
  return shown;
}

/** Delivers events to the log groups of the machines that log. Hand-overs and all: so does AWS. */
export function deliverTo(groups: LogGroups, loggings: ReadonlyMap<string, MachineLogging>): ExecutionLog {
  for (const [machine, logging] of loggings) if (logging.level !== 'OFF') groups.create(logGroupOf(machine, logging));
  return (execution: LoggedExecution, event: HistoryEvent) => {
    const logging = loggings.get(execution.machine);
    if (logging === undefined || !isLogged(logging.level, event.type)) return;
    const record = recordOf(execution, event);
    const details = shownDetails(record.details, logging.includeExecutionData ?? false);
    const timeMs = Math.round(event.timestamp * 1000);
    const minute = new Date(timeMs).toISOString().slice(0, 16).replace(/[T:]/g, '-');
    const stream = `states/${execution.machine}/${minute}/00000000`;
    groups.put(logGroupOf(execution.machine, logging), stream, timeMs, JSON.stringify({ ...record, details }));
  };
}
