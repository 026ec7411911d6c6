/** The boxes beside which a lane runs, by their place in the order. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** Lanes beside the boxes, the innermost 0. */
export interface Lanes {
  readonly count: number;
  /** @throws Error for a state that no lane leads to */
  laneOf(target: string): number;
}

/**
 * Gives each target a lane. Short ones come first and lie innermost, so that long ones go round them; lanes that never run
 * beside the same box are one.
 */
export function assignLanes(spans: ReadonlyMap<string, Span>): Lanes {
  const length = ({ first, last }: Span): number => last - first;
  const shortestFirst = [...spans].sort(([, a], [, b]) => length(a) - length(b) || a.first - b.first);
  const lanes: Span[][] = [];
  const laneOf = new Map<string, number>();
  for (const [target, span] of shortestFirst) {
    const isFree = (taken: readonly Span[]): boolean =>
      taken.every(({ first, last }) => last < span.first || span.last < first);
    const found = lanes.findIndex(isFree);
    const lane = found === -1 ? lanes.length : found;
    (lanes[lane] ??= []).push(span);
    laneOf.set(target, lane);
  }
  return {
    count: lanes.length,
    laneOf(target) {
      const lane = laneOf.get(target);
      if (lane === undefined) throw new Error(`No lane leads to "${target}".`);
      return lane;
    },
  };
}
