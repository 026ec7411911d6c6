import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { USAGE_ERROR } from './arguments';

/** A part of a command that is a command of its own, loaded when it is called. */
export interface Subcommand<R> {
  readonly summary: string;
  load(): (args: readonly string[]) => R;
}

/**
 * Finds the subcommand that the arguments of `baton <owner>` begin with.
 * @returns how to run it; undefined where `--help` was asked for, and was given
 * @throws BatonError `option_unknown`, reason {@link USAGE_ERROR}, where there is none or it is not known
 */
export function subcommandOf<R>(
  owner: string,
  subcommands: Readonly<Record<string, Subcommand<R>>>,
  [name, ...args]: readonly string[],
): (() => R) | undefined {
  const names = Object.keys(subcommands);
  const width = Math.max(...names.map((one) => one.length)) + 2;
  const usage = [
    `Usage: baton ${owner} <${names.join('|')}> [options]`,
    '',
    ...Object.entries(subcommands).map(([one, { summary }]) => `  ${one.padEnd(width)}${summary}`),
    '',
    `baton ${owner} <subcommand> --help says more.`,
  ].join('\n');
  if (name === '--help' || name === '-h') {
    console.log(usage);
    return undefined;
  }
  const found = name !== undefined && Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (found !== undefined) return () => found.load()(args);
  const what = name === undefined ? 'The <subcommand> is missing.' : `The subcommand ${unknownName(name, names)}.`;
  throw new BatonError('option_unknown', `${what}\n\n${usage}`, { reason: USAGE_ERROR });
}
