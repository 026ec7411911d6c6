import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BatonError, formatProblems, type Problem } from '../core/errors';
import { systemFault } from '../core/system-fault';
import { readTextFile, textOf } from '../core/text-file';
import type { Environment } from './environment';
import { compilePolicy, type Policy } from './policy';
import { repeatedMembers } from './repeated-members';

/** The environment variable that names the policy file; `web.config` sets it in `<appSettings>`. */
export const POLICY_VARIABLE = 'BATON_POLICY';

function unreadable(path: string, cause: unknown): BatonError {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
    return new BatonError(
      'policy_missing',
      `There is no policy file at ${path}. Give its path, or set ${POLICY_VARIABLE} to it (in web.config: <appSettings>).`,
      { cause },
    );
  }
  return new BatonError(
    'policy_unreadable',
    `The policy file ${path} cannot be read (${systemFault(cause)}). Give the app pool's identity read access to it.`,
    { cause },
  );
}

function readText(path: string): string {
  try {
    return readTextFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function parse(path: string, text: string): unknown {
  const refuse = (what: string, problems: readonly Problem[], cause?: unknown): BatonError =>
    new BatonError('policy_invalid', `The policy file ${path} ${what}`, { cause, problems });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'syntax error';
    throw refuse(`is not JSON: ${detail}`, [{ pointer: '', message: `is not JSON: ${detail}` }], cause);
  }
  // In a file of another encoding (Windows-1252) a group's name would silently be another, and a role's "deny" nobody's.
  if (text.includes('\ufffd')) {
    const message = 'holds characters that are not UTF-8: save it as UTF-8';
    throw refuse(message, [{ pointer: '', message }]);
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
  return compilePolicy(parse(absolute, readText(absolute)), env, `The policy file ${absolute}`);
}

/**
 * As {@link loadPolicy}, for while requests are served: a file on a share that does not answer must hold up nobody.
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`
 */
export async function loadPolicyAside(path: string, env: Environment = process.env): Promise<Policy> {
  const absolute = resolve(path);
  const bytes = await readFile(absolute).catch((cause: unknown) => {
    throw unreadable(absolute, cause);
  });
  return compilePolicy(parse(absolute, textOf(bytes)), env, `The policy file ${absolute}`);
}
