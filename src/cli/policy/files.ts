import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { BatonError } from '../../core/errors';
import { readTextFile } from '../../core/text-file';
import type { Environment } from '../../policy/environment';
import { loadPolicy, POLICY_VARIABLE } from '../../policy/load';
import type { Policy } from '../../policy/policy';
import { usageErrorOf } from '../arguments';
import { printable } from '../../core/printable';
import { systemFault } from '../../core/system-fault';

/** A text file that the command line names. */
export function readText(path: string): string {
  try {
    return readTextFile(resolve(path));
  } catch (cause) {
    throw new BatonError('option_invalid', `${path} cannot be read (${systemFault(cause)}).`, { cause });
  }
}

/** A JSON file that the command line names. */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new BatonError('option_invalid', `${path} is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

/**
 * The variables to fill `${NAME}`s from: those of the file alone where one is named, so that the check of another
 * environment's settings takes none from this machine; else the process's own.
 */
export function environmentOf(envFile: string | undefined): Environment {
  return envFile === undefined ? process.env : parseEnv(readText(envFile));
}

/** The policy that `--policy` names, or `BATON_POLICY`. */
export function policyOf(path: string | undefined, envFile: string | undefined): Policy {
  const environment = environmentOf(envFile);
  const named = path ?? environment[POLICY_VARIABLE] ?? process.env[POLICY_VARIABLE];
  if (named === undefined || named === '') {
    throw usageErrorOf()(`No policy is named: give --policy, or set ${POLICY_VARIABLE}.`);
  }
  return loadPolicy(named, environment);
}

/** Prints data for machines, or the lines for people. */
export function print(json: boolean, data: unknown, lines: readonly string[]): void {
  console.log(json ? JSON.stringify(data, null, 2) : lines.map(printable).join('\n'));
}
