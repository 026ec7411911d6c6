import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/** What Windows answers while another process has the file open: the app that reads its keys, or a virus scanner. */
const IN_USE: readonly (string | undefined)[] = ['EPERM', 'EACCES', 'EBUSY'];
const PATIENCE_MS = 2000;
const PAUSE_MS = 20;

/** Of a mode that the system tells; the others say what kind of file it is. */
const MODE_BITS = 0o7777;

/** The mode of a new file, of which the system's mask takes its part; or the mode that the old file has, whole. */
export type NewMode = number | 'kept';

/**
 * Puts a text in the place of a file: written beside it and renamed, so that whoever reads sees the old text or the new
 * one, never half of it. Blocks for up to two seconds while the file is in use, which happens on Windows only.
 *
 * It is a new file under the old name, and has its price: its folder must be writable too, and on Windows it has the rights
 * that files inherit from the folder, not those that the old one was given by itself.
 *
 * @param mode of the new file, where the system knows modes
 * @throws what node:fs throws; then the old file is as it was
 */
export function replaceFile(path: string, text: string, mode: NewMode): void {
  draftFile(path, text, mode).replace();
}

/** A text that is on disk, whole, beside the file that it will replace. One of the two is called, once. */
export interface FileDraft {
  /** @throws what node:fs throws; then the old file is as it was, and the draft is gone */
  replace(): void;
  discard(): void;
}

/**
 * The first half of {@link replaceFile}, where something has to happen between the two: a full disk is found before.
 * @throws what node:fs throws
 */
export function draftFile(path: string, text: string, mode: NewMode): FileDraft {
  // A name of its own: a process that was killed leaves its draft, and process IDs come again.
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const discard = (): void => rmSync(draft, { force: true });
  if (mode === 'kept') writeFile(draft, text, statSync(path).mode & MODE_BITS, true);
  else writeFile(draft, text, mode, false);
  return {
    discard,
    replace() {
      try {
        renameOver(draft, path);
      } catch (error) {
        discard();
        throw error;
      }
    },
  };
}

/**
 * Makes a file, never over another one: on disk when this returns, and not left half written.
 * @throws what node:fs throws; `EEXIST` where there is one
 */
export function writeNewFile(path: string, text: string, mode: number): void {
  writeFile(path, text, mode, false);
}

function writeFile(path: string, text: string, mode: number, isWhole: boolean): void {
  const file = openSync(path, 'wx', mode);
  try {
    // Only where the mask took something: there are shares on which everybody may write, and nobody change modes.
    if (isWhole && (fstatSync(file).mode & MODE_BITS) !== mode) fchmodSync(file, mode);
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function renameOver(draft: string, path: string): void {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return renameSync(draft, path);
    } catch (error) {
      const mayPass = process.platform === 'win32' && IN_USE.includes((error as NodeJS.ErrnoException).code);
      if (!mayPass || Date.now() > deadline) throw error;
    }
    pause();
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}
