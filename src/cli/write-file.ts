import { realpathSync, statSync, writeFileSync } from 'node:fs';
import { BatonError } from '../core/errors';
import { replaceFile } from '../core/replace-file';
import { systemFault } from '../core/system-fault';

/** What the system's own mask leaves of it is the mode of a new file. */
const ANY_MODE = 0o666;

/**
 * Does something to the file at `path`, and says so where that fails.
 * @throws BatonError `option_invalid`
 */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new BatonError('option_invalid', `${path} cannot be written (${systemFault(cause)}).`, { cause });
  }
}

/**
 * Writes a file that the command line names: whole or, where that fails, not at all. What is no plain file, a pipe or a
 * device, cannot be replaced and is written to; of a link, the file that it leads to is replaced, and keeps its mode.
 *
 * @throws BatonError `option_invalid` where it cannot be written
 */
export function writeTextFile(path: string, text: string): void {
  writing(path, () => {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined) replaceFile(path, text, ANY_MODE);
    else if (there.isFile()) replaceFile(realpathSync(path), text, 'kept');
    else writeFileSync(path, text);
  });
}
