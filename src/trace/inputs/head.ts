import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants, createGunzip } from 'node:zlib';
import { encodingOf } from '../../core/text-file';

/** How a file's bytes become text. */
export interface Encoding {
  readonly isGzip: boolean;
  readonly charset: 'utf-8' | 'utf-16le' | 'utf-16be';
}

/** The beginning of a file. */
export interface Head extends Encoding {
  readonly text: string;
  /** Whether all of the file is in `text`. */
  readonly isWhole: boolean;
}

const HEAD_BYTES = 256 * 1024;

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The beginning of what was packed; never more than was asked for, however much a small file unpacks to. */
function unpackedBeginning(packed: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => resolve(Buffer.concat(chunks).subarray(0, HEAD_BYTES));
    gunzip.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < HEAD_BYTES) return;
      done();
      gunzip.destroy();
    });
    gunzip.on('end', done).on('error', done);
    gunzip.end(packed);
  });
}

/** Reads the beginning of a file, packed or not. */
export async function readHead(path: string): Promise<Head> {
  const first = await firstBytes(path);
  const isGzip = first[0] === 0x1f && first[1] === 0x8b;
  const bytes = isGzip ? await unpackedBeginning(first) : first;
  const charset = encodingOf(bytes);
  const text = new TextDecoder(charset).decode(bytes, { stream: true });
  return { isGzip, charset, text, isWhole: first.length < HEAD_BYTES && bytes.length < HEAD_BYTES };
}

/** Longest piece at a file's end that is looked at. */
const TAIL_BYTES = 64 * 1024;

/**
 * The last line of a file of `size` bytes, if no line end follows it: its writer is still at it, or was ended. Empty where
 * it ends as it should.
 */
export function unfinishedLine(path: string, size: number): string {
  const length = Math.min(size, TAIL_BYTES);
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    const read = bytes.subarray(0, readSync(fd, bytes, 0, length, size - length));
    return read.subarray(read.lastIndexOf(0x0a) + 1).toString('utf8');
  } finally {
    closeSync(fd);
  }
}
