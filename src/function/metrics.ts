import type { Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { emfLine, MAX_EMF_VALUES } from '../logging/emf';

/** Options of a function's metrics. */
export interface FunctionMetricsOptions {
  /** The namespace in CloudWatch: 1 to 255 of `[A-Za-z0-9./_#:-]`, and none of AWS's own. Default: `Baton`. */
  readonly namespace?: string;
  /** Takes a finished line, without line end. Default: standard output, which Lambda sends to CloudWatch. */
  readonly write?: (line: string) => void;
}

/** What became of a piece of work: `denied` by who may do what, `failed` for any other reason. */
export type WorkOutcome = 'succeeded' | 'denied' | 'failed';

/** Who is counted, and by which clock. */
export interface MeteredFunction {
  readonly application: string;
  readonly function: string;
  readonly clock: Clock;
}

/** Counts what a function does, and writes it once an invocation: a batch of SQS is one line, or few. */
class FunctionMetrics {
  readonly #write: (line: string) => void;
  readonly #namespace: string;
  readonly #metered: MeteredFunction;

  constructor(metered: MeteredFunction, { namespace = 'Baton', write = printLine }: FunctionMetricsOptions) {
    this.#metered = metered;
    this.#namespace = namespace;
    this.#write = write;
  }

  /** Writes what an invocation came to. */
  write(done: readonly { readonly outcome: WorkOutcome; readonly durationMs: number }[], isColdStart: boolean): void {
    for (let at = 0; at < done.length; at += MAX_EMF_VALUES) {
      this.#writeLine(done.slice(at, at + MAX_EMF_VALUES), isColdStart && at === 0);
    }
  }

  #writeLine(done: readonly { readonly outcome: WorkOutcome; readonly durationMs: number }[], isCold: boolean): void {
    const { application, function: name, clock } = this.#metered;
    const count = (wanted: WorkOutcome): number => done.filter(({ outcome }) => outcome === wanted).length;
    const line = emfLine({
      namespace: this.#namespace,
      timestampMs: clock(),
      dimensionSets: [['application', 'function']],
      dimensions: { application, function: name },
      metrics: [
        { name: 'functionRuns', unit: 'Count', values: done.length },
        { name: 'functionRunMs', unit: 'Milliseconds', values: done.map(({ durationMs }) => durationMs) },
        { name: 'coldStarts', unit: 'Count', values: isCold ? 1 : 0 },
        { name: 'denied', unit: 'Count', values: count('denied') },
        { name: 'failed', unit: 'Count', values: count('failed') },
      ],
    });
    this.#write(line);
  }
}

const OWNER = 'withBaton(): option "metrics"';

/**
 * The metrics that the options ask for: by default only where Lambda runs the function, whose output CloudWatch reads.
 * @throws BatonError `option_invalid`, `option_unknown`
 */
export function functionMetrics(
  metered: MeteredFunction,
  options: FunctionMetricsOptions | boolean = process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined,
): FunctionMetrics | undefined {
  if (options === false) return undefined;
  if (options === true) return new FunctionMetrics(metered, {});
  checkOptionNames(OWNER, options, { namespace: true, write: true });
  const { namespace, write } = options;
  if (namespace !== undefined && !/^(?!AWS\/)[\w./#:-]{1,255}$/.test(namespace)) {
    throw new BatonError('option_invalid', `${OWNER}: "namespace" must be 1 to 255 of A-Z a-z 0-9 . / _ # : -.`);
  }
  if (write !== undefined && typeof write !== 'function') {
    throw new BatonError('option_invalid', `${OWNER}: "write" must be a function.`);
  }
  return new FunctionMetrics(metered, options);
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
