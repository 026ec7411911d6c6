import { BatonError } from '../core/errors';
import type { LogFields, Logger } from '../core/logger';
import { lineFields, lineOf } from './line';

/** Levels, the most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** How urgent a line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The level, if it is one: a misspelt one would silence the log.
 * @throws BatonError `option_invalid`
 */
export function checkLevel(owner: string, level: string): LogLevel {
  const known = LOG_LEVELS.find((name) => name === level);
  if (known !== undefined) return known;
  throw new BatonError('option_invalid', `${owner} must be one of ${LOG_LEVELS.join(', ')}.`);
}

type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

const loggerOf = (log: Log): Logger => ({
  error: (message, fields) => log('error', message, fields),
  warn: (message, fields) => log('warn', message, fields),
  info: (message, fields) => log('info', message, fields),
  debug: (message, fields) => log('debug', message, fields),
});

/** Baton's own loggers, with what writes a line of theirs whatever the level. */
const writers = new WeakMap<Logger, (line: Record<string, unknown>) => void>();

/**
 * A logger of whole lines. The line is made at once, not when a transport comes round to it: by then another request's
 * context may be the current one.
 */
export function lineLogger(
  enabled: (level: LogLevel) => boolean,
  write: (line: Record<string, unknown>) => void,
): Logger {
  const logger = loggerOf((level, message, fields) => {
    if (enabled(level)) write(lineOf(level, message, fields));
  });
  writers.set(logger, write);
  return logger;
}

/**
 * The logger with the request's fields in each line and nothing secret, as Baton's own loggers have it: what somebody
 * handed in knows no request.
 *
 * @throws BatonError `option_invalid` where it lacks a method
 */
export function withContext(logger: Logger): Logger {
  if (typeof logger !== 'object' || logger === null || LOG_LEVELS.some((name) => typeof logger[name] !== 'function')) {
    throw new BatonError('option_invalid', `The option "logger" needs the methods ${LOG_LEVELS.join(', ')}.`);
  }
  if (writers.has(logger)) return logger;
  return loggerOf((level, message, fields) => logger[level](message, lineFields(fields)));
}

/**
 * Writes a line whatever the logger's level: an audit trail has no levels. A logger that was handed in decides for
 * itself.
 */
export function writeAlways(logger: Logger, level: 'info' | 'warn', message: string, fields: LogFields): void {
  const write = writers.get(logger);
  if (write === undefined) logger[level](message, fields);
  else write(lineOf(level, message, fields));
}
