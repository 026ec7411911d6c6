/** Where each line of a text starts, as XML 1.1, YAML and editors of Windows end lines. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|\r\u0085|[\n\r\u0085\u2028]/g)) starts.push(index + end.length);
  return starts;
}

/** The text's lines, to turn offsets into lines and back. Both count from 1. */
export class Lines {
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.#starts = lineStarts(text);
  }

  /** The offset of a line and column. */
  offset(line: number, column: number): number {
    return (this.#starts[line - 1] ?? 0) + column - 1;
  }

  /** The line and column of an offset. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const next = this.#starts.findIndex((start) => start > offset);
    const line = next === -1 ? this.#starts.length : next;
    return { line, column: offset - (this.#starts[line - 1] ?? 0) + 1 };
  }
}
