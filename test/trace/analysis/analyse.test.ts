import { analyse } from '../../../src/trace/analysis/analyse';
import type { Engine } from '../../../src/trace/engine/engine';
import type { TraceReport } from '../../../src/trace/report-model';
import { codeOf } from '../../support/errors';
import {
  MARGIN_MS,
  NOON,
  fillTables,
  healthy,
  request,
  together,
  type Tables,
  times,
  useEngine,
} from '../../support/trace-tables';

let engine: Engine;
useEngine((made) => (engine = made));

const MINUTE = 60_000;
const of = async (world: Tables, options: object = {}): Promise<TraceReport> => {
  await fillTables(engine, world);
  return analyse(engine, { marginMs: MARGIN_MS, now: () => NOON, ...options });
};

it('gives an empty report of empty logs', async () => {
  const report = await of({});
  expect(report).toMatchObject({
    ...{
      version: 1,
      generatedAt: '2026-03-02T12:00:00.000Z',
      window: null,
      inputs: [],
      hops: [],
      series: [],
      heat: [],
    },
    ...{ slowest: [], drift: [], findings: [], totals: { gatewayRequests: 0, matched: 0, duplicateIds: 0 } },
  });
});

it('counts what joins and what does not', async () => {
  const { totals, window } = await of(
    together(
      healthy(),
      request('lost', NOON + 50_000, { iis: null, app: null }),
      request('stranger', NOON + 50_000, { gateway: null }),
      request('nameless', NOON + 50_000, {
        gateway: null,
        iis: { sent_id: null, answered_id: 'made' },
        app: { correlation_id: 'made' },
      }),
      request('r3', NOON + 50_000, { gateway: null, app: null }),
    ),
  );
  expect(totals).toEqual({
    ...{ gatewayRequests: 11, iisRequests: 13, appRequests: 12, matched: 9, duplicateIds: 1 },
    ...{ bypassWithoutId: 1, bypassUnknownId: 1, neverReachedIis: 1 },
  });
  expect(window).toEqual({ fromMs: NOON + 1000, toMs: NOON + 90_000 - 1000 });
});

it('finds percentiles by nearest rank, to a tenth of a millisecond', async () => {
  // 1 to 20 in any order: p50 is the 10th, p90 the 18th, p95 the 19th, p99 the 20th.
  const { hops } = await of(
    times(20, (n) =>
      request(`p${n}`, NOON + n * 1000, {
        gateway: { latency_ms: 100 + ((n * 7) % 20) + 1, integration_ms: 100 },
        app: { duration_ms: 70.3 },
      }),
    ),
  );
  const route = 'GET /invoices/{id}';
  const gateway = {
    hop: 'gateway',
    requests: 20,
    meanMs: 10.5,
    p50Ms: 10,
    p90Ms: 18,
    p95Ms: 19,
    p99Ms: 20,
    maxMs: 20,
    negative: 0,
  };
  expect(hops.filter(({ hop }) => hop === 'gateway')).toEqual([
    { route: null, ...gateway },
    { route, ...gateway },
  ]);
  expect(hops.find(({ hop }) => hop === 'iis')).toMatchObject({ p50Ms: 9.7, maxMs: 9.7 });
  expect(hops.map(({ hop }) => hop)).toEqual([
    ...['total', 'gateway', 'wire', 'iis', 'app'],
    ...['total', 'gateway', 'wire', 'iis', 'app'],
  ]);
});

