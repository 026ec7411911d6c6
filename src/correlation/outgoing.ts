import { randomBytes } from 'node:crypto';
import type { RequestContext } from '../core/request-context';
import { CORRELATION_HEADER } from './correlation-id';
import { formatAmznTraceId, formatTraceparent } from './trace';

/**
 * The headers that a call out should carry: the correlation ID, and the trace in both spellings where the request
 * belongs to one. Each call gets a span ID of its own.
 */
export function outgoingHeaders(context: RequestContext): Record<string, string> {
  const headers: Record<string, string> = { [CORRELATION_HEADER]: context.correlationId };
  const { traceId, sampled } = context;
  if (traceId === undefined) return headers;
  const parentSpanId = randomBytes(8).toString('hex');
  headers.traceparent = formatTraceparent(traceId, parentSpanId, sampled ?? false);
  headers['X-Amzn-Trace-Id'] = formatAmznTraceId({ traceId, parentSpanId, ...(sampled !== undefined && { sampled }) });
  return headers;
}
