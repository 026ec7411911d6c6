import type { Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import { LOG_LEVELS, type LogLevel } from './json-logger';
import { lineOf } from './line';

type Winston = typeof import('winston');
type TransportStream = import('winston').transport;

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** The least urgent level that is written. Default: `BATON_LOG_LEVEL`, else `info`. */
  readonly level?: LogLevel;
  /**
   * A file that lines are appended to. Default: `BATON_LOG_FILE`; without either they go to standard output, which
   * iisnode captures where `loggingEnabled` is on and Windows discards where it is off.
   */
  readonly file?: string;
}

const LEVEL_SYMBOL = Symbol.for('level');
const MESSAGE_SYMBOL = Symbol.for('message');

const isLevel = (value: string | undefined): value is LogLevel => (LOG_LEVELS as readonly unknown[]).includes(value);

/** winston's formatting step: one JSON line with the request's fields, nothing secret in it. */
function jsonLines(winston: Winston): ReturnType<Winston['format']['json']> {
  return winston.format((info) => {
    const { level, message, ...fields } = info;
    const line = lineOf(level, String(message), fields);
    return { ...line, [LEVEL_SYMBOL]: level, [MESSAGE_SYMBOL]: JSON.stringify(line) } as unknown as typeof info;
  })();
}

/**
 * A winston logger that writes JSON lines: time, level, message, correlation ID, trace ID, subject, then the line's own
 * fields. Credentials are redacted. winston is loaded when this is called, not before.
 *
 * @throws BatonError `option_unknown`
 *
 * @example
 * ```ts
 * const logger = createLogger({ level: 'debug', file: 'C:\\logs\\invoices\\app.jsonl' });
 * app.use(baton({ logger }));
 * ```
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  checkOptionNames('createLogger()', options, { level: true, file: true });
  const winston = require('winston') as Winston;
  const { BATON_LOG_LEVEL: levelOfEnvironment, BATON_LOG_FILE: fileOfEnvironment } = process.env;
  const file = options.file ?? fileOfEnvironment;
  return winston.createLogger({
    level: options.level ?? (isLevel(levelOfEnvironment) ? levelOfEnvironment : 'info'),
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: jsonLines(winston),
    transports: [transportTo(winston, file)],
    exitOnError: false,
  });
}

function transportTo({ transports }: Winston, file: string | undefined): TransportStream {
  return file ? new transports.File({ filename: file }) : new transports.Console();
}

let shared: Logger | undefined;

/** The process's own logger, made when the first part of Baton needs one and none was handed in. */
export function defaultLogger(): Logger {
  return (shared ??= createLogger());
}
