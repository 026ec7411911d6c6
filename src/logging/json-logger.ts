import type { LogFields, Logger } from '../core/logger';
import { lineOf } from './line';

/** Levels, the most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** How urgent a line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A logger of JSON lines without any package, for Lambda functions, where the platform collects what is printed and a
 * bundle should stay small.
 *
 * @param level the least urgent level that is written; `info` by default
 * @param write takes a finished line, without line end; prints by default
 *
 * @example
 * ```ts
 * const logger = createJsonLogger('debug');
 * logger.info('rendered', { pages: 3 });
 * ```
 */
export function createJsonLogger(level: LogLevel = 'info', write: (line: string) => void = printLine): Logger {
  const enabled = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
  const log = (at: LogLevel, message: string, fields?: LogFields): void => {
    if (enabled.includes(at)) write(JSON.stringify(lineOf(at, message, fields)));
  };
  return {
    error: (message, fields) => {
      log('error', message, fields);
    },
    warn: (message, fields) => {
      log('warn', message, fields);
    },
    info: (message, fields) => {
      log('info', message, fields);
    },
    debug: (message, fields) => {
      log('debug', message, fields);
    },
  };
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
