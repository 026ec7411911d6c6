import { hostname } from 'node:os';
import { systemClock, type Clock } from '../core/clock';
import type { ErrorCode } from '../core/error-codes';
import { BatonError } from '../core/errors';
import type {
  FunctionCallMeasure,
  LeftWorkMeasure,
  MetricsSink,
  RequestMeasure,
  WorkflowStartMeasure,
} from '../core/metrics';
import { checkOptionNames, wholeNumber } from '../core/options';
import { onDrain } from '../core/process-hooks';
import { emfLine, type EmfMetric } from './emf';
import { MeasureSeries } from './measure-series';
import { openLineFile } from './line-file';

/** What metrics of requests can be told apart by in CloudWatch. */
export type RequestDimension = 'application' | 'host' | 'route' | 'statusClass';

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** The dimension `application`. */
  readonly application: string;
  /** The file that lines are appended to, for the CloudWatch agent. Give this or `write`. */
  readonly file?: string;
  /** Takes a finished line, without line end. Give this or `file`. */
  readonly write?: (line: string) => void;
  /** The namespace in CloudWatch: 1 to 255 of `[A-Za-z0-9./_#:-]`, and none of AWS's own. Default: `Baton`. */
  readonly namespace?: string;
  /** The dimension `host`. Default: the machine's name. */
  readonly host?: string;
  /**
   * Each set makes a metric for each combination of its dimensions' values, which CloudWatch asks a price for. Default:
   * `[['application'], ['application', 'host'], ['application', 'route', 'statusClass']]`.
   */
  readonly dimensionSets?: readonly (readonly RequestDimension[])[];
  /** How often what was measured is written, in seconds, 1 to 3600. Default: 60. */
  readonly intervalSeconds?: number;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

/** Metrics as lines for CloudWatch. */
export interface Metrics extends MetricsSink {
  /** Writes what was measured, now. */
  flush(): void;
  /** Writes what was measured and ends the interval. */
  close(): void;
}

const OWNER = 'createMetrics()';
const REQUEST_DIMENSIONS: readonly string[] = ['application', 'host', 'route', 'statusClass'];
const DEFAULT_SETS: readonly (readonly RequestDimension[])[] = [
  ['application'],
  ['application', 'host'],
  ['application', 'route', 'statusClass'],
];
/** Stands for each path that no entry of the policy lists, and for requests that were refused before it was looked at. */
const UNLISTED = '(unlisted)';

/** @throws BatonError `option_invalid` */
function check(holds: boolean, message: string): void {
  if (!holds) throw new BatonError('option_invalid', `${OWNER}: ${message}`);
}

const isName = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';

const isDimensionSet = (set: unknown): boolean =>
  Array.isArray(set) &&
  new Set(set).size === set.length &&
  set.every((name: unknown) => typeof name === 'string' && REQUEST_DIMENSIONS.includes(name));

