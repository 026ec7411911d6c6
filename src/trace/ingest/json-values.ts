/** Longest value that is taken as one, in bytes: a history has at most 25,000 events, an envelope 6 MB. */
const MAX_VALUE_BYTES = 256 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b;
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d;

/** Follows JSON byte by byte, as far as it must to see where an object ends. */
class Scanner {
  depth = 0;
  #inText = false;
  #escaped = false;

  /** @returns true at the byte that closes the outermost object */
  take(byte: number): boolean {
    if (this.#inText) this.#takeText(byte);
    else if (byte === QUOTE) this.#inText = this.depth > 0;
    else if (isOpening(byte)) this.depth++;
    else if (isClosing(byte) && this.depth > 0) return --this.depth === 0;
    return false;
  }

  #takeText(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inText = false;
  }
}

/** A JSON object as text, or what stands where one should be. */
export interface JsonText {
  readonly text: string;
  /** False at the end of a file that ends in the middle of one. */
  readonly isWhole: boolean;
}

/**
 * The JSON objects in a stream of bytes, one after the other with or without anything between them, as Firehose writes them;
 * or one that takes many lines.
 */
export async function* jsonObjects(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonText> {
  let scanner = new Scanner();
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = scanner.depth > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      // Between objects: blanks, line ends, and the brackets and commas of a list of them.
      if (scanner.depth === 0) {
        if (byte !== 0x7b) continue;
        start = at;
      }
      if (!scanner.take(byte)) continue;
      yield { text: Buffer.concat([...held, chunk.subarray(start, at + 1)]).toString('utf8'), isWhole: true };
      [held, heldBytes, start] = [[], 0, -1];
    }
    if (start < 0) continue;
    held.push(chunk.subarray(start));
    heldBytes += chunk.length;
    if (heldBytes < MAX_VALUE_BYTES) continue;
    yield { text: Buffer.concat(held).toString('utf8', 0, 400), isWhole: false };
    [scanner, held, heldBytes] = [new Scanner(), [], 0];
  }
  if (heldBytes > 0) yield { text: Buffer.concat(held).toString('utf8', 0, 400), isWhole: false };
}
