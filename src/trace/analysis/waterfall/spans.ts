import type { Cell, Span } from '../../report-model';
import { gatewayStretch, ownClock, type Frame } from './frame';
import { placeInside, type PlacedBy, type Stretch } from './place';
import { numberOf, textOf, type LogRow, type Records } from './records';

/** A span on the epoch's clock; {@link Span.startMs} counts from the request's beginning. */
export type TimedSpan = Omit<Span, 'startMs'> & { readonly beganMs: number };

/** What all rows have, and what stands elsewhere in the span. */
const SHOWN_ELSEWHERE = new Set(['file_id', 't_ms', 'sent_logged', 'answered_logged', 'format']);

/** What else the row says, for people. */
export function detailsOf(row: LogRow, more: Readonly<Record<string, Cell>> = {}): Record<string, Cell> {
  const told = Object.entries(row).filter(([column, value]) => value !== null && !SHOWN_ELSEWHERE.has(column));
  return { ...Object.fromEntries(told), ...more };
}

const joined = (...words: (string | undefined)[]): string => words.filter((word) => word !== undefined).join(' ');

/** The request itself in gateway, IIS and app. An ID that a log has twice is there twice, each by its own clock. */
export function requestSpans({ gateway, iis, app }: Records, frame: Frame): TimedSpan[] {
  return [
    ...gateway.flatMap((row) => requestSpan('gateway', row, gatewayStretch(row))),
    ...iis.flatMap((row, n) => requestSpan('iis', row, n === 0 ? frame.iis : atOwnClock(row, 'time_taken_ms'))),
    ...app.flatMap((row, n) => requestSpan('app', row, n === 0 ? frame.app : atOwnClock(row, 'duration_ms'))),
  ];
}

function requestSpan(
  source: 'gateway' | 'iis' | 'app',
  row: LogRow,
  stretch: (Stretch & { readonly by?: PlacedBy }) | undefined,
): TimedSpan[] {
  if (stretch === undefined) return [];
  const { beganMs, durationMs, by } = stretch;
  const span: TimedSpan = {
    source,
    label: joined(textOf(row, 'method'), textOf(row, 'path')),
    beganMs,
    durationMs,
    status: row['status'] === null ? null : String(row['status']),
    isFailure: (numberOf(row, 'status') ?? 0) >= 500 || row['aborted'] === true,
    details: detailsOf(row, by === undefined ? {} : { placed_by: by }),
  };
  return [span];
}

function atOwnClock(row: LogRow, column: string): Stretch | undefined {
  const durationMs = numberOf(row, column) ?? 0;
  const beganMs = ownClock(row, durationMs);
  return beganMs === undefined ? undefined : { beganMs, durationMs };
}

/** Functions that ran, and what Lambda reports of them. Those that the request waited for lie within the app. */
export function functionSpans(records: Records, frame: Frame): TimedSpan[] {
  return records.functions.flatMap((row) => {
    const durationMs = numberOf(row, 'duration_ms') ?? 0;
    const isWaitedFor = !['queue', 'workflow'].includes(textOf(row, 'source') ?? 'call');
    const placed = placeInside(isWaitedFor ? frame.app : undefined, ownClock(row, durationMs), durationMs);
    if (placed === undefined) return [];
    const { stretch, by } = placed;
    const report = records.reports.find(({ request_id: id }) => id !== null && id === row['request_id']);
    const span: TimedSpan = {
      source: 'function',
      label: joined(textOf(row, 'function_name'), row['cold_start'] === true ? '(cold start)' : undefined),
      ...stretch,
      status: textOf(row, 'outcome') ?? null,
      isFailure: row['outcome'] === 'failed',
      details: detailsOf(row, { placed_by: by }),
    };
    return report === undefined ? [span] : [lambdaSpan(report, stretch.beganMs), span];
  });
}

/** Lambda's own measure: the start of a new environment comes before the handler. */
export function lambdaSpan(row: LogRow, handlerBeganMs: number | undefined): TimedSpan {
  const initMs = numberOf(row, 'init_ms') ?? 0;
  const durationMs = (numberOf(row, 'duration_ms') ?? 0) + initMs;
  const beganMs = handlerBeganMs === undefined ? (ownClock(row, durationMs) ?? 0) : handlerBeganMs - initMs;
  const status = textOf(row, 'status') ?? null;
  return {
    source: 'lambda',
    label: initMs > 0 ? 'invocation with start of the environment' : 'invocation',
    beganMs,
    durationMs,
    status,
    isFailure: status !== null && status !== 'success',
    details: detailsOf(row),
  };
}

/** Decisions, errors and other lines: moments, by the clock of who wrote them. */
export function momentSpans({ audit, events }: Records): TimedSpan[] {
  const decisions = audit.map((row) =>
    momentOf('audit', row, joined(textOf(row, 'event'), textOf(row, 'function_name'), textOf(row, 'workflow')), {
      status: joined(textOf(row, 'outcome'), textOf(row, 'reason')),
      isFailure: row['outcome'] === 'denied',
    }),
  );
  const lines = events.map((row) =>
    momentOf('event', row, joined(textOf(row, 'type') ?? 'line', textOf(row, 'function_name')), {
      status: textOf(row, 'code') ?? textOf(row, 'outcome') ?? textOf(row, 'level') ?? '',
      isFailure: row['level'] === 'error',
    }),
  );
  return [...decisions, ...lines];
}

function momentOf(
  source: 'audit' | 'event',
  row: LogRow,
  label: string,
  { status, isFailure }: { readonly status: string; readonly isFailure: boolean },
): TimedSpan {
  const beganMs = numberOf(row, 't_ms') ?? 0;
  return {
    source,
    label,
    beganMs,
    durationMs: null,
    status: status === '' ? null : status,
    isFailure,
    details: detailsOf(row),
  };
}
