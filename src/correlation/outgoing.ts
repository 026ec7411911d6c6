import type { RequestContext } from '../core/request-context';
import { activeTrace } from './active-span';
import { CORRELATION_HEADER } from './correlation-id';
import { newSpanId } from './span-id';
import { formatAmznTraceId, formatTraceparent } from './trace';

/** The headers by which logs and traces are joined, in small letters: what must not reach hosts that nobody named. */
export const TRACE_HEADERS = ['traceparent', 'tracestate', 'x-amzn-trace-id'] as const;

/**
 * The headers that a call out should carry: the correlation ID, and the trace in both spellings where the request
 * belongs to one. The active span of the app's own OpenTelemetry is the call's parent; without one each call gets a span
 * ID of its own.
 */
export function outgoingHeaders(context: RequestContext): Record<string, string> {
  const headers: Record<string, string> = { [CORRELATION_HEADER]: context.correlationId };
  const { traceId, parentSpanId, sampled } = activeTrace() ?? { ...context, parentSpanId: undefined };
  if (traceId === undefined) return headers;
  const parent = parentSpanId ?? newSpanId();
  headers.traceparent = formatTraceparent(traceId, parent, sampled ?? false);
  headers['X-Amzn-Trace-Id'] = formatAmznTraceId({
    traceId,
    parentSpanId: parent,
    ...(sampled !== undefined && { sampled }),
  });
  return headers;
}
