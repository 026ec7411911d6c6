import type { Report, Severity } from './finding';
import type { Project } from './project';

/** Something that can be wrong with a project. One rule a file, in `rules/`. */
export interface Rule {
  /** `kebab-case`, part of the public contract: people write it into `--ignore`. */
  readonly code: string;
  readonly severity: Severity;
  /** One line: what is wrong when the rule finds something. */
  readonly title: string;
  /** Says nothing where the project does not hold what the rule judges. */
  check(project: Project): readonly Report[];
}
