import { BatonError } from '../core/errors';
import { checkOptionNames, unknownName, type OptionNames } from '../core/options';
import { SEVERITIES, type Edit, type Finding } from './finding';
import { readProject, type Project } from './project';
import type { Rule } from './rule';
import { RULES } from './rules';

/** What {@link runDoctor} takes. */
export interface DoctorOptions {
  /**
   * The folder to examine, relative to the working directory: the one with web.config, or the one above. Default: the
   * working directory.
   */
  readonly directory?: string;
  /** The policy file. Default: the one that `BATON_POLICY` of web.config names, else `baton.policy.json`. */
  readonly policy?: string;
  /** SAM or CloudFormation templates and OpenAPI definitions. Default: those in the folder, by their usual names. */
  readonly gateways?: readonly string[];
  /** The server's own configuration. Default: the one in the folder, else on Windows this machine's. */
  readonly applicationHost?: string;
  /** The site's name in applicationHost.config. Default: the site that serves the folder, else the only one. */
  readonly siteName?: string;
  /** What the app's process inherits; `<appSettings>` comes on top. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Codes of rules whose findings are left out. */
  readonly ignore?: readonly string[];
}

const OPTION_NAMES: OptionNames<DoctorOptions> = {
  directory: true,
  policy: true,
  gateways: true,
  applicationHost: true,
  siteName: true,
  environment: true,
  ignore: true,
};

/** Where a rule is explained, in the package; rules and page are held against each other by a test. */
const RULES_PAGE = 'docs/rules.md';

/** What there is to say of a project. */
export interface Examination {
  /** The files that were read, by their names in findings. */
  readonly examined: readonly string[];
  /** The worst first. */
  readonly diagnoses: readonly Diagnosis[];
}

/** A finding with what would repair it. */
export interface Diagnosis {
  readonly finding: Finding;
  readonly edits: readonly Edit[];
}

const byPlace = ({ finding: a }: Diagnosis, { finding: b }: Diagnosis): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
  (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));

function diagnosesOf(rule: Rule, project: Project): Diagnosis[] {
  return rule.check(project).map(({ place, message, fix, severity = rule.severity, edits = [] }) => ({
    finding: {
      code: rule.code,
      severity,
      ...place,
      message,
      fix,
      docs: `${RULES_PAGE}#${rule.code}`,
      fixable: edits.length > 0,
    },
    edits,
  }));
}

/**
 * Findings together with their edits; for the command line.
 *
 * @param texts texts that replace what is on disk, by name in findings
 * @throws BatonError `option_unknown`, `option_invalid`
 */
export function examine(options: DoctorOptions, texts?: ReadonlyMap<string, string>): Examination {
  checkOptions(options);
  const { directory = '.', environment = process.env, ignore = [], ...rest } = options;
  const project = readProject({ ...rest, directory, environment }, texts);
  const rules = RULES.filter(({ code }) => !ignore.includes(code));
  return {
    examined: project.examined,
    diagnoses: rules.flatMap((rule) => diagnosesOf(rule, project)).sort(byPlace),
  };
}

function checkOptions(options: DoctorOptions): void {
  checkOptionNames('runDoctor', options, OPTION_NAMES);
  const codes = RULES.map(({ code }) => code);
  const unknown = (options.ignore ?? []).find((code) => !codes.includes(code));
  if (unknown !== undefined) {
    throw new BatonError('option_invalid', `runDoctor: the rule ${unknownName(unknown, codes)}.`);
  }
}

/**
 * Reads web.config, and where they are there applicationHost.config, iisnode.yml, the policy, the gateway's templates and
 * how the app listens, and says what can go wrong. Nothing is started, changed or sent anywhere.
 *
 * @returns the findings, the worst first; empty where there is nothing to say
 * @throws BatonError `option_unknown`, `option_invalid`: an option is wrong, or there is nothing to examine
 * @example
 * ```ts
 * const findings = runDoctor({ directory: 'site' });
 * for (const { code, file, line, message } of findings) console.log(`${file}:${line} ${code}: ${message}`);
 * ```
 * @see docs/rules.md
 */
export function runDoctor(options: DoctorOptions = {}): readonly Finding[] {
  return examine(options).diagnoses.map(({ finding }) => finding);
}
