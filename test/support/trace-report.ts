import {
  HOPS,
  type Finding,
  type HopLatency,
  type TimeSeries,
  type TraceReport,
  type Waterfall,
} from '../../src/trace/report-model';

const START = Date.UTC(2026, 2, 12);
const BUCKET = 600_000;
const BUCKETS = 144;
const EDGES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Pseudo-random numbers that are the same in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ROUTES: readonly (readonly [route: string, share: number, ms: number])[] = [
  ['GET /invoices/{id}', 0.46, 60],
  ['GET /invoices', 0.22, 110],
  ['POST /invoices/{id}/render', 0.09, 900],
  ['POST /invoices/{id}/approve', 0.08, 140],
  ['GET /customers/{customerId}/statements/{year}', 0.07, 420],
  ['PUT /invoices/{id}', 0.05, 170],
  ['GET /health', 0.03, 6],
];
/** How the time of a request is spent: gateway, wire, IIS, app, function. */
const SPLIT = { gateway: 0.14, wire: 0.07, iis: 0.09, app: 0.42, function: 0.28 } as const;

/** A day of an application, as the analysis gives it: with a rush hour, a deployment, and an afternoon in which IIS queued. */
export function traceReport(changes: Partial<TraceReport> = {}): TraceReport {
  const random = randomFrom(7);
  const routes = [null, ...ROUTES.map(([route]) => route)];
  return {
    version: 1,
    generatedAt: '2026-03-13T06:00:00.000Z',
    window: { fromMs: START, toMs: START + BUCKETS * BUCKET },
    inputs: inputs(),
    totals: {
      gatewayRequests: 2_964_353,
      iisRequests: 2_984_911,
      appRequests: 2_955_142,
      matched: 2_949_264,
      duplicateIds: 12,
      bypassWithoutId: 29_769,
      bypassUnknownId: 5878,
      neverReachedIis: 15_089,
    },
    hops: routes.flatMap(hopsOf),
    series: routes.map((route) => seriesOf(route, random)),
    heat: routes.map((route) => heatOf(route, random)),
    slowest: Array.from({ length: 12 }, (_, index) => waterfall(index, random)).toSorted(
      (a, b) => b.totalMs - a.totalMs,
    ),
    drift: [
      drift('policy digest', 'WEB02', 9.5, 'sha256-Zm9vYmFyYmF6', 'sha256-cXV1eC1xdXV4'),
      drift(
        'IIS #Fields',
        'WEB01',
        11.2,
        'date time s-ip cs-method cs-uri-stem sc-status time-taken',
        'date time s-ip cs-method cs-uri-stem sc-status time-taken cs-correlation-id sc-correlation-id',
      ),
      drift('access-log format of the gateway', null, 14, '18 keys', '17 keys: without integrationLatency'),
    ],
    findings: findings(),
    ...changes,
  };
}

/** A report in which nothing was found and nothing read. */
export const emptyReport = (): TraceReport =>
  traceReport({
    window: null,
    inputs: [],
    totals: {
      gatewayRequests: 0,
      iisRequests: 0,
      appRequests: 0,
      matched: 0,
      duplicateIds: 0,
      bypassWithoutId: 0,
      bypassUnknownId: 0,
      neverReachedIis: 0,
    },
    hops: [],
    series: [],
    heat: [],
    slowest: [],
    drift: [],
    findings: [],
  });

const shareOf = (route: string | null): number => ROUTES.find(([name]) => name === route)?.[1] ?? 1;
const typicalOf = (route: string | null): number => ROUTES.find(([name]) => name === route)?.[2] ?? 160;

function hopsOf(route: string | null): HopLatency[] {
  const requests = Math.round(2_949_264 * shareOf(route));
  return HOPS.map((hop) => {
    const isCalled = hop !== 'function' || route === null || route.includes('render') || route.includes('statements');
    const meanMs = typicalOf(route) * (hop === 'total' ? 1 : SPLIT[hop]) * (isCalled ? 1 : 0.02);
    return {
      route,
      hop,
      requests,
      meanMs,
      p50Ms: meanMs * 0.8,
      p90Ms: meanMs * 2.1,
      p95Ms: meanMs * 3.2,
      p99Ms: meanMs * 7.4,
      maxMs: meanMs * 60,
      negative: hop === 'wire' ? Math.round(requests * 0.013) : 0,
    };
  });
}

