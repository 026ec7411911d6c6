import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/**
 * Reads a process's output line by line and knows where an invocation's output ends: at a mark that the runtime writes.
 */
export class OutputReader {
  readonly #endMark: string;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #marks = 0;
  #awaited: (() => void)[] = [];

  constructor(stream: Readable, endMark: string, onLine: (line: string) => void) {
    this.#endMark = endMark;
    this.#onLine = onLine;
    stream.on('data', (chunk: Buffer) => this.#read(this.#decoder.write(chunk)));
    stream.on('close', () => this.#close());
  }

  /** Resolves when one more mark was read, or the stream ended. */
  nextMark(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited.push(resolve);
      this.#settle();
    });
  }

  #read(text: string): void {
    this.#rest += text;
    for (;;) {
      const mark = this.#rest.indexOf(this.#endMark);
      const scope = mark < 0 ? this.#rest : this.#rest.slice(0, mark);
      const end = scope.lastIndexOf('\n') + 1;
      this.#emit(mark < 0 ? scope.slice(0, end) : scope);
      this.#rest = mark < 0 ? scope.slice(end) : this.#rest.slice(mark + this.#endMark.length);
      if (mark < 0) return;
      this.#marks += 1;
      this.#settle();
    }
  }

  #emit(text: string): void {
    for (const line of text.split('\n')) if (line !== '') this.#onLine(line);
  }

  #settle(): void {
    while (this.#marks > 0 && this.#awaited.length > 0) {
      this.#marks -= 1;
      this.#awaited.shift()?.();
    }
  }

  #close(): void {
    this.#emit(this.#rest);
    this.#rest = '';
    this.#marks = Number.POSITIVE_INFINITY;
    this.#settle();
  }
}
