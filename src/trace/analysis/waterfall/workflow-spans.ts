import { numberOf, textOf, valuesOf, type LogRow } from './records';
import { detailsOf, type TimedSpan } from './spans';

const END = /^Execution(?:Succeeded|Failed|Aborted|TimedOut)$/;
const FAILURE = /(?:Failed|TimedOut|Aborted)$/;

/** Executions as spans: each as a whole, its states inside, and what failed in them. */
export function workflowSpans(events: readonly LogRow[]): TimedSpan[] {
  return valuesOf(events, 'execution').flatMap((execution) =>
    executionSpans(
      execution,
      events.filter((row) => row['execution'] === execution),
    ),
  );
}

function executionSpans(execution: string, events: readonly LogRow[]): TimedSpan[] {
  const times = events.map((row) => numberOf(row, 't_ms') ?? 0);
  const beganMs = Math.min(...times);
  const end = events.find((row) => END.test(typeOf(row)));
  const whole = spanOf(execution, beganMs, (end && numberOf(end, 't_ms')) ?? Math.max(...times), {
    status: end === undefined ? 'no end in the logs' : typeOf(end),
    isFailure: end !== undefined && FAILURE.test(typeOf(end)),
    details: { execution, events: events.length, error: (end && textOf(end, 'error')) ?? null },
  });
  return [whole, ...stateSpans(events)];
}

/** A state from `…StateEntered` to its next `…StateExited`; one that never ends is a moment. */
function stateSpans(events: readonly LogRow[]): TimedSpan[] {
  const exits = events.filter((row) => typeOf(row).endsWith('StateExited'));
  const used = new Set<LogRow>();
  return events.flatMap((row, n) => {
    const type = typeOf(row);
    if (type.endsWith('StateEntered')) {
      const exit = exits.find((one) => !used.has(one) && one['state'] === row['state'] && isAfter(one, row));
      if (exit !== undefined) used.add(exit);
      const beganMs = numberOf(row, 't_ms') ?? 0;
      const endedMs = exit === undefined ? null : (numberOf(exit, 't_ms') ?? beganMs);
      const status = exit === undefined ? 'no end in the logs' : null;
      return [
        spanOf(textOf(row, 'state') ?? `event ${n + 1}`, beganMs, endedMs, {
          status,
          isFailure: false,
          details: detailsOf(row),
        }),
      ];
    }
    if (!FAILURE.test(type) || END.test(type)) return [];
    const label = textOf(row, 'state') ?? type;
    return [
      spanOf(label, numberOf(row, 't_ms') ?? 0, null, { status: type, isFailure: true, details: detailsOf(row) }),
    ];
  });
}

const typeOf = (row: LogRow): string => textOf(row, 'event_type') ?? '';

const isAfter = (one: LogRow, other: LogRow): boolean =>
  (numberOf(one, 'event_id') ?? 0) > (numberOf(other, 'event_id') ?? 0) ||
  (one['event_id'] === null && (numberOf(one, 't_ms') ?? 0) >= (numberOf(other, 't_ms') ?? 0));

function spanOf(
  label: string,
  beganMs: number,
  endedMs: number | null,
  rest: Pick<TimedSpan, 'status' | 'isFailure' | 'details'>,
): TimedSpan {
  return { source: 'workflow', label, beganMs, durationMs: endedMs === null ? null : endedMs - beganMs, ...rest };
}
