import { subcommandOf, type Subcommand } from './subcommands';

const SUBCOMMANDS: Readonly<Record<string, Subcommand<void>>> = {
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

/** `baton policy`: looks at policy files. */
export function policy(args: readonly string[]): void {
  subcommandOf('policy', SUBCOMMANDS, args)?.();
}
