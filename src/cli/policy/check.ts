import { BatonError, type Problem } from '../../core/errors';
import { findingText } from '../../policy/finding-text';
import { findingsOf, type Finding } from '../../policy/findings';
import { loadPolicy } from '../../policy/load';
import { readArguments } from '../arguments';
import { environmentOf, print } from './files';

const USAGE = `Usage: baton policy check <file> [--env-file file] [--strict] [--json]

Says everything that is wrong with a policy file, what is probably a mistake, and which doors are open.

  --env-file  fills \${NAME}s from this file (NAME=value lines), and not from the environment
  --strict    warnings fail too
  --json      data for machines: { valid, digest, problems, findings }

Exit code: 0 sound, 1 problems (with --strict also warnings), 2 wrong usage.`;

const OPTIONS = {
  'env-file': { type: 'string' },
  strict: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const line = (level: string, pointer: string, message: string): string =>
  `${level.padEnd(8)} ${pointer === '' ? '(document)' : pointer}: ${message}`;

/** What the policy's own check says; `undefined` problems never: an unreadable file is an error of its own. */
function inspect(
  file: string,
  envFile: string | undefined,
): { digest?: string; problems: readonly Problem[]; findings: readonly Finding[] } {
  try {
    const policy = loadPolicy(file, environmentOf(envFile));
    return { digest: policy.digest, problems: [], findings: findingsOf(policy.document) };
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || thrown.code !== 'policy_invalid') throw thrown;
    return { problems: thrown.problems, findings: [] };
  }
}

/** `baton policy check`: problems, warnings and notes of a policy file. */
export function check(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['file'] });
  if (parsed === undefined) return;
  const { strict, json, 'env-file': envFile } = parsed.values;
  const { digest, problems, findings } = inspect(parsed.positionals.file, envFile);
  const count = (level: Finding['level']): number => findings.filter((one) => one.level === level).length;
  const lines = [
    ...problems.map(({ pointer, message }) => line('problem', pointer, message)),
    ...findings.map((one) => line(one.level, one.pointer, findingText(one))),
    `${problems.length} problem(s), ${count('warning')} warning(s), ${count('note')} note(s)`,
    ...(digest === undefined ? [] : [`digest ${digest}`]),
  ];
  print(json, { valid: problems.length === 0, digest, problems, findings }, lines);
  if (problems.length > 0 || (strict && count('warning') > 0)) process.exitCode = 1;
}
