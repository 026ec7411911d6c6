import { checkOptionNames, wholeNumber, type OptionNames } from '../../core/options';
import type { Finding, TraceReport, Totals } from '../report-model';
import { derivedTables } from './derived';
import { readDrift } from './drift';
import { readHopLatencies } from './hops';
import { readInputs } from './inputs';
import { latencyRose } from './latency-change';
import { narrowTo } from './narrowed';
import { readHeatMaps, readTimeGrid, readTimeSeries } from './over-time';
import { PRELUDE } from './prelude';
import { RULES } from './rules';
import { runRule } from './rules/run';
import type { SqlEngine } from './sql-engine';
import { DEFAULT_MARGIN_MS } from './sql/settings';
import { TOTALS_SQL, slowestSql } from './sql/totals';
import { readRecords, recordsOf, valuesOf } from './waterfall/records';
import { waterfallOf } from './waterfall/waterfall';

/** What the analysis is at, for a line of progress. */
export interface AnalysisProgress {
  /** For people. */
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** Options of {@link analyse}. */
export interface AnalyseOptions {
  /** Cut off both ends of the time that gateway's and IIS's logs share, in milliseconds. Default 89,000. */
  readonly marginMs?: number | undefined;
  /** How many of the slowest requests are shown as waterfalls. Default 20. */
  readonly slowest?: number | undefined;
  /** Leaves out what is earlier, in milliseconds since the epoch. */
  readonly fromMs?: number | undefined;
  /** Leaves out what is later. */
  readonly toMs?: number | undefined;
  /** Ends the analysis between two questions. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: AnalysisProgress) => void) | undefined;
  /** For `generatedAt`. Default: the clock. */
  readonly now?: (() => number) | undefined;
}

const OPTION_NAMES: OptionNames<AnalyseOptions> = {
  marginMs: true,
  slowest: true,
  fromMs: true,
  toMs: true,
  signal: true,
  onProgress: true,
  now: true,
};

const DAY_MS = 86_400_000;

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'info'];

/**
 * Joins the logs that are in the tables of the schema, and says what they show.
 *
 * @throws BatonError `option_unknown`, `option_invalid`; what `signal` was aborted with
 * @example
 * ```ts
 * await ingest(engine, { paths: ['logs'] });
 * const { totals, findings } = await analyse(engine);
 * ```
 */
export async function analyse(engine: SqlEngine, options: AnalyseOptions = {}): Promise<TraceReport> {
  checkOptionNames('analyse', options, OPTION_NAMES);
  const owner = 'analyse';
  const marginMs = wholeNumber(owner, 'marginMs', options.marginMs, {
    fallback: DEFAULT_MARGIN_MS,
    min: 0,
    max: DAY_MS,
  });
  const slowest = wholeNumber(owner, 'slowest', options.slowest, { fallback: 20, min: 0, max: 1000 });
  const steps = stepsWith(options, derivedTables({ marginMs }).length + 4 + RULES.length);
  for (const macro of PRELUDE) await engine.run(macro);
  const widen = await narrowTo(engine, options);
  try {
    for (const { name, holds, sql } of derivedTables({ marginMs })) {
      steps.next(holds);
      await engine.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${sql}`);
    }
    return await reportOf(engine, slowest, steps, options.now ?? Date.now);
  } finally {
    await widen();
  }
}

interface Steps {
  next(step: string): void;
}

function stepsWith({ signal, onProgress }: AnalyseOptions, total: number): Steps {
  let done = 0;
  return {
    next: (step) => {
      signal?.throwIfAborted();
      onProgress?.({ step, done: done++, total });
    },
  };
}

async function reportOf(engine: SqlEngine, slowest: number, steps: Steps, now: () => number): Promise<TraceReport> {
  steps.next('latency by hop');
  const hops = await readHopLatencies(engine);
  steps.next('latency over time');
  const grid = await readTimeGrid(engine);
  const series = grid === undefined ? [] : await readTimeSeries(engine, grid);
  const heat = grid === undefined ? [] : await readHeatMaps(engine, grid);
  steps.next('the slowest requests');
  const slowestRequests = await readSlowest(engine, slowest);
  steps.next('drift');
  const drift = await readDrift(engine);
  const findings = [latencyRose(series), ...(await runRules(engine, steps))].filter((one) => one !== undefined);
  return {
    version: 1,
    generatedAt: new Date(now()).toISOString(),
    window: await readWindow(engine),
    inputs: await readInputs(engine),
    totals: await readTotals(engine),
    ...{ hops, series, heat, slowest: slowestRequests, drift },
    findings: findings.sort(
      (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count,
    ),
  };
}

async function runRules(engine: SqlEngine, steps: Steps): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const rule of RULES) {
    steps.next(rule.about);
    const finding = await runRule(engine, rule);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

async function readWindow(engine: SqlEngine): Promise<TraceReport['window']> {
  const [row] = await engine.rows('SELECT from_ms, to_ms FROM common_window WHERE from_ms <= to_ms');
  return row === undefined ? null : { fromMs: Number(row['from_ms']), toMs: Number(row['to_ms']) };
}

async function readTotals(engine: SqlEngine): Promise<Totals> {
  const [row = {}] = await engine.rows(TOTALS_SQL);
  const number = (column: string): number => Number(row[column] ?? 0);
  return {
    gatewayRequests: number('gateway_requests'),
    iisRequests: number('iis_requests'),
    appRequests: number('app_requests'),
    matched: number('matched'),
    duplicateIds: number('duplicate_ids'),
    bypassWithoutId: number('bypass_without_id'),
    bypassUnknownId: number('bypass_unknown_id'),
    neverReachedIis: number('never_reached_iis'),
  };
}

async function readSlowest(engine: SqlEngine, count: number): Promise<TraceReport['slowest']> {
  if (count === 0) return [];
  const ids = valuesOf(await engine.rows(slowestSql(count)), 'correlation_id');
  const records = await readRecords(engine, ids);
  return ids.flatMap((id) => waterfallOf(id, recordsOf(records, id)) ?? []);
}
