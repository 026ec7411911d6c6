import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { ACCESS_LOG_FORMAT } from '../../correlation/access-log-format';
import { contextVariable } from './context-variables';
import type { Exchange } from './exchange';

/** One line of the access log: JSON, every value text, `-` for what has none, as API Gateway writes it. */
function accessLogLine(exchange: Exchange): string {
  const entries = Object.entries(ACCESS_LOG_FORMAT[exchange.api.kind]).map(([key, variable]) => [
    key,
    contextVariable(exchange, variable.slice('$context.'.length)) || '-',
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/**
 * Opens an access log.
 *
 * Writes at once and waits for it: a line is in the file before anything that follows the request can look for it.
 */
export function openAccessLog(file: string): (exchange: Exchange) => void {
  mkdirSync(dirname(file), { recursive: true });
  return (exchange) => appendFileSync(file, `${accessLogLine(exchange)}\n`);
}