/** Office hours, and trouble between 14:00 and 15:30. */
const loadAt = (index: number): number =>
  0.15 + Math.exp(-(((index - 66) / 26) ** 2)) + 0.5 * Math.exp(-(((index - 90) / 10) ** 2));
const troubleAt = (index: number): number => (index >= 84 && index < 93 ? 4.5 : 1);

function seriesOf(route: string | null, random: () => number): TimeSeries {
  const at = Array.from({ length: BUCKETS }, (_, index) => index);
  const requests = at.map((index) => Math.round(38_000 * shareOf(route) * loadAt(index) * (0.9 + 0.2 * random())));
  const line = (factor: number, suffers: boolean): number[] =>
    at.map((index) => typicalOf(route) * 3 * factor * (suffers ? troubleAt(index) : 1) * (0.85 + 0.3 * random()));
  return {
    route,
    bucketMs: BUCKET,
    tMs: at.map((index) => START + index * BUCKET),
    requests,
    errors: requests.map((some, index) => Math.round(some * 0.0012 * troubleAt(index) ** 2 * random())),
    refused: requests.map((some) => Math.round(some * 0.008 * (0.5 + random()))),
    p95Ms: {
      total: line(1, true),
      gateway: line(SPLIT.gateway, false),
      wire: line(SPLIT.wire, false),
      iis: line(SPLIT.iis, true),
      app: line(SPLIT.app, false),
      function: line(SPLIT.function, false).map((value, index) => (index % 50 === 49 ? null : value)),
    },
  };
}

function heatOf(route: string | null, random: () => number): TraceReport['heat'][number] {
  const center = Math.log(typicalOf(route));
  return {
    route,
    bucketMs: BUCKET,
    tMs: Array.from({ length: BUCKETS }, (_, index) => START + index * BUCKET),
    latencyMs: EDGES,
    counts: EDGES.map((edge) =>
      Array.from({ length: BUCKETS }, (_, index) => {
        const shift = Math.log(troubleAt(index)) * 0.7;
        const density = Math.exp(-((Math.log(edge) - center + 0.8 - shift) ** 2) / 1.4);
        return Math.round(12_000 * shareOf(route) * loadAt(index) * density * (0.7 + 0.6 * random()));
      }),
    ),
  };
}

function waterfall(index: number, random: () => number): Waterfall {
  const [route, , ms] = ROUTES[(index * 2) % ROUTES.length]!;
  const totalMs = Math.round(ms * 40 * (1.2 - index / 20));
  const correlationId = `Uj${String(index).padStart(3, '0')}k9FIAMEVrw=`;
  const part = (from: number, to: number) => ({ startMs: totalMs * from, durationMs: totalMs * (to - from) });
  const late = index === 3;
  return {
    correlationId,
    startedMs: START + Math.round(random() * BUCKETS) * BUCKET + 4321,
    totalMs,
    route,
    status: late ? 504 : 200,
    subject: index % 3 === 0 ? 'entra:4f0c2f5e-5d0c-4f65-9e4e-8ab9d1b3c101' : null,
    actor: index % 4 === 0 ? 'invoice-copilot' : null,
    spans: [
      {
        source: 'gateway',
        label: 'gateway',
        ...part(0, 1),
        status: late ? '504' : '200',
        isFailure: late,
        details: { authorizer_ms: 42, source_ip: '203.0.113.9' },
      },
      {
        source: 'audit',
        label: 'authenticate',
        startMs: 40,
        durationMs: null,
        status: 'allowed',
        isFailure: false,
        details: {},
      },
      {
        source: 'iis',
        label: 'IIS on WEB01',
        ...part(0.08, 0.97),
        status: '200',
        isFailure: false,
        details: { win32_status: 0, time_taken_ms: 812 },
      },
      {
        source: 'app',
        label: 'app',
        ...part(0.2, 0.95),
        status: '200',
        isFailure: false,
        details: { policy: 'sha256-Zm9vYmFyYmF6' },
      },
      {
        source: 'function',
        label: 'render-invoice',
        ...part(0.3, 0.9),
        status: late ? 'failed' : 'succeeded',
        isFailure: late,
        details: { cold_start: true },
      },
      {
        source: 'lambda',
        label: 'REPORT',
        ...part(0.32, 0.89),
        status: null,
        isFailure: false,
        details: { billed_ms: 600, memory_mb: 512, max_memory_mb: 341 },
      },
    ],
  };
}

