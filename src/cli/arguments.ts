import { parseArgs, type ParseArgsConfig } from 'node:util';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T; strict: true }>>['values'];

/** What a command takes. */
export interface CommandShape<T extends Options, N extends string> {
  readonly usage: string;
  readonly options: T;
  /** Names of the arguments that are no options, in their order; each must be given. */
  readonly positionals: readonly N[];
  /** Whether the last of them may be given several times; without names, whether there may be any. */
  readonly repeats?: boolean;
}

/** A command's arguments, read. */
export interface Arguments<T extends Options, N extends string> {
  readonly values: Values<T>;
  readonly positionals: Readonly<Record<N, string>>;
  /** The last named positional and what came after it, where it may repeat; else empty. */
  readonly repeated: readonly string[];
}

/** The `reason` of an error that is a mistake on the command line: it ends with exit code 2. */
export const USAGE_ERROR = 'usage';

/**
 * How a command tells of values that it does not take: together with its usage, where it is given.
 * @returns what makes a BatonError `option_invalid`, reason {@link USAGE_ERROR}
 */
export function usageErrorOf(usage?: string): (message: string, cause?: unknown) => BatonError {
  const rest = usage === undefined ? '' : `\n\n${usage}`;
  return (message, cause) => new BatonError('option_invalid', `${message}${rest}`, { reason: USAGE_ERROR, cause });
}

/** Does what takes its options from the command line: what they may not be is then a mistake there. */
export function asUsage<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || thrown.code !== 'option_invalid') throw thrown;
    throw new BatonError('option_invalid', thrown.message, { reason: USAGE_ERROR, cause: thrown });
  }
}

/** The option that was given and that the action does not take; to pass it over would do something else than was asked. */
export function surplusOption(given: object, taken: readonly string[]): string | undefined {
  return Object.keys(given).find((name) => !taken.includes(name));
}

function misread(message: string, usage: string, cause?: unknown): BatonError {
  return new BatonError('option_unknown', `${message}\n\n${usage}`, { reason: USAGE_ERROR, cause });
}

/** What Node says of options, in the words and with the suggestions of the rest. */
function wordsOf(cause: unknown, options: Options): string {
  const { message } = cause as Error;
  const [, name = ''] = /^(?:Unknown option|Option) '(?:-\w, )?(-[^'\s]*)/.exec(message) ?? [];
  if (message.startsWith('Unknown option')) {
    const known = [...Object.keys(options), 'help'].map((option) => `--${option}`);
    return `The option ${unknownName(name, known)}.`;
  }
  if (message.includes('does not take an argument')) return `${name} takes no value.`;
  if (message.includes('argument missing')) return `${name} needs a value.`;
  if (message.includes('is ambiguous'))
    return `${name} needs a value; one with a dash in front is written ${name}=-value.`;
  return message;
}

/** The option with a value that is given again: node takes the last, and whoever typed the first would not know. */
function givenTwice(
  tokens: readonly { readonly kind: string; readonly name?: string }[],
  options: Options,
): string | undefined {
  const names = tokens.flatMap(({ kind, name }) => (kind === 'option' && name !== undefined ? [name] : []));
  return names.find((name, index) => {
    const { type, multiple } = options[name] ?? {};
    return type === 'string' && multiple !== true && names.indexOf(name) < index;
  });
}

/**
 * Reads a command's arguments.
 * @returns undefined where `--help` was asked for, and was given
 * @throws BatonError `option_unknown`, reason {@link USAGE_ERROR}, for what the command does not take or misses
 */
export function readArguments<T extends Options, N extends string>(
  args: readonly string[],
  { usage, options, positionals: names, repeats = false }: CommandShape<T, N>,
): Arguments<T, N> | undefined {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return undefined;
  }
  let values: Values<T>;
  let given: readonly string[];
  let twice: string | undefined;
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true, tokens: true });
    values = parsed.values;
    given = parsed.positionals;
    twice = givenTwice(parsed.tokens, options);
  } catch (cause) {
    throw misread(wordsOf(cause, options), usage, cause);
  }
  if (twice !== undefined) throw misread(`--${twice} is given twice.`, usage);
  const missing = names[given.length];
  if (missing !== undefined) throw misread(`The <${missing}> is missing.`, usage);
  const [surplus] = given.slice(names.length);
  if (surplus !== undefined && !repeats) throw misread(`"${surplus}" is one argument too many.`, usage);
  const positionals = Object.fromEntries(names.map((name, i) => [name, given[i]])) as Record<N, string>;
  return { values, positionals, repeated: repeats ? given.slice(Math.max(names.length - 1, 0)) : [] };
}
