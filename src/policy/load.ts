import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BatonError, formatProblems, type Problem } from '../core/errors';
import type { Environment } from './environment';
import { compilePolicy, type Policy } from './policy';
import { repeatedMembers } from './repeated-members';

/** The environment variable that names the policy file; `web.config` sets it in `<appSettings>`. */
export const POLICY_VARIABLE = 'BATON_POLICY';

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      throw new BatonError(
        'policy_missing',
        `There is no policy file at ${path}. Set ${POLICY_VARIABLE} (in web.config: <appSettings>) to its path.`,
        { cause },
      );
    }
    throw new BatonError(
      'policy_unreadable',
      `The policy file ${path} cannot be read (${code ?? 'unknown error'}). Give the app pool's identity read access to it.`,
      { cause },
    );
  }
}

function parse(path: string): unknown {
  // A byte order mark is what Windows editors add; JSON has none.
  const text = readText(path).replace(/^\uFEFF/, '');
  const refuse = (what: string, problems: readonly Problem[], cause?: unknown): BatonError =>
    new BatonError('policy_invalid', `The policy file ${path} ${what}`, { cause, problems });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'syntax error';
    throw refuse(`is not JSON: ${detail}`, [{ pointer: '', message: `is not JSON: ${detail}` }], cause);
  }
  const problems = repeatedMembers(text).map((pointer) => ({ pointer, message: 'is given twice' }));
  if (problems.length > 0) throw refuse(`gives members twice:\n${formatProblems(problems)}`, problems);
  return document;
}

/**
 * Reads and compiles a policy file.
 *
 * @param path file, absolute or from the working directory
 * @param env where `${NAME}`s are filled from
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`
 *
 * @example
 * ```ts
 * const policy = loadPolicy('C:\\ProgramData\\invoices\\baton.policy.json');
 * ```
 */
export function loadPolicy(path: string, env: Environment = process.env): Policy {
  const absolute = resolve(path);
  return compilePolicy(parse(absolute), env, `The policy file ${absolute}`);
}
