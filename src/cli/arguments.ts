import { parseArgs, type ParseArgsConfig } from 'node:util';
import { BatonError } from '../core/errors';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>;

/**
 * Reads a command's arguments.
 * @returns undefined where `--help` was asked for, and was given
 * @throws BatonError `option_unknown`
 */
export function readArguments<T extends Options>(
  args: readonly string[],
  options: T,
  usage: string,
): Parsed<T> | undefined {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return undefined;
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true }) as Parsed<T>;
  } catch (cause) {
    throw new BatonError('option_unknown', `${(cause as Error).message}\n\n${usage}`, { cause });
  }
}
