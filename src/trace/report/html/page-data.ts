import { printable } from '../../../core/printable';
import { HOPS, type HeatMap, type Hop, type TimeSeries, type TraceReport } from '../../report-model';
import { addedMs, byHop, PARTS, restMs } from '../words';
import { shortened } from './markup';
import { ALL, type Routes } from './routes';

/** Numbers of time series and heat maps that a page may hold: half a megabyte as text, drawn without a pause. */
const MAX_NUMBERS = 120_000;

/** What the page's script works with. Numbers and names of routes; every other text of a log is in the page as HTML. */
export interface PageData {
  readonly routes: readonly string[];
  readonly span: { readonly fromMs: number; readonly toMs: number } | null;
  /** Those of all routes first, then by route, as far as there is room. */
  readonly series: readonly (Omit<TimeSeries, 'route'> & { readonly route: number })[];
  readonly heat: readonly (Omit<HeatMap, 'route'> & { readonly route: number })[];
  /** By place of the route, -1 for all: each hop's figures, and what is left of the mean. */
  readonly hops: Readonly<Record<number, Readonly<Partial<Record<Hop | 'rest', Measures>>>>>;
  /** The pieces of a bar, in their order. */
  readonly parts: readonly (Hop | 'rest')[];
}

type Measures = Readonly<Partial<Record<'addedMs' | 'p50Ms' | 'p95Ms' | 'p99Ms', number>>>;

/** Takes from a report what the script needs, and no more than a page bears. */
export function pageData(report: TraceReport, routes: Routes): PageData {
  const room = { left: MAX_NUMBERS };
  const series = placed(report.series, routes).filter((one) => fits(one.tMs.length * 10, room));
  const heat = placed(report.heat, routes).filter((one) => fits(one.tMs.length * (one.latencyMs.length + 1), room));
  return {
    routes: routes.shown.map((route) => printable(shortened(route))),
    span: spanOfSeries(series),
    series: series.map((one) => ({ ...one, p95Ms: mapValues(one.p95Ms) })),
    heat,
    hops: hopsByRoute(report, routes),
    parts: [...PARTS, 'rest'],
  };
}

/** Those of routes that the page knows, all routes together first. */
function placed<T extends { readonly route: string | null }>(
  items: readonly T[],
  routes: Routes,
): (Omit<T, 'route'> & { readonly route: number })[] {
  return items
    .map((item) => ({ ...item, route: routes.indexOf(item.route) }))
    .filter(({ route }) => route >= ALL)
    .toSorted((a, b) => a.route - b.route);
}

function fits(numbers: number, room: { left: number }): boolean {
  room.left -= numbers;
  return room.left >= 0;
}

function spanOfSeries(series: readonly { tMs: readonly number[]; bucketMs: number }[]): PageData['span'] {
  const [first] = series;
  const [fromMs, last] = [first?.tMs[0], first?.tMs.at(-1)];
  return first === undefined || fromMs === undefined || last === undefined
    ? null
    : { fromMs, toMs: last + first.bucketMs };
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

const mapValues = (lines: TimeSeries['p95Ms']): TimeSeries['p95Ms'] =>
  Object.fromEntries(
    HOPS.flatMap((hop) => {
      const line = lines[hop];
      return line === undefined ? [] : [[hop, line.map((value) => (value === null ? null : tenth(value)))] as const];
    }),
  );

function hopsByRoute({ hops }: TraceReport, routes: Routes): PageData['hops'] {
  return Object.fromEntries(
    [null, ...routes.shown].map((route) => {
      const row = byHop(hops, route);
      const measures = HOPS.flatMap((hop) => {
        const own = row[hop];
        if (own === undefined) return [];
        const [p50Ms, p95Ms, p99Ms] = [tenth(own.p50Ms), tenth(own.p95Ms), tenth(own.p99Ms)];
        return [[hop, { addedMs: tenth(addedMs(row, hop)), p50Ms, p95Ms, p99Ms }] as const];
      });
      return [routes.indexOf(route), Object.fromEntries([...measures, ['rest', { addedMs: tenth(restMs(row)) }]])];
    }),
  );
}
