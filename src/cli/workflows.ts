import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { USAGE_ERROR } from './arguments';

type Run = (args: readonly string[]) => Promise<void>;

/** Each subcommand is loaded when it is called. */
const SUBCOMMANDS: Readonly<Record<string, { readonly summary: string; load(): Run }>> = {
  audit: {
    summary: 'writes each transition of the executions into the audit trail',
    load: () => (require('./workflows/audit') as typeof import('./workflows/audit')).audit,
  },
  show: {
    summary: 'draws a state machine, and the path of a run in it',
    load: () => (require('./workflows/show') as typeof import('./workflows/show')).show,
  },
};

const USAGE = [
  'Usage: baton workflows <audit|show> [options]',
  '',
  ...Object.entries(SUBCOMMANDS).map(([name, { summary }]) => `  ${name.padEnd(7)}${summary}`),
  '',
  'baton workflows <subcommand> --help says more.',
].join('\n');

/** `baton workflows`: what happens in state machines, on the trail and as a picture. */
export async function workflows([name, ...args]: readonly string[]): Promise<void> {
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
  await found.load()(args);
}
