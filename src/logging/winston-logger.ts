import type { Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import { checkLevel, lineLogger, LOG_LEVELS, type LogLevel } from './levels';
import { formatLine } from './line';
import { openLineFile } from './line-file';
import type { LineWeight } from './log-file';
import { subjectHash, withHashedSubjects, type SubjectOptions } from './subjects';

type Winston = typeof import('winston');
type TransportStream = import('winston').transport;
type LogEntry = import('winston').LogEntry;

/** Options of {@link createLogger}. */
export interface LoggerOptions extends SubjectOptions {
  /** The least urgent level that is written. Default: `BATON_LOG_LEVEL`, else `info`. */
  readonly level?: LogLevel;
  /**
   * A file that lines are appended to. Default: `BATON_LOG_FILE`; without either they go to standard output, which
   * iisnode captures where `loggingEnabled` is on and Windows discards where it is off.
   */
  readonly file?: string;
}

const MESSAGE_SYMBOL = Symbol.for('message');

/** winston's formatting step: the line, made already, as text. */
function jsonLines(winston: Winston): ReturnType<Winston['format']['json']> {
  return winston.format((info) => {
    info[MESSAGE_SYMBOL] = formatLine(info);
    return info;
  })();
}

/**
 * A logger that writes JSON lines through winston: time, level, message, correlation ID, trace ID, subject, then the
 * line's own fields. Credentials are redacted, callers hashed where `subjects` says so. winston is loaded when this is
 * called, not before.
 *
 * @throws BatonError `option_unknown`, `option_invalid` for a level that is none or a file that cannot be written,
 *   `key_invalid` for a hash key that is missing or short
 *
 * @example
 * ```ts
 * const logger = createLogger({ level: 'debug', file: 'C:\\logs\\invoices\\app.jsonl' });
 * app.use(baton({ logger }));
 * ```
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  checkOptionNames('createLogger()', options, { level: true, file: true, subjects: true, hashKey: true });
  const hashed = subjectHash('createLogger()', options);
  const { BATON_LOG_LEVEL: levelOfEnvironment, BATON_LOG_FILE: fileOfEnvironment } = process.env;
  const file = options.file ?? fileOfEnvironment;
  const level =
    options.level === undefined
      ? checkLevel('The environment variable BATON_LOG_LEVEL', levelOfEnvironment || 'info')
      : checkLevel('createLogger(): option "level"', options.level);
  const last = LOG_LEVELS.indexOf(level);
  const winston = require('winston') as Winston;
  const logger = winston.createLogger({
    // Levels are decided below: audit lines are written whatever the level.
    level: 'debug',
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: jsonLines(winston),
    transports: [transportTo(winston, file)],
    exitOnError: false,
  });
  // A full disk must not end the app. Once: the warning would come with each line.
  logger.once('error', (error: Error) => process.emitWarning(`Log lines are being lost: ${error.message}`));
  logger.on('error', () => undefined);
  return lineLogger(
    (at) => LOG_LEVELS.indexOf(at) <= last,
    (line) => logger.log((hashed ? withHashedSubjects(line, hashed) : line) as unknown as LogEntry),
  );
}

type WriteLine = (info: Readonly<Record<string | symbol, unknown>>, done: () => void) => void;

/** winston's own file transport costs a system call a line, which is more than all else that a line costs. */
function fileTransport(winston: Winston, file: string): TransportStream {
  // winston's types know this class as a type only.
  const { Transport } = winston as unknown as { Transport: new (options: { log: WriteLine }) => TransportStream };
  const lines = openLineFile(file, (error) => transport.emit('error', error));
  const transport = new Transport({
    log(info, done) {
      lines.append(String(info[MESSAGE_SYMBOL]), weightOf(info));
      done();
    },
  });
  return transport;
}

/** A decision must not be lost because the disk is slow; a problem should not wait for lines that come after it. */
const weightOf = ({ type, level }: Readonly<Record<string | symbol, unknown>>): LineWeight => ({
  urgent: level === 'error' || level === 'warn',
  kept: type === 'audit',
});

function transportTo(winston: Winston, file: string | undefined): TransportStream {
  return file ? fileTransport(winston, file) : new winston.transports.Console();
}

let shared: Logger | undefined;

/** The process's own logger, made when the first part of Baton needs one and none was handed in. */
export function defaultLogger(): Logger {
  return (shared ??= createLogger());
}