it('counts what took days, and takes for no duration what can be none', async () => {
  const hours = 3_600_000;
  const odd = [1e300, -1e300, 'NaN', 'Infinity'].map((duration_ms, n) =>
    request(`odd${n}`, NOON, { gateway: null, iis: null, app: { duration_ms } }),
  );
  const { hops, totals } = await of(
    together(
      ...odd,
      request('socket', NOON, { gateway: null, iis: { time_taken_ms: 60 * hours }, app: null }),
      request('ends', NOON, {
        gateway: { latency_ms: -2, integration_ms: 2 ** 31 - 1 },
        iis: { time_taken_ms: -(2 ** 31) },
        app: null,
      }),
      { functions: [{ correlation_id: 'odd0', t_ms: NOON, source: 'call', duration_ms: 'NaN' }] },
    ),
  );
  expect(totals.appRequests).toBe(4);
  const all = hops.filter(({ route }) => route === null);
  expect(all.map(({ hop, requests, maxMs }) => [hop, requests, maxMs])).toEqual([
    ['total', 2, 60 * hours],
    ['gateway', 1, -(2 ** 31) - 1],
    ['wire', 1, 2 ** 32 - 1],
  ]);
});

it('does with times far from any other, of which a log can hold some', async () => {
  const first = Date.parse('0001-01-01T00:00:00Z');
  const last = Date.parse('9999-12-31T00:00:00Z');
  await fillTables(
    engine,
    together(...[first, last].map((atMs, n) => request(`t${n}`, atMs, { iis: { server_port: n } }))),
  );
  const many = `SELECT 2, 'WEB1', ${NOON} + n, '10.0.1.1', 443 FROM range(150000) r (n)`;
  await engine.run(`INSERT INTO iis (file_id, server, t_ms, server_ip, server_port) ${many}`);
  const { findings } = await analyse(engine);
  expect(findings.map(({ rule }) => rule)).toContain('address-new');
});

it('takes the time of functions off the app, and not that of work that runs later', async () => {
  const call = (source: string, duration_ms: number) => ({ correlation_id: 'r', t_ms: NOON, source, duration_ms });
  const { hops } = await of(
    together(request('r', NOON), { functions: [call('call', 20), call('gateway', 5), call('queue', 900)] }),
  );
  const p50 = Object.fromEntries(hops.filter(({ route }) => route === null).map(({ hop, p50Ms }) => [hop, p50Ms]));
  expect(p50).toEqual({ total: 100, gateway: 10, wire: 10, iis: 10, app: 45, function: 25 });
});

it('sums up over time: every request once, by route and in all', async () => {
  const { series, heat } = await of(
    together(
      times(30, (n) => request(`a${n}`, NOON + n * MINUTE, { gateway: { status: n % 10 === 0 ? 500 : 200 } })),
      times(10, (n) =>
        request(`b${n}`, NOON + n * MINUTE, { gateway: { route: 'GET /slow', latency_ms: 3000, status: 429 } }),
      ),
    ),
  );
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  expect(series.map(({ route, bucketMs, requests }) => [route, bucketMs, sum(requests)])).toEqual([
    [null, 15_000, 40],
    ['GET /invoices/{id}', 15_000, 30],
    ['GET /slow', 15_000, 10],
  ]);
  const [all] = series;
  expect([sum(all?.errors ?? []), sum(all?.refused ?? [])]).toEqual([3, 10]);
  expect(all?.tMs.length).toBeLessThanOrEqual(120);
  expect(all?.p95Ms.total?.filter((ms) => ms !== null)).toEqual([...Array(10).fill(3000), ...Array(20).fill(100)]);
  expect(heat.map(({ counts }) => sum(counts.flat()))).toEqual([40, 30, 10]);
  expect(heat[2]?.counts.map(sum)).toEqual(heat[2]?.latencyMs.map((ms) => (ms === 2000 ? 10 : 0)));
});

it('replaces IDs in paths where no gateway names the route', async () => {
  const paths = [
    '/users/12/orders/77',
    '/users/3/orders/0b0e7c2e-8f5d-4b8a-9c57-0d8f6f3c1a11',
    '/users/9/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '/users/9/orders/deadbeefdeadbeef01',
    '/v2/reports/2026-03-02.pdf',
    '/v2/42nd',
  ];
  const { hops } = await of(
    times(paths.length, (n) => request(`r${n}`, NOON, { gateway: null, iis: { path: paths[n] ?? null } })),
  );
  expect(new Set(hops.map(({ route }) => route))).toEqual(
    new Set([null, 'GET /users/{id}/orders/{id}', 'GET /v2/42nd', 'GET /v2/reports/{id}.pdf']),
  );
});

