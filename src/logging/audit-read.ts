import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AuditPlace } from './audit-checkpoint';
import { partsOf, readOpening } from './audit-file';
import { MAX_AUDIT_LINE_BYTES, readLine, type AuditLine } from './audit-line';

const LINE_FEED = 0x0a;

/** The lines of a file that are whole, as their hashes say. Memory is bounded by the longest line. */
async function* wholeLines(path: string): AsyncGenerator<AuditLine, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const line = readLine(bytes.subarray(start, end));
      if (line !== undefined) yield line;
      start = end + 1;
    }
    rest = bytes.subarray(start);
    // No line of a trail is that long.
    if (rest.length > MAX_AUDIT_LINE_BYTES) rest = Buffer.alloc(0);
  }
}

/** The files of a trail that are there, the oldest first; of one chain, where one is named. */
export function trailFiles(file: string, chain?: string): readonly string[] {
  return partsOf(file)
    .filter((name) => chain === undefined || name.includes(`-${chain.slice(0, 8)}.`))
    .map((name) => join(dirname(file), name))
    .reverse();
}

/**
 * The lines of a trail behind a place, in the order of their chain; without a place those of all chains that are there.
 * A line that was torn or changed is none.
 *
 * @throws Error of node:fs
 */
export async function* linesBehind(file: string, place?: AuditPlace): AsyncGenerator<AuditLine, void, void> {
  const paths = trailFiles(file, place?.chain);
  for (const [index, path] of paths.entries()) {
    // A part whose next one begins no later than the place has nothing behind it.
    const next = paths[index + 1];
    const ends = place === undefined || next === undefined ? undefined : readOpening(next)?.line.seq;
    if (place !== undefined && ends !== undefined && ends <= place.seq) continue;
    for await (const line of wholeLines(path)) {
      if (place === undefined || line.seq > place.seq) yield line;
    }
  }
}
