/** A metric in a line: its values since the line before. */
export interface EmfMetric {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds';
  readonly values: number | readonly number[];
}

/** What one line says. */
export interface EmfLine {
  readonly namespace: string;
  readonly timestampMs: number;
  /** Each set of names makes a metric of its own in CloudWatch. */
  readonly dimensionSets: readonly (readonly string[])[];
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: readonly EmfMetric[];
}

/** Limits of the format: values of a metric in one line, characters of a dimension's value. */
export const MAX_EMF_VALUES = 100;
const MAX_DIMENSION_LENGTH = 1024;

/** CloudWatch takes ASCII without control characters, not empty, and drops the metric for any other value. */
function dimensionValue(text: string): string {
  const ascii = text.replace(/[^\u0020-\u007e]/g, '?').slice(0, MAX_DIMENSION_LENGTH);
  return ascii.trim() === '' ? '(none)' : ascii;
}

/**
 * A line in CloudWatch's Embedded Metric Format, without line end: a JSON object whose member `_aws` says which of the other
 * members are metrics and which are dimensions.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfLine({ namespace, timestampMs, dimensionSets, dimensions, metrics }: EmfLine): string {
  const directive = {
    Namespace: namespace,
    Dimensions: dimensionSets,
    Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
  };
  const used = [...new Set(dimensionSets.flat())];
  return JSON.stringify({
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: [directive] },
    ...Object.fromEntries(used.map((name) => [name, dimensionValue(dimensions[name] ?? '')])),
    ...Object.fromEntries(metrics.map(({ name, values }) => [name, values])),
  });
}
