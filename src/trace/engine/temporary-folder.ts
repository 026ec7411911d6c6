import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of this process that is gone when it is closed, or when the process ends by itself. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/**
 * Makes a folder for what does not fit into memory, readable by nobody else: logs hold names.
 * @param parent the system's folder for temporary files, unless said
 */
export function temporaryFolder(parent: string = tmpdir()): TemporaryFolder {
  const path = mkdtempSync(join(parent, 'baton-trace-'));
  // A virus scanner may hold a file for a moment on Windows.
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  process.once('exit', remove);
  return { path, remove };
}
