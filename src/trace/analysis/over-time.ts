import { HOPS, type Cell, type HeatMap, type Hop, type TimeSeries } from '../report-model';
import type { SqlEngine } from './sql-engine';
import { ALL_ROUTES } from './sql/hop-latency';
import { ROUTES_OVER_TIME } from './sql/routes';
import { HEAT_MAP_SQL, LATENCY_EDGES_MS, REQUESTS_OVER_TIME_SQL, hopOverTimeSql } from './sql/time-series';

/** The buckets of time, and the routes that are shown over it. */
export interface TimeGrid {
  readonly bucketMs: number;
  readonly tMs: readonly number[];
  /** By their place among the top routes; all routes together first, as null. */
  readonly routes: ReadonlyMap<number, string | null>;
}

/** @returns undefined where there are no requests */
export async function readTimeGrid(engine: SqlEngine): Promise<TimeGrid | undefined> {
  const [scale] = await engine.rows('SELECT bucket_ms, first_ms, last_ms FROM time_scale WHERE first_ms IS NOT NULL');
  if (scale === undefined) return undefined;
  const [bucketMs, firstMs, lastMs] = [Number(scale['bucket_ms']), Number(scale['first_ms']), Number(scale['last_ms'])];
  const beginning = firstMs - (firstMs % bucketMs);
  const buckets = Math.floor((lastMs - beginning) / bucketMs) + 1;
  const routes = await engine.rows(
    `SELECT place, route FROM top_routes WHERE place <= ${ROUTES_OVER_TIME} ORDER BY place`,
  );
  return {
    bucketMs,
    tMs: Array.from({ length: buckets }, (_, n) => beginning + n * bucketMs),
    routes: new Map([[ALL_ROUTES, null], ...routes.map(({ place, route }) => [Number(place), String(route)] as const)]),
  };
}

type Row = Readonly<Record<string, Cell>>;

/** What a row of counts belongs to: its own route where that is shown, and always all routes. */
const placesOf = (row: Row): number[] => [...(Number(row['place']) > 0 ? [Number(row['place'])] : []), ALL_ROUTES];

function add(counts: number[] | undefined, bucket: number, more: Cell | undefined): void {
  if (counts !== undefined) counts[bucket] = (counts[bucket] ?? 0) + Number(more);
}

interface Columns {
  readonly requests: number[];
  readonly errors: number[];
  readonly refused: number[];
  readonly p95Ms: Partial<Record<Hop, (number | null)[]>>;
}

/** Requests, errors and the 95th percentile of each hop over time: of all requests, and of the top routes. */
export async function readTimeSeries(engine: SqlEngine, grid: TimeGrid): Promise<TimeSeries[]> {
  const zeros = (): number[] => grid.tMs.map(() => 0);
  const byPlace = new Map<number, Columns>(
    [...grid.routes.keys()].map((place) => [
      place,
      { requests: zeros(), errors: zeros(), refused: zeros(), p95Ms: {} },
    ]),
  );
  for (const row of await engine.rows(REQUESTS_OVER_TIME_SQL)) {
    for (const place of placesOf(row)) {
      const columns = byPlace.get(place);
      for (const name of ['requests', 'errors', 'refused'] as const)
        add(columns?.[name], Number(row['bucket']), row[name]);
    }
  }
  for (const hop of HOPS) await readHop(engine, grid, hop, byPlace);
  return [...byPlace].map(([place, columns]) => ({
    ...{ route: grid.routes.get(place) ?? null, bucketMs: grid.bucketMs, tMs: grid.tMs },
    ...columns,
  }));
}

async function readHop(
  engine: SqlEngine,
  grid: TimeGrid,
  hop: Hop,
  byPlace: ReadonlyMap<number, Columns>,
): Promise<void> {
  for (const row of await engine.rows(hopOverTimeSql(hop))) {
    const columns = byPlace.get(Number(row['place']));
    if (columns === undefined) continue;
    const values = (columns.p95Ms[hop] ??= grid.tMs.map(() => null));
    values[Number(row['bucket'])] = Number(row['p95_ms']);
  }
}

/** How many requests took how long, over time. Rows of latency that nothing ever reached are left out. */
export async function readHeatMaps(engine: SqlEngine, grid: TimeGrid): Promise<HeatMap[]> {
  const rows = await engine.rows(HEAT_MAP_SQL);
  const highest = Math.max(0, ...rows.map(({ edge_ms: edge }) => Number(edge)));
  const edges = LATENCY_EDGES_MS.filter((ms) => ms <= highest);
  const byPlace = new Map([...grid.routes.keys()].map((place) => [place, edges.map(() => grid.tMs.map(() => 0))]));
  for (const row of rows) {
    const edge = edges.indexOf(Number(row['edge_ms']));
    for (const place of placesOf(row)) add(byPlace.get(place)?.[edge], Number(row['bucket']), row['requests']);
  }
  return [...byPlace].map(([place, counts]) => ({
    ...{ route: grid.routes.get(place) ?? null, bucketMs: grid.bucketMs, tMs: grid.tMs },
    ...{ latencyMs: edges, counts },
  }));
}
