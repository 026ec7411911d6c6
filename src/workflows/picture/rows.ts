import { printable } from '../../core/printable';
import type { StateNode, Transition } from './graph';
import { wayKey, type RunPath, type StateOutcome, type StateTrace } from './run-path';

/** What a text in a picture is, and so how it looks. */
export type Tone = 'name' | 'detail' | 'time' | 'needs' | 'retry' | 'error' | 'rule' | 'catch' | 'target';

/** A line in a state's box: something at the left, something at the right. */
export interface Row {
  readonly text: string;
  readonly tone: Tone;
  readonly right?: string;
  readonly rightTone?: Tone;
  /** The way that leaves the box beside this line. */
  readonly leaves?: Transition;
}

/** How a state stands in the run; `not reached` where the run did not come to it. */
export type Standing = StateOutcome | 'not reached';

/** How a state stands, as a sign: nobody needs to see colours to read it. */
export const MARKS: Readonly<Record<Standing, string>> = {
  passed: '✓',
  running: '▸',
  caught: '!',
  failed: '✗',
  stopped: '■',
  'not reached': '·',
};

/** What a picture says beside the machine itself. */
export interface Annotations {
  /** What happened in a run. */
  readonly run?: RunPath;
  /** When the picture was made: how long a state is at work so far. */
  readonly at?: Date;
  /** Whether the page has the texts of errors, which may quote anything. Default false: their names alone. */
  readonly causes?: boolean;
  /** What the policy asks for, by state: `asks invoice:pay`. */
  readonly needs?: Readonly<Record<string, string>>;
}

/** Where a state stands; undefined where the picture is of no run. */
export function standingOf({ name }: StateNode, { run }: Annotations): Standing | undefined {
  return run === undefined ? undefined : (run.states.get(name)?.outcome ?? 'not reached');
}

/** How often a way was gone in the run; undefined where the picture is of no run. */
export function takenTimes(from: string, { to, kind }: Transition, { run }: Annotations): number | undefined {
  return run === undefined ? undefined : (run.ways.get(wayKey(from, to, kind === 'catch')) ?? 0);
}

const UNITS = [
  [86_400_000, 'd', 3_600_000, 'h'],
  [3_600_000, 'h', 60_000, 'min'],
  [60_000, 'min', 1000, 's'],
] as const;

/** A time as people say it: `820 ms`, `4.1 s`, `3 min 5 s`, `2 d 4 h`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return '?';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const [unitMs, unit, smallMs, small] = UNITS.find(([least]) => ms >= least) ?? UNITS[2];
  const rest = Math.floor((ms % unitMs) / smallMs);
  return `${Math.floor(ms / unitMs)} ${unit}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** How long a state took, over all its visits. */
export function tookText(trace: Readonly<StateTrace> | undefined, at: Date | undefined): string {
  if (trace === undefined) return '';
  if (trace.outcome === 'running' && at !== undefined) {
    return `since ${durationText(at.getTime() - trace.firstEnteredAt.getTime())}`;
  }
  if (trace.lastExitedAt === undefined) return '';
  return trace.visits > 1 ? `${durationText(trace.longestMs)} at most` : durationText(trace.totalMs);
}

/** The names of errors, each with how often: `Busy ×2`. */
export function errorTexts(trace: Readonly<StateTrace> | undefined): string[] {
  const counts = new Map<string, number>();
  for (const { name } of trace?.errors ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
}

/** What is over as soon as it begins. */
const TAKE_NO_TIME = ['Choice', 'Pass', 'Succeed', 'Fail'];

function headRows(node: StateNode, notes: Annotations): Row[] {
  const trace = notes.run?.states.get(node.name);
  const took = TAKE_NO_TIME.includes(node.type) ? '' : tookText(trace, notes.at);
  const more = [
    ...(trace !== undefined && trace.visits > 1 ? [`×${trace.visits}`] : []),
    ...(node.waits ? ['waits for an answer'] : []),
    ...(node.ends && node.type !== 'Succeed' && node.type !== 'Fail' ? ['end'] : []),
  ];
  return [
    { text: node.name, tone: 'name', ...(took !== '' && { right: took, rightTone: 'time' }) },
    {
      text: node.detail === undefined ? node.type : `${node.type} ${node.detail}`,
      tone: 'detail',
      ...(more.length > 0 && { right: more.join(' · '), rightTone: 'detail' }),
    },
  ];
}

/** Tried again: as it is written, or, in a run, as it went. */
function retryRows({ name, retries }: StateNode, { run }: Annotations): Row[] {
  if (run === undefined) return retries.map((text) => ({ text: `retry ${text}`, tone: 'retry' }));
  const trace = run.states.get(name);
  const errors = errorTexts(trace);
  const attempts = trace === undefined || trace.attempts <= trace.visits ? [] : [`${trace.attempts} attempts`];
  return [
    ...attempts.map((text): Row => ({ text, tone: 'retry' })),
    ...errors.map((text): Row => ({ text, tone: 'error' })),
  ];
}

const WORDS = { next: 'then', rule: 'if', default: '', catch: 'on' } as const;

/** A line for each way but the one that goes straight on to the next box. */
function wayRows({ transitions }: StateNode, straight: Transition | undefined): Row[] {
  return transitions.flatMap((transition): Row[] => {
    const { kind, to, label } = transition;
    const goesOn = transition === straight;
    if (goesOn && kind === 'next') return [];
    return [
      {
        text: `${WORDS[kind]} ${label}`.trim(),
        tone: kind === 'catch' ? 'catch' : 'rule',
        right: goesOn ? '↓' : to,
        rightTone: 'target',
        ...(!goesOn && { leaves: transition }),
      },
    ];
  });
}

/** What stands in a state's box, made harmless. `straight` is the way that goes on to the box below. */
export function rowsOf(node: StateNode, straight: Transition | undefined, notes: Annotations): Row[] {
  const needs = notes.needs?.[node.name];
  const rows: Row[] = [
    ...headRows(node, notes),
    ...(needs === undefined ? [] : [{ text: needs, tone: 'needs' } as const]),
    ...retryRows(node, notes),
    ...wayRows(node, straight),
  ];
  return rows.map(({ text, right, ...row }) => ({
    ...row,
    text: printable(text),
    ...(right !== undefined && { right: printable(right) }),
  }));
}
