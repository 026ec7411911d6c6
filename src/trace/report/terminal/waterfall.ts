import type { Span, Waterfall } from '../../report-model';
import { spanFacts } from '../cells';
import { duration, exactTime, shortDuration } from '../units';
import { SPAN_HOPS } from '../words';
import { bar, cell, cut, painter, wrapped, type Paint, type Screen } from './text';
import { printable } from '../../../core/printable';

const COLORS: Readonly<Record<(typeof SPAN_HOPS)[Span['source']], Paint>> = {
  total: 'bold',
  gateway: 'magenta',
  wire: 'dim',
  iis: 'blue',
  app: 'green',
  function: 'yellow',
};

/** Source, figures and outcome beside label and bar. */
const BESIDE = 35;

/** Everything known of one request, as bars over time: one line a line of a log, in its order. */
export function terminalWaterfall(waterfall: Waterfall, screen: Screen): string {
  const { spans, totalMs, correlationId } = waterfall;
  const from = Math.min(0, ...spans.map(({ startMs }) => startMs));
  const to = Math.max(totalMs, from + 1e-3, ...spans.map(({ startMs, durationMs }) => startMs + (durationMs ?? 0)));
  const labelWidth = Math.min(Math.max(Math.floor(screen.columns / 5), 13), 30);
  const width = Math.max(screen.columns - BESIDE - labelWidth, 16);
  const paint = painter(screen);
  const head = `${cell('Log', 9)}${cell('What', labelWidth + 1)}${cell(shortDuration(from), width - 8)}${cell(shortDuration(to), 8, 'right')}${cell('takes', 10, 'right')}  outcome`;
  const rows = spans.flatMap((span) =>
    spanLines(span, { from, length: to - from, width, labelWidth, correlationId }, screen),
  );
  return [...headLines(waterfall, screen), '', paint(head, 'dim'), ...rows].join('\n');
}

function headLines(
  { correlationId, startedMs, totalMs, route, status, subject, actor }: Waterfall,
  screen: Screen,
): string[] {
  const paint = painter(screen);
  const color: Paint = status === null || status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
  const outcome = `${status ?? 'no answer'}, ${duration(totalMs)}`;
  const caller = subject === null ? 'caller not known' : `caller ${subject}`;
  return [
    paint(cell(`Request ${correlationId}`, screen.columns).trimEnd(), 'bold'),
    `${cell(route ?? 'no route', Math.max(screen.columns - outcome.length - 2, 20)).trimEnd()}  ${paint(outcome, color)}`,
    ...wrapped(
      `${exactTime(startedMs)} UTC, ${caller}${actor === null ? '' : `, through ${actor}`}`,
      screen.columns,
    ).map((line) => paint(line, 'dim')),
  ];
}

interface Scale {
  readonly from: number;
  readonly length: number;
  readonly width: number;
  readonly labelWidth: number;
  readonly correlationId: string;
}

function spanLines(span: Span, { from, length, width, labelWidth, correlationId }: Scale, screen: Screen): string[] {
  const { source, label, startMs, durationMs, status, isFailure } = span;
  const paint = painter(screen);
  const before = Math.min(Math.floor(((startMs - from) / length) * width), width - 1);
  const drawn = durationMs === null ? '◆' : bar(durationMs / length, width - before);
  const bars = `${' '.repeat(before)}${paint(drawn, COLORS[SPAN_HOPS[source]])}${' '.repeat(Math.max(width - before - drawn.length, 0))}`;
  const outcome = status ?? (isFailure ? 'failed' : '');
  const line = `${cell(source, 9)}${cell(label, labelWidth)} ${bars}${cell(durationMs === null ? '' : shortDuration(durationMs), 10, 'right')}  ${paint(cell(outcome, 13).trimEnd(), ...(isFailure ? (['red'] as const) : []))}`;
  const facts = spanFacts(span, correlationId);
  if (facts === '') return [line.trimEnd()];
  return [line.trimEnd(), paint(`         ${cut(printable(facts), screen.columns - 9)}`, 'dim')];
}
