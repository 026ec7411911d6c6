/** A value of a row in a report. */
export type Cell = string | number | boolean | null;

/** Rows behind a finding: the first ones, and how many there are. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly total: number;
}

/** A file that was read, every line of it accounted for: lines = read + rejected + skipped. */
export interface InputFile {
  readonly path: string;
  readonly kind: string;
  readonly server: string | null;
  readonly bytes: number;
  readonly lines: number;
  readonly rowsRead: number;
  readonly rowsRejected: number;
  readonly rowsSkipped: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly rejects: readonly { readonly reason: string; readonly rows: number; readonly sample: string }[];
}

/** The hops of a request, in their order. */
export const HOPS = ['total', 'gateway', 'wire', 'iis', 'app', 'function'] as const;
export type Hop = (typeof HOPS)[number];

/** How long a hop took, over all requests of a route: exact percentiles, in milliseconds. */
export interface HopLatency {
  /** As the gateway's log has it, or the path with IDs replaced; null: all routes. */
  readonly route: string | null;
  readonly hop: Hop;
  readonly requests: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How many values are below zero, because two clocks or two ways to measure differ. */
  readonly negative: number;
}

/** What happened over time: one value a bucket, null where there was none. Of one route, or of all (null). */
export interface TimeSeries {
  readonly route: string | null;
  readonly bucketMs: number;
  /** Beginning of each bucket. */
  readonly tMs: readonly number[];
  readonly requests: readonly number[];
  readonly errors: readonly number[];
  readonly refused: readonly number[];
  /** By hop: the 95th percentile in each bucket, in milliseconds. */
  readonly p95Ms: Readonly<Partial<Record<Hop, readonly (number | null)[]>>>;
}

/** How many requests took how long, over time: `counts[latency][time]`. */
export interface HeatMap {
  readonly route: string | null;
  readonly bucketMs: number;
  readonly tMs: readonly number[];
  /** Lower edges, in milliseconds. */
  readonly latencyMs: readonly number[];
  readonly counts: readonly (readonly number[])[];
}

/** One bar of a waterfall. */
export interface Span {
  /** Which log it is from. */
  readonly source: 'gateway' | 'iis' | 'app' | 'function' | 'lambda' | 'workflow' | 'audit' | 'event';
  readonly label: string;
  /** From the beginning of the request. */
  readonly startMs: number;
  /** Null for what is a moment. */
  readonly durationMs: number | null;
  readonly status: string | null;
  readonly isFailure: boolean;
  readonly details: Readonly<Record<string, Cell>>;
}

/** Everything known of one request. */
export interface Waterfall {
  readonly correlationId: string;
  readonly startedMs: number;
  readonly totalMs: number;
  readonly route: string | null;
  readonly status: number | null;
  readonly subject: string | null;
  readonly actor: string | null;
  readonly spans: readonly Span[];
}

/** What was found, as data. */
export interface Finding {
  /** Name of the rule, as docs/trace-findings.md has it. */
  readonly rule: string;
  readonly group: 'bypass' | 'lost' | 'identity' | 'drift' | 'tokens' | 'offload' | 'latency' | 'logs';
  readonly severity: 'error' | 'warning' | 'info';
  /** How sure it is: `certain` is proven by the logs; `suspected` has innocent explanations, which `explanation` names. */
  readonly certainty: 'certain' | 'likely' | 'suspected';
  readonly title: string;
  readonly explanation: string;
  readonly advice: string;
  readonly count: number;
  readonly evidence: Rows;
}

/** One fact that changed, or differs between servers. */
export interface Drift {
  readonly what: string;
  readonly server: string | null;
  readonly fromMs: number;
  readonly before: string;
  readonly after: string;
}

/** Counts that add up. */
export interface Totals {
  readonly gatewayRequests: number;
  readonly iisRequests: number;
  readonly appRequests: number;
  /** IDs that both the gateway's and IIS's log have exactly once. */
  readonly matched: number;
  /** IDs that one log has more than once: kept out of the join, listed by a finding. */
  readonly duplicateIds: number;
  readonly bypassWithoutId: number;
  readonly bypassUnknownId: number;
  readonly neverReachedIis: number;
}

/** All that `baton trace` found: what `--json` prints, the terminal sums up, and the page draws. */
export interface TraceReport {
  readonly version: 1;
  readonly generatedAt: string;
  /** Common time of gateway's and IIS's logs, margin taken off; null where one of them is missing. */
  readonly window: { readonly fromMs: number; readonly toMs: number } | null;
  readonly inputs: readonly InputFile[];
  readonly totals: Totals;
  readonly hops: readonly HopLatency[];
  readonly series: readonly TimeSeries[];
  readonly heat: readonly HeatMap[];
  readonly slowest: readonly Waterfall[];
  readonly drift: readonly Drift[];
  readonly findings: readonly Finding[];
}
