import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { USAGE_ERROR } from './arguments';

type Run = (args: readonly string[]) => void;

/** Each subcommand is loaded when it is called. */
const SUBCOMMANDS: Readonly<Record<string, { readonly summary: string; load(): Run }>> = {
  check: {
    summary: 'says what is wrong, odd or open in a policy file',
    load: () => (require('./policy/check') as typeof import('./policy/check')).check,
  },
  explain: {
    summary: 'says for a caller and a request which rule decides, and why',
    load: () => (require('./policy/explain') as typeof import('./policy/explain')).explain,
  },
  test: {
    summary: 'holds a policy file against a table of expectations',
    load: () => (require('./policy/test') as typeof import('./policy/test')).test,
  },
  diff: {
    summary: 'says who gains and who loses what between two policy files',
    load: () => (require('./policy/diff') as typeof import('./policy/diff')).diff,
  },
};

const USAGE = [
  'Usage: baton policy <check|explain|test|diff> [options]',
  '',
  ...Object.entries(SUBCOMMANDS).map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`),
  '',
  'baton policy <subcommand> --help says more.',
].join('\n');

/** `baton policy`: looks at policy files. */
export function policy([name, ...args]: readonly string[]): void {
  if (name === '--help' || name === '-h') {
    console.log(USAGE);
    return;
  }
  const found = name !== undefined && Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (found === undefined) {
    const what =
      name === undefined
        ? 'The <subcommand> is missing.'
        : `The subcommand ${unknownName(name, Object.keys(SUBCOMMANDS))}`;
    throw new BatonError('option_unknown', `${what}\n\n${USAGE}`, { reason: USAGE_ERROR });
  }
  found.load()(args);
}
