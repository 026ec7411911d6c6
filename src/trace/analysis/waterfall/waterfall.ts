import type { Span, Waterfall } from '../../report-model';
import { frameOf } from './frame';
import { numberOf, textOf, type LogRow, type Records } from './records';
import { functionSpans, momentSpans, requestSpans, type TimedSpan } from './spans';
import { workflowSpans } from './workflow-spans';

/** The order of what begins at one moment: who is around comes first. */
const SOURCES: readonly Span['source'][] = [
  'gateway',
  'iis',
  'app',
  'audit',
  'event',
  'lambda',
  'function',
  'workflow',
];

const tenth = (ms: number): number => Math.round(ms * 10) / 10;

/** One request as a waterfall; undefined where no log has anything of it. */
export function waterfallOf(correlationId: string, records: Records): Waterfall | undefined {
  const frame = frameOf(records);
  const spans = [
    ...requestSpans(records, frame),
    ...functionSpans(records, frame),
    ...momentSpans(records),
    ...workflowSpans(records.workflow),
  ];
  return waterfallFrom(correlationId, records, spans);
}

/** Spans that are there already, in their order and counted from the first. */
export function waterfallFrom(
  correlationId: string,
  records: Pick<Records, 'gateway' | 'iis' | 'app'>,
  timed: readonly TimedSpan[],
): Waterfall | undefined {
  if (timed.length === 0) return undefined;
  const outer = timed.find(({ source }) => source === 'gateway' || source === 'iis' || source === 'app');
  // Clocks differ: a decision may seem to come before its request. The request begins with its outermost log.
  const startedMs = outer?.beganMs ?? Math.min(...timed.map(({ beganMs }) => beganMs));
  const spans = timed
    .map(({ beganMs, ...span }) => ({
      ...span,
      durationMs: span.durationMs === null ? null : tenth(span.durationMs),
      startMs: tenth(beganMs - startedMs),
    }))
    .sort(inOrder);
  const ends = spans.map(({ startMs, durationMs }) => startMs + (durationMs ?? 0));
  const [gateway, iis, app] = [records.gateway[0], records.iis[0], records.app[0]];
  const first = gateway ?? iis ?? app;
  return {
    correlationId,
    startedMs,
    totalMs: outer?.durationMs == null ? tenth(Math.max(...ends)) : tenth(outer.durationMs),
    route: (gateway && textOf(gateway, 'route')) ?? methodAndPath(first),
    status: (first && numberOf(first, 'status')) ?? null,
    subject: (app && textOf(app, 'subject')) ?? (gateway && textOf(gateway, 'principal')) ?? null,
    actor: (app && textOf(app, 'actor')) ?? null,
    spans,
  };
}

function methodAndPath(row: LogRow | undefined): string | null {
  if (row === undefined) return null;
  return [textOf(row, 'method'), textOf(row, 'path')].filter((word) => word !== undefined).join(' ') || null;
}

const inOrder = (a: Span, b: Span): number =>
  a.startMs - b.startMs ||
  (b.durationMs ?? -1) - (a.durationMs ?? -1) ||
  SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source);
