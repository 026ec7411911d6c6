import { BatonError, type Problem } from '../../core/errors';
import { findingText } from '../../policy/finding-text';
import { findingsOf, type Finding } from '../../policy/findings';
import { loadPolicy } from '../../policy/load';
import { readArguments } from '../arguments';
import { definitionFindingText } from '../../workflows/definition/finding';
import { checkDefinitions, type CheckedDefinition } from './definitions';
import { environmentOf, print } from './files';

const USAGE = `Usage: baton policy check <file> [--asl [workflow=]file]... [--env-file file] [--strict] [--json]

Says everything that is wrong with a policy file, what is probably a mistake, and which doors are open.
Beside it, the same of the state machines that it names (workflows, "definition"), which needs the package asl-validator.

  --asl       the definition of a workflow's state machine as JSON, in place of those that the policy names
  --env-file  fills \${NAME}s from this file (NAME=value lines), and not from the environment
  --strict    warnings fail too
  --json      data for machines: { valid, digest, problems, findings, definitions }

Exit code: 0 sound, 1 problems (with --strict also warnings), 2 wrong usage.`;

const OPTIONS = {
  asl: { type: 'string', multiple: true, default: [] as string[] },
  'env-file': { type: 'string' },
  strict: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** How the policy's own check words a `${NAME}` that nothing fills. */
const UNSET = 'the environment variable ';
const HINT = "The names that are not set stand in the app's environment: fill them from a file with --env-file.";

const line = (level: string, pointer: string, message: string): string =>
  `${level.padEnd(8)} ${pointer === '' ? '(document)' : pointer}: ${message}`;

const definitionLines = ({ workflow, findings }: CheckedDefinition): string[] =>
  findings.map((one) => line(one.level, `${workflow}#${one.pointer}`, definitionFindingText(one)));

/** What is wrong with a policy file or odd in it. One that cannot be read is an error, not a problem in it. */
function inspect(
  file: string,
  envFile: string | undefined,
  asl: readonly string[],
): {
  digest?: string;
  problems: readonly Problem[];
  findings: readonly Finding[];
  definitions: readonly CheckedDefinition[];
} {
  try {
    const policy = loadPolicy(file, environmentOf(envFile));
    const definitions = checkDefinitions(policy, file, asl);
    return { digest: policy.digest, problems: [], findings: findingsOf(policy.document), definitions };
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || thrown.code !== 'policy_invalid') throw thrown;
    return { problems: thrown.problems, findings: [], definitions: [] };
  }
}

/** `baton policy check`: problems, warnings and notes of a policy file. */
export function check(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['file'] });
  if (parsed === undefined) return;
  const { strict, json, asl, 'env-file': envFile } = parsed.values;
  const { digest, problems, findings, definitions } = inspect(parsed.positionals.file, envFile, asl);
  const inDefinitions = definitions.flatMap((one) => one.findings);
  const count = (level: 'problem' | 'warning' | 'note'): number =>
    [...findings, ...inDefinitions].filter((one) => one.level === level).length;
  const problemCount = problems.length + count('problem');
  const lines = [
    ...problems.map(({ pointer, message }) => line('problem', pointer, message)),
    ...findings.map((one) => line(one.level, one.pointer, findingText(one))),
    ...definitions.flatMap(definitionLines),
    ...(envFile === undefined && problems.some(({ message }) => message.includes(UNSET)) ? [HINT] : []),
    `${problemCount} problem(s), ${count('warning')} warning(s), ${count('note')} note(s)`,
    ...(digest === undefined ? [] : [`digest ${digest}`]),
  ];
  print(json, { valid: problemCount === 0, digest, problems, findings, definitions }, lines);
  if (problemCount > 0 || (strict && count('warning') > 0)) process.exitCode = 1;
}