const drift = (what: string, server: string | null, hour: number, before: string, after: string) => ({
  what,
  server,
  fromMs: START + hour * 3_600_000,
  before,
  after,
});

function inputs(): TraceReport['inputs'] {
  const file = (path: string, kind: string, server: string | null, lines: number, rejected: number) => ({
    path,
    kind,
    server,
    bytes: lines * 160,
    lines,
    rowsRead: lines - rejected - 8,
    rowsRejected: rejected,
    rowsSkipped: 8,
    firstMs: START,
    lastMs: START + BUCKETS * BUCKET - 1000,
    rejects:
      rejected === 0
        ? []
        : [{ reason: 'width', rows: rejected, sample: '2026-03-12 10:00:01 10.0.0.4 GET /invoices/7 - 443 -' }],
  });
  return [
    file('logs/WEB01/W3SVC1/u_ex260312_x.log', 'iis', 'WEB01', 1_502_311, 4),
    file('logs/WEB02/W3SVC1/u_ex260312_x.log', 'iis', 'WEB02', 1_482_620, 0),
    file('logs/gateway/2026-03-12.jsonl.gz', 'gateway', null, 2_964_361, 0),
    file('logs/WEB01/app.jsonl', 'app', 'WEB01', 2_955_150, 21),
    file('logs/lambda/render-invoice.log', 'lambda', null, 294_907, 0),
  ];
}

function findings(): readonly Finding[] {
  const evidence = (columns: string[], rows: (string | number | boolean | null)[][], total = rows.length) => ({
    columns,
    rows,
    total,
  });
  return [
    {
      rule: 'bypass-without-id',
      group: 'bypass',
      severity: 'error',
      certainty: 'certain',
      title: 'Requests reached IIS without the gateway',
      explanation: 'IIS answered requests that carry no correlation ID, and their sender is not API Gateway.',
      advice: 'Let only the gateway reach the server: a VPC link, a security group, or mutual TLS.',
      count: 29_769,
      evidence: evidence(
        ['t_ms', 'server', 'client_ip', 'method', 'path', 'status', 'time_taken_ms'],
        Array.from({ length: 20 }, (_, i) => [
          START + i * 61_000,
          'WEB01',
          `198.51.100.${i}`,
          'GET',
          `/invoices/${i}`,
          i % 3 ? 401 : 200,
          12 + i,
        ]),
        29_769,
      ),
    },
    {
      rule: 'policy-drift',
      group: 'drift',
      severity: 'error',
      certainty: 'certain',
      title: 'Servers decide by different policies',
      explanation: 'From 09:30 on, WEB02 decided by another policy than WEB01 and the authorizer.',
      advice: 'Deploy the same policy file to all servers.',
      count: 2,
      evidence: evidence(
        ['server', 'policy', 'first_ms', 'requests'],
        [
          ['WEB01', 'sha256-Zm9vYmFyYmF6', START, 1_502_000],
          ['WEB02', 'sha256-cXV1eC1xdXV4', START + 34_200_000, 812_331],
        ],
      ),
    },
    {
      rule: 'never-reached-iis',
      group: 'lost',
      severity: 'warning',
      certainty: 'likely',
      title: 'Requests of the gateway never reached IIS',
      explanation: 'The gateway asked its integration, and no log of IIS has the ID.',
      advice: 'Look at the load balancer and HTTPERR of the same minutes.',
      count: 15_089,
      evidence: evidence(
        ['t_ms', 'correlation_id', 'route', 'status', 'integration_ms'],
        [[START + 1, 'Uj1=', 'GET /invoices', 504, 29_000]],
        15_089,
      ),
    },
    {
      rule: 'iis-queue',
      group: 'latency',
      severity: 'warning',
      certainty: 'suspected',
      title: 'IIS itself took most of the time between 14:00 and 15:30',
      explanation: 'The 95th percentile of the hop IIS was above that of the app.',
      advice: 'Look at the queue length of the application pool and at modules that block.',
      count: 9,
      evidence: evidence(['bucket_ms', 'server', 'p95_ms'], [[START + 50_400_000, 'WEB01', 1843.25]]),
    },
    {
      rule: 'token-expired',
      group: 'tokens',
      severity: 'info',
      certainty: 'certain',
      title: 'Tokens were refused because they had expired',
      explanation: 'Callers came with tokens that were no longer valid.',
      advice: 'Nothing, unless one client does it again and again.',
      count: 412,
      evidence: evidence([], []),
    },
  ];
}
