const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line of bytes, without its line end. */
export interface ByteLine {
  readonly bytes: Buffer;
  /** False for the last one, if no line end follows it. */
  readonly isFinished: boolean;
  /** Whether it had more bytes than a line may have; `bytes` is its beginning. */
  readonly isTooLong: boolean;
}

function withoutReturns(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && line[end - 1] === CARRIAGE_RETURN) end--;
  return line.subarray(0, end);
}

/**
 * The lines of a stream of bytes, in memory for one line at most. Line ends are LF, with any number of CR before it.
 *
 * @param maxBytes of a longer line the beginning is given, and the rest left out
 */
export async function* byteLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<ByteLine[]> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isTooLong = false;
  const hold = (bytes: Buffer): void => {
    if (heldBytes + bytes.length > maxBytes) isTooLong = true;
    if (isTooLong && heldBytes > 0) return;
    held.push(Buffer.from(bytes.subarray(0, maxBytes)));
    heldBytes += bytes.length;
  };
  const take = (isFinished: boolean): ByteLine => {
    const line = { bytes: withoutReturns(Buffer.concat(held)), isFinished, isTooLong };
    [held, heldBytes, isTooLong] = [[], 0, false];
    return line;
  };
  for await (const chunk of chunks) {
    const lines: ByteLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const bytes = chunk.subarray(start, end);
      if (heldBytes > 0 || bytes.length > maxBytes) {
        hold(bytes);
        lines.push(take(true));
      } else lines.push({ bytes: withoutReturns(bytes), isFinished: true, isTooLong: false });
      start = end + 1;
    }
    if (start < chunk.length) hold(chunk.subarray(start));
    yield lines;
  }
  if (heldBytes > 0) yield [take(false)];
}
