/**
 * How bad a finding is.
 *
 * - `error`: somebody who only knows the address of the site can use it, or the site does not start.
 * - `warning`: it fails or leaks under conditions that come about in time.
 * - `info`: it costs something or hides something.
 */
export type Severity = 'error' | 'warning' | 'info';

/** Every severity, the worst first. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** Where something stands. */
export interface Place {
  /** Relative to the directory that is examined, with forward slashes. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based; absent where only the line is known. */
  readonly column?: number;
}

/** One thing that can go wrong, as data. */
export interface Finding extends Place {
  /** The rule that found it; its section in `docs/rules.md` has the same name. */
  readonly code: string;
  readonly severity: Severity;
  /** What can happen, for whoever runs the server. */
  readonly message: string;
  /** What to do, as text to paste. */
  readonly fix: string;
  /** The rule's section. */
  readonly docs: string;
  /** Whether `baton doctor --fix` can do it. */
  readonly fixable: boolean;
}

/** A piece of a file to replace; an insertion has `end` equal to `start`. */
export interface Edit {
  /** As in {@link Place.file}. */
  readonly file: string;
  /** Offsets into the text of the file, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a rule says of one place. The runner makes a {@link Finding} of it. */
export interface Report {
  readonly place: Place;
  readonly message: string;
  readonly fix: string;
  /** Default: the rule's. */
  readonly severity?: Severity;
  /** What `--fix` does: only where nothing that works today can stop working. */
  readonly edits?: readonly Edit[];
}
