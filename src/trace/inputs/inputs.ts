import { basename } from 'node:path';
import { findFiles } from './find';
import { readHead, type Head } from './head';
import { recognise, type LogKind, type W3cHeader } from './kind';
import { serverByFolder } from './server-name';

/** A file that will be read. */
export interface Input extends Pick<Head, 'isGzip' | 'charset'> {
  readonly id: number;
  readonly path: string;
  readonly bytes: number;
  readonly kind: LogKind;
  readonly form: 'w3c' | 'lines' | 'document';
  /** Of a W3C log: what stands above its first row; null where nothing does. */
  readonly header?: W3cHeader | null;
  /** Of a gateway's log: the keys to look for. */
  readonly keys?: readonly string[];
  /** By its folders; null where they do not say. */
  readonly server: string | null;
}

/** A file that will not be read, and why. */
export interface UnreadInput {
  readonly id: number;
  readonly path: string;
  readonly bytes: number;
  readonly reason: string;
}

/** What there is to read. */
export interface Inputs {
  readonly read: readonly Input[];
  readonly unread: readonly UnreadInput[];
}

/**
 * Finds the logs below folders, by patterns or by name, and tells what each is.
 *
 * @throws BatonError `option_invalid` for a path that leads to nothing
 */
export async function findInputs(paths: readonly string[], signal?: AbortSignal): Promise<Inputs> {
  const found = findFiles(paths);
  const read: Input[] = [];
  const unread: UnreadInput[] = [];
  let id = 0;
  for (const { path, bytes, folders } of found.files) {
    signal?.throwIfAborted();
    id++;
    try {
      const head = await readHead(path);
      const recognised = recognise(head, basename(path));
      if (recognised.kind === 'unread') unread.push({ id, path, bytes, reason: recognised.reason });
      else read.push({ id, path, bytes, ...recognised, ...fileForm(head), server: serverByFolder(folders) });
    } catch (error) {
      unread.push({ id, path, bytes, reason: (error as NodeJS.ErrnoException).code ?? 'unknown error' });
    }
  }
  for (const { path, reason } of found.unreachable) unread.push({ id: ++id, path, bytes: 0, reason });
  return { read, unread };
}

const fileForm = ({ isGzip, charset }: Head): Pick<Head, 'isGzip' | 'charset'> => ({ isGzip, charset });
