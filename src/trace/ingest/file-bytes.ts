import { createReadStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Input } from '../inputs/inputs';
import type { Account } from './source';

/** More than logs ever shrink: what unpacks to more is made to fill a disk. */
const MAX_RATIO = 200;
/** A small file may unpack to this much whatever the ratio, in bytes. */
const FREE_BYTES = 100_000_000;

/** Why the rest of a packed file is not read. */
export class PackedFileError extends Error {}

function bounded(packedBytes: number): Transform {
  let unpacked = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      unpacked += chunk.length;
      const isTooMuch = unpacked > FREE_BYTES && unpacked > packedBytes * MAX_RATIO;
      done(isTooMuch ? new PackedFileError(`unpacks to more than ${MAX_RATIO} times its size`) : null, chunk);
    },
  });
}

function decoded(charset: string): Transform {
  const decoder = new TextDecoder(charset);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.from(decoder.decode(chunk, { stream: true }))),
    flush: (done) => done(null, Buffer.from(decoder.decode())),
  });
}

/** Who follows the reading, and what ends it. */
export interface Reading {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the file itself were read so far. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/**
 * The bytes of a file's text: unpacked, and as UTF-8 where it is UTF-16.
 *
 * @throws PackedFileError while it is read: cut off, damaged, or made to fill a disk; what came before is good
 */
export async function* fileBytes(input: Input, account: Account, reading: Reading): AsyncGenerator<Buffer> {
  const file = createReadStream(input.path, { highWaterMark: 1 << 20 });
  const streams: Readable[] = [file];
  account.bytes = 0;
  const through = (stream: Transform): void => {
    const before = streams.at(-1);
    before?.on('error', (error) => stream.destroy(error));
    before?.pipe(stream);
    streams.push(stream);
  };
  if (input.isGzip) {
    through(createGunzip({ chunkSize: 1 << 18 }));
    through(bounded(input.bytes));
  }
  if (input.charset !== 'utf-8') through(decoded(input.charset));
  try {
    for await (const chunk of streams.at(-1) ?? []) {
      reading.signal?.throwIfAborted();
      reading.onRead?.(file.bytesRead);
      account.bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code?.startsWith('Z_') === true ? new PackedFileError(`gzip: ${(error as Error).message}`) : error;
  } finally {
    for (const stream of streams) stream.destroy();
  }
}
