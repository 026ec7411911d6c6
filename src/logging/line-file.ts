import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { BatonError } from '../core/errors';
import { onDrain } from '../core/process-hooks';
import { systemFault } from '../core/system-fault';
import { formatLine } from './line';
import { LogFile } from './log-file';

/** Found out at the start, where it stops the start; later it could only lose lines. */
function checkWritable(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a'));
  } catch (cause) {
    const advice = "Give the app pool's identity write access to its folder, or name another file.";
    const message = `The log file ${file} cannot be written (${systemFault(cause)}). ${advice}`;
    throw new BatonError('option_invalid', message, { cause });
  }
}

/** Of no request: it comes from whichever write found room again. */
function lostLine(lost: number): string {
  const message = 'Log lines were lost: the disk could not follow';
  return formatLine({ timestamp: new Date().toISOString(), level: 'error', message, type: 'log_lost', lost });
}

/**
 * A file of JSON lines, its folder made where it is missing.
 *
 * @param failed told of each write that fails
 * @throws BatonError `option_invalid` where it cannot be written
 */
export function openLineFile(file: string, failed: (error: Error) => void): LogFile {
  checkWritable(file);
  const lines = new LogFile(file, { failed, lostLine });
  // A process that was drained may be killed before it ends by itself.
  onDrain(() => lines.flush());
  return lines;
}
