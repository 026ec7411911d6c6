import { unbundledPeer } from '../core/peers';
import type { TraceParent } from './trace';

type OpenTelemetry = typeof import('@opentelemetry/api');
type Span = import('@opentelemetry/api').Span;

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

/** The active span of the app's own OpenTelemetry, where it has one. */
export function activeSpan(): Span | undefined {
  return openTelemetry()?.trace.getActiveSpan();
}

/**
 * Where the work at hand stands in the trace of the app's own OpenTelemetry; undefined where it has none, or no span is
 * active.
 *
 * @see https://opentelemetry.io/docs/languages/js/context/
 */
export function activeTrace(): TraceParent | undefined {
  const span = activeSpan()?.spanContext();
  if (api === undefined || span === undefined || !api.isSpanContextValid(span)) return undefined;
  const { traceId, spanId, traceFlags } = span;
  return { traceId, parentSpanId: spanId, sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0 };
}
