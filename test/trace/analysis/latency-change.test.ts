import { findRise, latencyRose } from '../../../src/trace/analysis/latency-change';
import type { TimeSeries } from '../../../src/trace/report-model';

const flat = (length: number, value: number): number[] => Array.from({ length }, (_, n) => value + (n % 3) - 1);

it.each([
  ['one step up', [...flat(10, 100), ...flat(6, 200)], { at: 10, before: 100, after: 200 }],
  [
    'a step up with one outlier before',
    [...flat(5, 100), 900, ...flat(5, 100), ...flat(6, 200)],
    { at: 11, before: 100, after: 200 },
  ],
  ['a level', flat(30, 100), undefined],
  ['one outlier', [...flat(10, 100), 900, ...flat(10, 100)], undefined],
  ['a step down', [...flat(10, 200), ...flat(10, 100)], undefined],
  ['a rise by less than half', [...flat(10, 100), ...flat(10, 130)], undefined],
  ['a rise by some milliseconds', [...flat(10, 4), ...flat(10, 12)], undefined],
  ['a rise of the last three', [...flat(20, 100), 200, 200, 200], undefined],
  ['a day between two nights', [...flat(32, 50), ...flat(40, 100), ...flat(24, 50)], undefined],
  ['noise without a time', Array.from({ length: 40 }, (_, n) => 100 + ((n * 37) % 40) * 5), undefined],
  ['nothing', [], undefined],
])('%s', (_, values, expected) => {
  expect(findRise(values)).toEqual(expected);
});

function series(route: string | null, app: readonly number[], requests = 100): TimeSeries {
  const none = app.map(() => 0);
  return {
    ...{ route, bucketMs: 60_000, tMs: app.map((_, n) => Date.UTC(2026, 2, 2, 12, n)) },
    ...{ requests: app.map(() => requests), errors: none, refused: none },
    p95Ms: { total: app.map((ms) => ms + 20), app, wire: app.map(() => 5) },
  };
}

it('names the route that rose most, since when, and the hop', () => {
  const rising = series('GET /a', [...flat(10, 100), ...flat(10, 300)]);
  const finding = latencyRose([series(null, flat(20, 100)), rising]);
  expect(finding?.title).toBe(
    'Since 2026-03-02 12:10 UTC GET /a took longer: p95 120 ms before, 320 ms after, most of it in the hop app',
  );
  expect(finding).toMatchObject({ count: 1, evidence: { total: 1 } });
  expect(finding?.evidence.rows).toEqual([['GET /a', '2026-03-02T12:10:00.000Z', 120, 320, 'app', 100, 300]]);
});

it('says nothing of routes with a few requests', () => {
  expect(latencyRose([series('GET /a', [...flat(10, 100), ...flat(10, 300)], 5)])).toBeUndefined();
});
