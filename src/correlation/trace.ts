/** A position in a distributed trace. */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero; absent where the sender named only the trace. */
  readonly parentSpanId?: string;
  readonly sampled?: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
// All zeros is no ID (W3C Trace Context, section 3.2.2.3): passed on in a traceparent, it would void that too.
const ROOT = /^1-(?!0{8}-0{24}$)([0-9a-f]{8})-([0-9a-f]{24})$/i;
const SPAN = /^(?!0+$)[0-9a-f]{16}$/i;
const ZEROS = /^0+$/;

/** Reads a `traceparent` header (W3C Trace Context, section 3.2); undefined where it is not well-formed. */
export function parseTraceparent(value: string | undefined): TraceParent | undefined {
  if (value === undefined || value === '') return undefined;
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || traceId === undefined || parentSpanId === undefined || flags === undefined)
    return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(parentSpanId)) return undefined;
  return { traceId, parentSpanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

/** Writes a `traceparent` header, version 00. */
export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

interface AmznFields {
  root?: string;
  parent?: string;
  sampled?: string;
}

/** Not by way of a Map: the header comes with each request that went through the gateway. */
function amznFields(value: string): AmznFields {
  const fields: AmznFields = {};
  for (const part of value.split(';', 16)) {
    const at = part.indexOf('=');
    if (at <= 0) continue;
    const name = part.slice(0, at).trim().toLowerCase();
    if (name === 'root' || name === 'parent' || name === 'sampled') fields[name] = part.slice(at + 1).trim();
  }
  return fields;
}

/**
 * Reads an `X-Amzn-Trace-Id` header, key by key: API Gateway sends `Root=…` alone, a load balancer `Self=…;Root=…`, and
 * the order is free. Undefined where there is no usable Root.
 *
 * Source: AWS X-Ray developer guide, "Tracing header".
 */
export function parseAmznTraceId(value: string | undefined): TraceParent | undefined {
  if (value === undefined || value === '') return undefined;
  const { root = '', parent, sampled } = amznFields(value);
  const [, epoch, unique] = ROOT.exec(root) ?? [];
  if (epoch === undefined || unique === undefined) return undefined;
  return {
    traceId: (epoch + unique).toLowerCase(),
    ...(parent !== undefined && SPAN.test(parent) && { parentSpanId: parent.toLowerCase() }),
    ...((sampled === '0' || sampled === '1') && { sampled: sampled === '1' }),
  };
}

/** Writes an `X-Amzn-Trace-Id` header. */
export function formatAmznTraceId({ traceId, parentSpanId, sampled }: TraceParent): string {
  const parent = parentSpanId === undefined ? '' : `;Parent=${parentSpanId}`;
  const decision = sampled === undefined ? '' : `;Sampled=${sampled ? '1' : '0'}`;
  return `Root=${amznRoot(traceId)}${parent}${decision}`;
}

/** A W3C trace ID in X-Ray's spelling. */
export function amznRoot(traceId: string): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`;
}