it('does not multiply IDs that both logs have a thousand times', async () => {
  const { totals } = await of(
    together(
      healthy(),
      times(1000, () => request('same', NOON + 50_000)),
    ),
  );
  expect(totals).toMatchObject({ matched: 10, duplicateIds: 1, neverReachedIis: 0, bypassUnknownId: 0 });
  expect(await engine.rows('SELECT count(*) AS n FROM requests')).toEqual([{ n: 10 }]);
});

it('shows the slowest requests, the slowest first', async () => {
  const { slowest } = await of(together(healthy(), request('slow', NOON, { gateway: { latency_ms: 900 } })), {
    slowest: 2,
  });
  expect(slowest.map(({ correlationId, totalMs }) => [correlationId, totalMs])).toEqual([
    ['slow', 900],
    ['r0', 100],
  ]);
});

it('sees a part of the time where it is told to, and all of it again afterwards', async () => {
  const some = await of(healthy(), { fromMs: NOON + 20_000, toMs: NOON + 49_999 });
  expect(some.totals).toMatchObject({ gatewayRequests: 3, matched: 3 });
  expect((await analyse(engine)).totals).toMatchObject({ gatewayRequests: 10, matched: 10 });
});

it('lists what changed in the set-up, of lists only what differs', async () => {
  const fields = (from_ms: number, list: string) => ({
    file_id: 2,
    server: 'WEB1',
    from_ms,
    fields: list,
    rows_read: 1,
  });
  const { drift } = await of(
    together(
      request('a', NOON),
      request('b', NOON + MINUTE, { app: { policy: 'digest-2' }, gateway: { format: 'path,status' } }),
      {
        iis_fields: [
          fields(NOON, 'date time cs-uri-stem'),
          fields(NOON + MINUTE, 'date time cs-uri-stem sc-user-hash'),
        ],
      },
    ),
  );
  expect(drift).toEqual([
    {
      what: 'access log format of rest API, stage prod',
      server: null,
      fromMs: NOON + MINUTE,
      before: 'requestId',
      after: 'without them',
    },
    { what: 'fields', server: 'WEB1', fromMs: NOON + MINUTE, before: 'without them', after: 'sc-user-hash' },
    { what: 'policy of the app', server: 'WEB1', fromMs: NOON + MINUTE + 90, before: 'digest-1', after: 'digest-2' },
  ]);
});

it('tells the inputs with what could not be read of them', async () => {
  const { inputs } = await of(
    together(healthy(), { rejects: [{ file_id: 1, reason: 'json', rows_rejected: 2, sample: '{' }] }),
  );
  expect(inputs).toHaveLength(5);
  expect(inputs.find(({ kind }) => kind === 'gateway')?.rejects).toEqual([{ reason: 'json', rows: 2, sample: '{' }]);
});

it('ends between two questions when it is told to, and tells how far it is', async () => {
  const told: string[] = [];
  const controller = new AbortController();
  const running = of(healthy(), {
    signal: controller.signal,
    onProgress: ({ done, total }: { done: number; total: number }) => {
      told.push(`${done < total}`);
      if (told.length === 12) controller.abort(new Error('enough'));
    },
  });
  await expect(running).rejects.toThrow('enough');
  expect(told).toEqual(Array(12).fill('true'));
});

it.each([
  [{ slow: 3 }, 'option_unknown'],
  [{ slowest: -1 }, 'option_invalid'],
  [{ marginMs: 0.5 }, 'option_invalid'],
])('refuses the options %j', async (options, code) => {
  expect(await codeOf(() => analyse(engine, options as object))).toBe(code);
});
