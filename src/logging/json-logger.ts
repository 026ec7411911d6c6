import type { Logger } from '../core/logger';
import { checkLevel, lineLogger, LOG_LEVELS, type LogLevel } from './levels';
import { formatLine } from './line';

export type { LogLevel } from './levels';

/**
 * A logger of JSON lines without any package, for Lambda functions, where the platform collects what is printed and a
 * bundle should stay small.
 *
 * @param level the least urgent level that is written; `info` by default
 * @param write takes a finished line, without line end; prints by default
 * @throws BatonError `option_invalid` for a level that is none
 *
 * @example
 * ```ts
 * const logger = createJsonLogger('debug');
 * logger.info('rendered', { pages: 3 });
 * ```
 */
export function createJsonLogger(level: LogLevel = 'info', write: (line: string) => void = printLine): Logger {
  const last = LOG_LEVELS.indexOf(checkLevel('createJsonLogger(): the level', level));
  return lineLogger(
    (at) => LOG_LEVELS.indexOf(at) <= last,
    (line) => write(formatLine(line)),
  );
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
