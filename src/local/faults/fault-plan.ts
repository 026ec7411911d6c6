import type { Fault } from './fault';
import { seededRandom } from './random';

interface Line {
  readonly fault: Fault;
  seen: number;
  hits: number;
}

/** Decides for each request what goes wrong with it. The same requests in the same order meet the same faults. */
export class FaultPlan {
  readonly faults: readonly Fault[];
  readonly #lines: readonly Line[];
  readonly #random: () => number;

  constructor(faults: readonly Fault[], seed: number) {
    this.faults = faults;
    this.#lines = faults.map((fault) => ({ fault, seen: 0, hits: 0 }));
    this.#random = seededRandom(seed);
  }

  /** What goes wrong with the next request; undefined where nothing does. */
  next(operation: string): Fault | undefined {
    let hit: Line | undefined;
    for (const line of this.#lines) {
      const { fault } = line;
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      line.seen += 1;
      // Drawn for every line and request, so that one that is used up does not shift the luck of the others.
      const isDrawn = this.#random() < (fault.rate ?? 1);
      if (hit !== undefined || !isDrawn || line.seen <= (fault.after ?? 0)) continue;
      if (line.hits < (fault.times ?? Infinity)) hit = line;
    }
    if (hit !== undefined) hit.hits += 1;
    return hit?.fault;
  }
}
