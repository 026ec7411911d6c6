import { subcommandOf, type Subcommand } from './subcommands';

const SUBCOMMANDS: Readonly<Record<string, Subcommand<Promise<void>>>> = {
  audit: {
    summary: 'writes each transition of the executions into the audit trail',
    load: () => (require('./workflows/audit') as typeof import('./workflows/audit')).audit,
  },
  show: {
    summary: 'draws a state machine, and the path of a run in it',
    load: () => (require('./workflows/show') as typeof import('./workflows/show')).show,
  },
};

/** `baton workflows`: what happens in state machines, on the trail and as a picture. */
export async function workflows(args: readonly string[]): Promise<void> {
  await subcommandOf('workflows', SUBCOMMANDS, args)?.();
}
