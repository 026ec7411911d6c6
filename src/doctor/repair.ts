import { examine, type Diagnosis, type DoctorOptions } from './doctor';
import type { Edit, Finding } from './finding';
import { ProjectFiles } from './project-files';

/** A file as it would be after its repairs. */
export interface Repair {
  /** Name in findings. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** What `--fix` can do, and what is left then. */
export interface RepairPlan {
  readonly repairs: readonly Repair[];
  readonly repaired: readonly Finding[];
  readonly remaining: readonly Finding[];
}

/** The text with its edits, which do not overlap. */
function applied(text: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.start - a.start)
    .reduce((result, { start, end, text: inserted }) => result.slice(0, start) + inserted + result.slice(end), text);
}

const countOf = (diagnoses: readonly Diagnosis[], code: string): number =>
  diagnoses.filter(({ finding }) => finding.code === code).length;

/** Whether a repair did what it was for, and nothing else got worse. */
function isBetter(before: readonly Diagnosis[], after: readonly Diagnosis[], code: string): boolean {
  const codes = new Set(after.map(({ finding }) => finding.code));
  return (
    countOf(after, code) < countOf(before, code) &&
    [...codes].every((one) => countOf(after, one) <= countOf(before, one))
  );
}

/**
 * Tries the repairs one after the other, each on the texts that the ones before left, and keeps those that take their
 * finding away without bringing another. Nothing is written.
 *
 * @throws BatonError as {@link examine}
 */
export function planRepairs(options: DoctorOptions): RepairPlan {
  const files = new ProjectFiles(options.directory ?? '.');
  const originals = new Map<string, string>();
  let texts: ReadonlyMap<string, string> = new Map();
  let { diagnoses } = examine(options);
  const repaired: Finding[] = [];
  const givenUp = new Set<string>();
  for (;;) {
    const next = diagnoses.find(({ finding, edits }) => edits.length > 0 && !givenUp.has(finding.code));
    if (next === undefined) break;
    const tried = new Map(texts);
    for (const file of new Set(next.edits.map((edit) => edit.file))) {
      const text = tried.get(file) ?? files.read(files.pathOf(file))?.text ?? '';
      if (!originals.has(file)) originals.set(file, text);
      tried.set(
        file,
        applied(
          text,
          next.edits.filter((edit) => edit.file === file),
        ),
      );
    }
    const then = examine(options, tried).diagnoses;
    if (isBetter(diagnoses, then, next.finding.code)) {
      repaired.push(next.finding);
      [texts, diagnoses] = [tried, then];
    } else givenUp.add(next.finding.code);
  }
  return {
    repairs: [...texts].map(([file, after]) => ({
      file,
      path: files.pathOf(file),
      before: originals.get(file) ?? '',
      after,
    })),
    repaired,
    remaining: diagnoses.map(({ finding }) => finding),
  };
}
