import { MAX_EMF_VALUES } from './emf';

/** What was measured under the same labels since it was last written. */
export interface Measured {
  readonly labels: readonly string[];
  readonly count: number;
  /** As many as `count` where durations are measured, else none. */
  readonly durationsMs: readonly number[];
}

interface Group {
  readonly labels: readonly string[];
  count: number;
  durationsMs: number[];
}

/** How many different labels a series tells apart while the process lives; all others count as this one. */
const MAX_GROUPS = 1000;
const OTHER = '(other)';

/**
 * Measures of one kind, grouped by their labels. A group that has as many values as a line can hold is written at once, so
 * that every value is kept and memory stays bounded.
 */
export class MeasureSeries {
  readonly #groups = new Map<string, Group>();
  readonly #write: (measured: Measured) => void;

  constructor(write: (measured: Measured) => void) {
    this.#write = write;
  }

  /** @param durationMs undefined where only the number counts */
  add(labels: readonly string[], durationMs?: number): void {
    const group = this.#groupOf(labels);
    group.count++;
    if (durationMs === undefined) return;
    group.durationsMs.push(Math.round(durationMs * 10) / 10);
    if (group.durationsMs.length >= MAX_EMF_VALUES) this.#flush(group);
  }

  /** Writes every group that measured something. */
  flush(): void {
    for (const group of this.#groups.values()) if (group.count > 0) this.#flush(group);
  }

  #groupOf(labels: readonly string[]): Group {
    const key = labels.join('\n');
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS && labels.some((label) => label !== OTHER)) {
      return this.#groupOf(labels.map(() => OTHER));
    }
    const group = { labels, count: 0, durationsMs: [] };
    this.#groups.set(key, group);
    return group;
  }

  #flush(group: Group): void {
    const { labels, count, durationsMs } = group;
    group.count = 0;
    group.durationsMs = [];
    this.#write({ labels, count, durationsMs });
  }
}
