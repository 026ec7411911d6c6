#!/usr/bin/env node
import { asBatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { USAGE_ERROR } from './arguments';
import { printable } from '../core/printable';

/** Each command is loaded when it is called: `baton --help` must not load a gateway. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; run(args: readonly string[]): Promise<void> }>> = {
  audit: {
    summary: 'finds lines of an audit trail that were changed, removed, reordered or cut off',
    run: async (args) => (require('./audit') as typeof import('./audit')).audit(args),
  },
  dev: {
    summary: 'runs the whole relay on this machine: sign-in, gateway, IIS with your app, Lambda',
    run: async (args) => (require('./dev') as typeof import('./dev')).dev(args),
  },
  doctor: {
    summary: 'says what can go wrong with web.config, policy and gateway template, and repairs what it can',
    run: async (args) => (require('./doctor') as typeof import('./doctor')).doctor(args),
  },
  explain: {
    summary: 'says what an error code means, why it comes and what to do',
    run: async (args) => (require('./explain') as typeof import('./explain')).explain(args),
  },
  init: {
    summary: 'sets Baton up in the Express app of this folder: web.config, policy, keys, API Gateway',
    run: async (args) => (require('./init') as typeof import('./init')).init(args),
  },
  keys: {
    summary: 'makes, rotates and shows the keys that sign',
    run: async (args) => (require('./keys') as typeof import('./keys')).keys(args),
  },
  logs: {
    summary: 'prints what makes the logs of IIS and API Gateway carry the correlation ID',
    run: async (args) => (require('./logs') as typeof import('./logs')).logs(args),
  },
  outbox: {
    summary: 'lists the work that was left behind, tries dead work again, or drops it',
    run: async (args) => (require('./outbox') as typeof import('./outbox')).outbox(args),
  },
  policy: {
    summary: 'checks, explains, tests and compares policy files',
    run: async (args) => (require('./policy') as typeof import('./policy')).policy(args),
  },
  token: {
    summary: 'signs a user of the running relay in and prints the access token',
    run: async (args) => (require('./token') as typeof import('./token')).token(args),
  },
  trace: {
    summary: 'follows requests through the logs of gateway, IIS, app and functions: what is slow, lost, or drifted',
    run: async (args) => (require('./trace') as typeof import('./trace')).trace(args),
  },
  workflows: {
    summary: 'writes what happens in state machines into the audit trail, and draws it',
    run: async (args) => (require('./workflows') as typeof import('./workflows')).workflows(args),
  },
};

const USAGE = [
  'Usage: baton <command> [options]',
  '',
  ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`),
  '',
  'baton <command> --help says more.',
].join('\n');

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(USAGE);
    return;
  }
  if (name === '--version' || name === '-v') {
    console.log((require('../../package.json') as { version: string }).version);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    console.error(`baton: the command ${unknownName(name, Object.keys(COMMANDS))}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  await command.run(args);
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  const error = asBatonError(thrown);
  // What Baton did not foresee is shown whole: here the reader is the developer.
  if (error.code === 'internal') console.error(error.cause);
  // The message quotes what was read; its own line ends stay.
  else console.error(`baton: ${error.message.split('\n').map(printable).join('\n')}`);
  // Wrong usage is answered with the right one, and what an option may be stands in its message; else there is more to say.
  if (error.reason !== USAGE_ERROR && error.code !== 'option_invalid') {
    console.error(`\nMore on ${error.code}: npx baton explain ${error.code}`);
  }
  process.exitCode = error.reason === USAGE_ERROR ? 2 : 1;
});