function checkOptions(options: MetricsOptions): void {
  const { application, namespace, host, dimensionSets, file, write } = options;
  check(isName(application), 'option "application" must be a name.');
  check(host === undefined || isName(host), 'option "host" must be a name.');
  check(
    namespace === undefined || /^(?!AWS\/)[\w./#:-]{1,255}$/.test(namespace),
    'option "namespace" must be 1 to 255 of A-Z a-z 0-9 . / _ # : - and must not begin with "AWS/".',
  );
  check(
    dimensionSets === undefined ||
      (Array.isArray(dimensionSets) && dimensionSets.length > 0 && dimensionSets.every(isDimensionSet)),
    `option "dimensionSets" must be lists of ${REQUEST_DIMENSIONS.join(', ')}.`,
  );
  check((file === undefined) !== (write === undefined), 'give either "file" or "write".');
  check(file === undefined || isName(file), 'option "file" must be the path of a file.');
  check(write === undefined || typeof write === 'function', 'option "write" must be a function.');
}

/** How a series is named in CloudWatch. */
interface SeriesNames {
  readonly labels: readonly string[];
  readonly dimensionSets: readonly (readonly string[])[];
  readonly count: string;
  readonly duration?: string;
}

const REFUSALS: SeriesNames = {
  labels: ['code'],
  dimensionSets: [['application'], ['application', 'code']],
  count: 'refused',
};
const FUNCTION_CALLS: SeriesNames = {
  labels: ['function', 'outcome'],
  dimensionSets: [['application', 'function', 'outcome']],
  count: 'functionCalls',
  duration: 'functionDurationMs',
};
const LEFT_WORK: SeriesNames = {
  labels: ['function', 'outcome'],
  dimensionSets: [['application', 'function', 'outcome']],
  count: 'workLeft',
  duration: 'workLeftMs',
};
const WORKFLOW_STARTS: SeriesNames = {
  labels: ['workflow', 'outcome'],
  dimensionSets: [['application', 'workflow', 'outcome']],
  count: 'workflowStarts',
  duration: 'workflowStartMs',
};

const statusClass = (status: number | undefined): string =>
  status === undefined ? 'aborted' : `${Math.floor(status / 100)}xx`;

class EmfMetrics implements Metrics {
  readonly #series: readonly MeasureSeries[];
  readonly #requests: MeasureSeries;
  readonly #refusals: MeasureSeries;
  readonly #functionCalls: MeasureSeries;
  readonly #leftWork: MeasureSeries;
  readonly #workflowStarts: MeasureSeries;
  readonly #timer: NodeJS.Timeout;
  readonly #atExit = (): void => this.flush();
  readonly #offDrain: () => void;

  constructor(options: MetricsOptions, intervalSeconds: number) {
    const write = options.write ?? writerOf(options.file ?? '');
    const { dimensionSets = DEFAULT_SETS } = options;
    const requests = { labels: ['route', 'statusClass'], dimensionSets, count: 'requests', duration: 'durationMs' };
    const make = (names: SeriesNames): MeasureSeries => seriesOf(names, options, write);
    this.#requests = make(requests);
    this.#refusals = make(REFUSALS);
    this.#functionCalls = make(FUNCTION_CALLS);
    this.#leftWork = make(LEFT_WORK);
    this.#workflowStarts = make(WORKFLOW_STARTS);
    this.#series = [this.#requests, this.#refusals, this.#functionCalls, this.#leftWork, this.#workflowStarts];
    this.#timer = setInterval(() => this.flush(), intervalSeconds * 1000).unref();
    process.once('exit', this.#atExit);
    this.#offDrain = onDrain(() => this.flush());
  }

  request({ route = UNLISTED, status, durationMs }: RequestMeasure): void {
    this.#requests.add([route, statusClass(status)], durationMs);
  }

  refused(code: ErrorCode): void {
    this.#refusals.add([code]);
  }

  functionCall({ function: name, outcome, durationMs }: FunctionCallMeasure): void {
    this.#functionCalls.add([name, outcome], durationMs);
  }

  workLeft({ function: name, outcome, durationMs }: LeftWorkMeasure): void {
    this.#leftWork.add([name, outcome], durationMs);
  }

  workflowStart({ workflow, outcome, durationMs }: WorkflowStartMeasure): void {
    this.#workflowStarts.add([workflow, outcome], durationMs);
  }

  flush(): void {
    for (const series of this.#series) series.flush();
  }

  close(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#atExit);
    this.#offDrain();
    this.flush();
  }
}

/** A measure is written once and is worth more than a line of a log: it is kept where the disk is slow. */
function writerOf(path: string): (line: string) => void {
  let told = false;
  const file = openLineFile(path, (error) => {
    if (!told) process.emitWarning(`Metrics are being lost: ${error.message}`);
    told = true;
  });
  return (line) => file.append(line, { urgent: true, kept: true });
}

function seriesOf(
  { labels: labelNames, dimensionSets, count: countName, duration }: SeriesNames,
  { application, namespace = 'Baton', host = hostname(), clock = systemClock }: MetricsOptions,
  write: (line: string) => void,
): MeasureSeries {
  return new MeasureSeries(({ labels, count, durationsMs }) => {
    const dimensions = {
      application,
      host,
      ...Object.fromEntries(labelNames.map((name, i) => [name, labels[i] ?? ''])),
    };
    const metrics: EmfMetric[] = [{ name: countName, unit: 'Count', values: count }];
    if (duration !== undefined) metrics.push({ name: duration, unit: 'Milliseconds', values: durationsMs });
    write(emfLine({ namespace, timestampMs: clock(), dimensionSets, dimensions, metrics }));
  });
}

/**
 * Metrics for CloudWatch, as lines in its Embedded Metric Format: requests and their durations by route and class of status,
 * refusals by code, calls of functions, work left behind and starts of workflows by outcome. The CloudWatch agent sends
 * the file; no AWS client, no call in a request.
 *
 * Routes are the entries of the policy, never paths, and nothing of a caller is among the dimensions: what is counted stays
 * few. Written each interval, for every 100 values, and when the process exits.
 *
 * @throws BatonError `option_unknown`, `option_invalid`
 *
 * @example
 * ```ts
 * const metrics = createMetrics({ application: 'invoices', file: 'C:\\logs\\invoices\\metrics.jsonl' });
 * app.use(baton({ metrics }));
 * ```
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createMetrics(options: MetricsOptions): Metrics {
  checkOptionNames(OWNER, options, {
    application: true,
    file: true,
    write: true,
    namespace: true,
    host: true,
    dimensionSets: true,
    intervalSeconds: true,
    clock: true,
  });
  checkOptions(options);
  const limits = { fallback: 60, min: 1, max: 3600 };
  return new EmfMetrics(options, wholeNumber(OWNER, 'intervalSeconds', options.intervalSeconds, limits));
}
