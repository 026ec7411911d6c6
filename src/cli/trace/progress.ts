import { printable } from '../../core/printable';
import { bytes, count, duration } from '../../trace/report/units';
import { bar, cut } from '../../trace/report/terminal/text';

/** How far the reading has come. */
export interface Reading {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly step: string;
}

/** A rate of the first moment says nothing of the rest. */
const SURE_AFTER_MS = 1000;

/** The line of progress: how much, how fast, how long still, and what is read now, as far as there is room. */
export function readingLine({ bytesDone, bytesTotal, step }: Reading, elapsedMs: number, columns: number): string {
  const share = bytesTotal === 0 ? 1 : bytesDone / bytesTotal;
  const rate = elapsedMs < SURE_AFTER_MS || bytesDone === 0 ? undefined : (bytesDone / elapsedMs) * 1000;
  const left = rate === undefined ? undefined : Math.ceil((bytesTotal - bytesDone) / rate) * 1000;
  const parts = [
    `${bar(share, 20).padEnd(20)} ${String(Math.floor(share * 100)).padStart(3)} %`,
    `${bytes(Math.round(bytesDone))} of ${bytes(bytesTotal)}`,
    ...(rate === undefined ? [] : [`${bytes(Math.round(rate))}/s`]),
    ...(left === undefined ? [] : [`${duration(left)} left`]),
    printable(step),
  ];
  return cut(parts.join('  '), columns - 1);
}

/** A line on a terminal that is written over and over. Where there is no terminal, nothing is written. */
export class ProgressBar {
  readonly #stream: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number };
  readonly #now: () => number;
  #begun: number | undefined;
  #isShown = false;

  constructor(stream: Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number }, now = Date.now) {
    this.#stream = stream;
    this.#now = now;
  }

  reading(state: Reading): void {
    this.#begun ??= this.#now();
    this.#show(readingLine(state, this.#now() - this.#begun, this.#columns));
  }

  /** Something without bytes: what it is, and where it is known how many of how many. */
  step(what: string, done?: number, total?: number): void {
    const part = done === undefined || total === undefined ? '' : `${count(done + 1)} of ${count(total)}  `;
    this.#show(cut(`${part}${printable(what)}`, this.#columns - 1));
  }

  clear(): void {
    if (this.#isShown) this.#stream.write('\r\u001b[K');
    this.#isShown = false;
  }

  get #columns(): number {
    return this.#stream.columns ?? 80;
  }

  #show(line: string): void {
    if (this.#stream.isTTY !== true) return;
    this.#stream.write(`\r${line}\u001b[K`);
    this.#isShown = true;
  }
}
