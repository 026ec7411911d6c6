import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { Logger } from '../../core/logger';
import { checkOptionNames, wholeNumber } from '../../core/options';
import { callerOf, oneHeader } from '../aws-caller';
import { isRecord } from '../is-record';
import { closeServer, listenOnLoopback } from '../loopback';
import { readBody } from '../request-body';
import type { StsSessions } from '../sts/sessions';
import { withoutTokens } from '../without-tokens';
import { LogGroups, type LogEvent } from './log-groups';

/** What {@link startLogsEndpoint} is told. */
export interface LogsEndpointOptions {
  /** The log groups. Default: none yet. */
  readonly groups?: LogGroups;
  /** The sessions of a local STS: whoever calls with one may do what it allows. */
  readonly sessions?: StsSessions;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly logger?: Logger;
}

/** A CloudWatch Logs endpoint that runs. */
export interface LogsEndpoint {
  /** What the SDK's `endpoint` option takes. */
  readonly url: string;
  readonly port: number;
  readonly groups: LogGroups;
  stop(): Promise<void>;
}

const OWNER = 'startLogsEndpoint()';
const MAX_BYTES = 1024 * 1024;
/** A page holds so many events at most, and about a megabyte of them. Source: API reference, `FilterLogEvents`. */
const MAX_EVENTS = 10_000;
const MAX_PAGE_BYTES = 1024 * 1024;

/** An error as CloudWatch Logs answers it. */
class LogsError extends Error {
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

const invalid = (message: string): LogsError => new LogsError('InvalidParameterException', message);

async function readInput(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const { bytes } = await readBody(incoming, MAX_BYTES);
  try {
    const input: unknown = bytes && JSON.parse(bytes.toString('utf8') || '{}');
    if (isRecord(input)) return input;
  } catch {
    // Said below, as for anything else that is no object.
  }
  throw new LogsError('SerializationException', 'The request cannot be read as a JSON object.');
}

function timeOf(input: Readonly<Record<string, unknown>>, name: string, fallback: number): number {
  const value = input[name] ?? fallback;
  if (typeof value === 'number' && value >= 0) return value;
  throw invalid(`'${name}' must be a time in milliseconds.`);
}

/** `FilterLogEvents` without a pattern: the lines of a group by time, page by page. */
function filterLogEvents(groups: LogGroups, input: Readonly<Record<string, unknown>>): object {
  const { logGroupName, filterPattern, logStreamNamePrefix = '', nextToken } = input;
  if (typeof logGroupName !== 'string') throw invalid("'logGroupName' must be given.");
  if (typeof logStreamNamePrefix !== 'string') throw invalid("'logStreamNamePrefix' must be a text.");
  if (filterPattern !== undefined && filterPattern !== '') throw invalid('Filter patterns are not understood here.');
  const events = groups.events(logGroupName);
  if (events === undefined) {
    throw new LogsError('ResourceNotFoundException', 'The specified log group does not exist.');
  }
  const [from, to] = [timeOf(input, 'startTime', 0), timeOf(input, 'endTime', Infinity)];
  const limit = Math.min(MAX_EVENTS, timeOf(input, 'limit', MAX_EVENTS));
  const start = nextToken === undefined ? 0 : placeOf(nextToken);
  const wanted = events.filter(
    ({ timestamp, logStreamName }) =>
      timestamp >= from && timestamp <= to && logStreamName.startsWith(logStreamNamePrefix),
  );
  const page = pageOf(wanted, start, limit);
  const next = start + page.length;
  return { events: page, ...(next < wanted.length && { nextToken: `e/${next}` }), searchedLogStreams: [] };
}

function placeOf(token: unknown): number {
  const place = /^e\/(\d{1,9})$/.exec(String(token))?.[1];
  if (place === undefined) throw invalid('The specified nextToken is invalid.');
  return Number(place);
}

function pageOf(events: readonly LogEvent[], start: number, limit: number): readonly LogEvent[] {
  const page: LogEvent[] = [];
  let bytes = 0;
  for (const event of events.slice(start, start + limit)) {
    bytes += event.message.length;
    if (page.length > 0 && bytes > MAX_PAGE_BYTES) break;
    page.push(event);
  }
  return page;
}

/** Lets through whom the local STS lets; keys of no session are the account's own. */
function authorize(incoming: IncomingMessage, action: string, group: unknown, sessions: StsSessions | undefined): void {
  const caller = callerOf(incoming.headers);
  if (caller === undefined) {
    throw new LogsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
  }
  const refusal = sessions?.authorize({
    ...caller,
    action: `logs:${action}`,
    resource: `arn:aws:logs:eu-west-1:123456789012:log-group:${String(group)}:*`,
  });
  if (refusal !== undefined) throw new LogsError(refusal.type, refusal.message);
}

/**
 * Starts an endpoint on loopback that answers `FilterLogEvents` of the real SDK: what state machines log, read as an auditor
 * reads it in AWS.
 *
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 *
 * @example
 * ```ts
 * const logs = await startLogsEndpoint();
 * const states = await startStepFunctionsEndpoint({ stateMachines, logGroups: logs.groups });
 * ```
 */
export async function startLogsEndpoint(options: LogsEndpointOptions = {}): Promise<LogsEndpoint> {
  checkOptionNames(OWNER, options, { groups: true, sessions: true, port: true, logger: true });
  const { groups = new LogGroups(), sessions, logger } = options;
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const perform = async (incoming: IncomingMessage): Promise<object> => {
    const name = /^Logs_20140328\.(\w+)$/.exec(oneHeader(incoming.headers, 'x-amz-target') ?? '')?.[1] ?? '';
    const input = await readInput(incoming);
    if (incoming.method !== 'POST' || name !== 'FilterLogEvents') {
      throw new LogsError('UnknownOperationException', `"${name}" is not answered here.`);
    }
    authorize(incoming, name, input.logGroupName, sessions);
    return filterLogEvents(groups, input);
  };
  const failed = (thrown: unknown): LogsError => {
    if (thrown instanceof LogsError) return thrown;
    logger?.error(`The local CloudWatch Logs endpoint failed: ${withoutTokens(String(thrown))}`);
    return new LogsError('ServiceUnavailableException', 'The local endpoint failed.', 500);
  };
  const server = createServer((incoming, outgoing) => {
    const answer = (status: number, body: object): void => {
      const headers = { 'Content-Type': 'application/x-amz-json-1.1', 'x-amzn-RequestId': randomUUID() };
      outgoing.writeHead(status, headers).end(JSON.stringify(body));
    };
    perform(incoming).then(
      (body) => answer(200, body),
      (thrown: unknown) => {
        const { type, message, status } = failed(thrown);
        answer(status, { __type: type, message });
      },
    );
  });
  const listening = await listenOnLoopback(server, port, 'The local CloudWatch Logs endpoint');
  return { url: `http://127.0.0.1:${listening}`, port: listening, groups, stop: () => closeServer(server) };
}
