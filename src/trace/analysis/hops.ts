import { HOPS, type HopLatency } from '../report-model';
import type { SqlEngine } from './sql-engine';
import { hopLatencySql } from './sql/hop-latency';

/** How long each hop took: all requests first, then the routes, those with the most requests first. */
export async function readHopLatencies(engine: SqlEngine): Promise<HopLatency[]> {
  const placed: { readonly place: number; readonly latency: HopLatency }[] = [];
  for (const hop of HOPS) {
    for (const row of await engine.rows(hopLatencySql(hop))) {
      const number = (column: string): number => Number(row[column]);
      const latency: HopLatency = {
        route: row['route'] === null ? null : String(row['route']),
        hop,
        requests: number('requests'),
        meanMs: Math.round(number('mean_ms') * 100) / 100,
        p50Ms: number('p50_ms'),
        p90Ms: number('p90_ms'),
        p95Ms: number('p95_ms'),
        p99Ms: number('p99_ms'),
        maxMs: number('max_ms'),
        negative: number('negative'),
      };
      placed.push({ place: number('place'), latency });
    }
  }
  return placed
    .sort((a, b) => a.place - b.place || HOPS.indexOf(a.latency.hop) - HOPS.indexOf(b.latency.hop))
    .map(({ latency }) => latency);
}
