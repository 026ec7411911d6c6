import type { Cell, Finding } from '../../report-model';

/** What is known of all that a rule found: `found`, and the rule's own figures. */
export type Figures = Readonly<Record<string, Cell>>;

/** What a rule says, with the figures in it. Members that are left out are the rule's own. */
export interface Said {
  readonly title: string;
  readonly explanation: string;
  readonly advice: string;
  readonly severity?: Finding['severity'];
  readonly certainty?: Finding['certainty'];
  /** How many there are, where a row of evidence stands for several. Default: the rows. */
  readonly count?: number;
}

/** Something that the logs can show. One group a file. */
export interface Rule {
  /** `kebab-case`; its row in docs/trace.md has the same name. */
  readonly id: string;
  readonly group: Finding['group'];
  readonly severity: Finding['severity'];
  readonly certainty: Finding['certainty'];
  /** What it looks for, for the documentation: one line. */
  readonly about: string;
  /**
   * A SELECT in the Trino subset: one row for each thing found, its columns named for people. A column whose name ends in
   * `_at` holds milliseconds since the epoch, and is shown as a time.
   */
  readonly rows: string;
  /** The order of the evidence, so that the first rows are the ones to look at. */
  readonly order: string;
  /** Aggregates over all rows, by name. `found`, how many there are, is always there. */
  readonly figures?: Readonly<Record<string, string>>;
  /** The sentences; undefined where the figures are no reason to say anything. Asked only where something was found. */
  say(figures: Figures): Said | undefined;
}

/** A figure as a number; what has no value is 0. */
export function figure(figures: Figures, name: string): number {
  return Number(figures[name] ?? 0);
}

/** A figure as text. */
export function word(figures: Figures, name: string): string {
  return String(figures[name] ?? 'unknown');
}

/** 12345 as 12,345. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** 1 request, 12,345 requests. */
export function many(value: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(value)} ${value === 1 ? noun : plural}`;
}

/** A share in percent, in two digits that matter: 0.034 %, 12 %. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const share = (part / whole) * 100;
  return `${share === 0 || share >= 10 ? Math.round(share) : Number(share.toPrecision(2))} %`;
}

/** Milliseconds since the epoch as a time of a minute, UTC. */
export function minute(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
