import { activeTrace } from './active-span';
import { amznRoot, parseAmznTraceId, parseTraceparent, type TraceParent } from './trace';
import { isCorrelationId, newCorrelationId } from './correlation-id';

/** Headers by lower-case name, as Node gives them. */
export type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One request's correlation. */
export interface Correlation extends Partial<TraceParent> {
  readonly correlationId: string;
  /** Where the correlation ID comes from. */
  readonly source: 'header' | 'traceparent' | 'x-amzn-trace-id' | 'new';
  /** True where the request brought a correlation ID that could not be taken over; worth a line in the log. */
  readonly replaced: boolean;
}

const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/**
 * Works out a request's correlation. The gateway's own request ID comes first (`X-Correlation-Id`, which the gateway maps
 * over whatever the client sent), then `traceparent`, then the Root of `X-Amzn-Trace-Id`, then a new UUID.
 *
 * Trace ID and correlation ID stay two things: a trace may hold many requests. The trace is that of the app's own
 * OpenTelemetry where a span is active, else what the request says.
 */
export function resolveCorrelation(headers: IncomingHeaders): Correlation {
  const given = single(headers['x-correlation-id']);
  const w3c = parseTraceparent(single(headers.traceparent));
  const amzn = parseAmznTraceId(single(headers['x-amzn-trace-id']));
  // What the app's own tracing says comes first: its logs would else name another trace than its spans.
  const trace = activeTrace() ?? w3c ?? amzn ?? {};
  if (isCorrelationId(given)) return { correlationId: given, source: 'header', replaced: false, ...trace };
  // IIS's URL Rewrite blanks a header by emptying it: empty counts as absent.
  const replaced = given !== undefined && given !== '';
  if (w3c) return { correlationId: w3c.traceId, source: 'traceparent', replaced, ...trace };
  if (amzn) return { correlationId: amznRoot(amzn.traceId), source: 'x-amzn-trace-id', replaced, ...trace };
  return { correlationId: newCorrelationId(), source: 'new', replaced };
}
