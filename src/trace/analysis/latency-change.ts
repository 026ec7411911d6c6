import { HOPS, type Finding, type Hop, type TimeSeries } from '../report-model';
import { grouped, minute, type Rule } from './rules/rule';

/** What the documentation says of it; it reads the time series and not the logs, so it is no SQL. */
export const LATENCY_ROSE: Omit<Rule, 'rows' | 'order' | 'figures' | 'say'> = {
  id: 'latency-rose',
  group: 'latency',
  severity: 'warning',
  certainty: 'likely',
  about: 'routes whose 95th percentile rose at one time and stayed up, and the hop that did it',
};

/** A rise is worth a word if it lasts for so many steps of time, is by half or more, and by so many milliseconds. */
const RISE = { steps: 4, factor: 1.5, ms: 20, requestsAStep: 20 };

/** The two levels must explain the series so much better than one level does. */
const BETTER = 0.7;

/** A series that lies on one level up to a time, and on another from then on. */
export interface Step {
  /** Position of the first value on the new level. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Finds the one rise of a series: the split that leaves the least sum of distances from the median on either side. Simple on
 * purpose, so that the result can be checked by looking at the chart.
 */
export function findRise(values: readonly number[]): Step | undefined {
  const whole = distances(values);
  let best: (Step & { readonly cost: number }) | undefined;
  for (let at = RISE.steps; at <= values.length - RISE.steps; at++) {
    const [left, right] = [values.slice(0, at), values.slice(at)];
    const cost = distances(left) + distances(right);
    if (best === undefined || cost < best.cost) best = { at, before: median(left), after: median(right), cost };
  }
  if (best === undefined || best.cost > whole * BETTER) return undefined;
  const { at, before, after } = best;
  const middle = (before + after) / 2;
  const isHigh = (value: number): boolean => value > middle;
  // What fell again, as the load of a day does in the evening, did not stay up.
  const lasting = values.slice(at).filter(isHigh).length >= RISE.steps && isHigh(median(values.slice(-RISE.steps)));
  return lasting && after - before >= RISE.ms && after >= before * RISE.factor ? { at, before, after } : undefined;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}

function distances(values: readonly number[]): number {
  const middle = median(values);
  return values.reduce((sum, value) => sum + Math.abs(value - middle), 0);
}

interface Rise {
  readonly route: string | null;
  readonly sinceMs: number;
  readonly before: number;
  readonly after: number;
  readonly hop: Hop | undefined;
  readonly hopBefore: number | null;
  readonly hopAfter: number | null;
}

function riseOf(series: TimeSeries): Rise | undefined {
  // A step of time with few requests has a percentile that jumps.
  const used = series.tMs.map((_, n) => n).filter((n) => (series.requests[n] ?? 0) >= RISE.requestsAStep);
  const level = (hop: Hop, positions: readonly number[]): number | undefined => {
    const values = positions.map((n) => series.p95Ms[hop]?.[n]).filter((value) => typeof value === 'number');
    return values.length === 0 ? undefined : median(values);
  };
  const totals = used.filter((n) => typeof series.p95Ms.total?.[n] === 'number');
  const step = findRise(totals.map((n) => series.p95Ms.total?.[n] ?? 0));
  if (step === undefined) return undefined;
  const [earlier, later] = [totals.slice(0, step.at), totals.slice(step.at)];
  const hops = HOPS.filter((hop) => hop !== 'total').flatMap((hop) => {
    const [hopBefore, hopAfter] = [level(hop, earlier), level(hop, later)];
    return hopBefore === undefined || hopAfter === undefined ? [] : [{ hop, hopBefore, hopAfter }];
  });
  const [worst] = hops.sort((a, b) => b.hopAfter - b.hopBefore - (a.hopAfter - a.hopBefore));
  const sinceMs = series.tMs[totals[step.at] ?? 0] ?? 0;
  const { before, after } = step;
  return {
    ...{ route: series.route, sinceMs, before, after },
    ...{ hop: worst?.hop, hopBefore: worst?.hopBefore ?? null, hopAfter: worst?.hopAfter ?? null },
  };
}

/** Which routes became slower, since when, and by which hop. */
export function latencyRose(series: readonly TimeSeries[]): Finding | undefined {
  const rises = series.flatMap((one) => riseOf(one) ?? []).sort((a, b) => b.after - b.before - (a.after - a.before));
  const [worst] = rises;
  if (worst === undefined) return undefined;
  const { id: rule, group, severity, certainty } = LATENCY_ROSE;
  const { route, sinceMs, before, after, hop } = worst;
  const because = hop === undefined ? '' : `, most of it in the hop ${hop}`;
  return {
    ...{ rule, group, severity, certainty },
    title: `Since ${minute(sinceMs)} ${route ?? 'all requests'} took longer: p95 ${grouped(before)} ms before, ${grouped(after)} ms after${because}`,
    explanation:
      `Found for ${grouped(rises.length)} of ${grouped(series.length)} series: the time is split where the 95th percentiles lie ` +
      `closest to one level before and one after. A rise counts from ${RISE.ms} ms and by half, over ${RISE.steps} steps or more.`,
    advice: 'See what was deployed or changed then; the drift findings have times too.',
    count: rises.length,
    evidence: {
      columns: ['route', 'since_at', 'p95_before_ms', 'p95_after_ms', 'hop', 'hop_p95_before_ms', 'hop_p95_after_ms'],
      rows: rises.map((rise) => [
        ...[rise.route ?? 'all requests', new Date(rise.sinceMs).toISOString(), rise.before, rise.after],
        ...[rise.hop ?? null, rise.hopBefore, rise.hopAfter],
      ]),
      total: rises.length,
    },
  };
}
