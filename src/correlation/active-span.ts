import { unbundledPeer } from '../core/peers';
import type { TraceParent } from './trace';

type OpenTelemetry = typeof import('@opentelemetry/api');

/** What a span is told. Nothing that names a person: spans go to whoever runs the tracing. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

let api: OpenTelemetry | undefined;
let looked = false;

/** The app's own OpenTelemetry, where it has one. Looked for once: an app without it pays for nothing. */
function openTelemetry(): OpenTelemetry | undefined {
  if (looked) return api;
  looked = true;
  try {
    api = unbundledPeer<OpenTelemetry>('@opentelemetry/api', 'Attributes on spans');
  } catch {
    // It is no peer that anything needs: without it there are no spans to say something on.
  }
  return api;
}

/**
 * Where the work at hand stands in the trace of the app's own OpenTelemetry; undefined where it has none, or no span is
 * active.
 *
 * @see https://opentelemetry.io/docs/languages/js/context/
 */
export function activeTrace(): TraceParent | undefined {
  const otel = openTelemetry();
  const span = otel?.trace.getActiveSpan()?.spanContext();
  if (otel === undefined || span === undefined || !otel.isSpanContextValid(span)) return undefined;
  const { traceId, spanId, traceFlags } = span;
  return { traceId, parentSpanId: spanId, sampled: (traceFlags & otel.TraceFlags.SAMPLED) !== 0 };
}

/** Says something of the work at hand on the active span, where there is one. */
export function describeActiveSpan(attributes: SpanAttributes): void {
  openTelemetry()?.trace.getActiveSpan()?.setAttributes(attributes);
}
