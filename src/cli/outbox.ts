import { existsSync } from 'node:fs';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { openDatabase, type OutboxDatabase } from '../offload/outbox/database';
import {
  countWork,
  dropWork,
  listWork,
  retryDead,
  type KeepingOutcome,
  type OutboxCounts,
} from '../offload/outbox/keeping';
import { OUTBOX_VARIABLE } from '../offload/outbox/outbox';
import { outboxError } from '../offload/outbox/sqlite-errors';
import type { ListedWork, WorkState } from '../offload/outbox/work';
import { OutboxWriter } from '../offload/outbox/writer';
import { readArguments, surplusOption, usageErrorOf } from './arguments';
import { printable } from '../core/printable';

const USAGE = `Usage: baton outbox list [--state waiting|dead|delivered|all] [--function name] [--limit n]
       baton outbox retry <id>... | --all [--function name]
       baton outbox drop <id>... | --all [--function name]

Shows the work that was left behind, has dead work delivered after all, or takes work out for good. The app may be
running; it takes up what is retried by itself. Neither payloads nor callers are shown.

  list        what waits and what is dead; with --state, work in that state, the delivered included
  retry       has dead work delivered; what has passed its deadline cannot be
  drop        takes out work that waits or is dead; what an app is delivering at that moment may still arrive

  <id>        the ID of a piece of work
  --all       all dead work, and no other
  --function  of the list, or of --all, only work for this function of the policy
  --limit     list: how many are listed at most; 100 where it is left out
  --file      the outbox; the file that ${OUTBOX_VARIABLE} names where it is left out
  --json      prints JSON

The exit code is 1 if something that was named could not be retried or dropped.`;

const OPTIONS = {
  state: { type: 'string' },
  function: { type: 'string' },
  limit: { type: 'string' },
  all: { type: 'boolean' },
  file: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** What each action takes. */
const ACTIONS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  list: ['state', 'function', 'limit', 'file', 'json'],
  retry: ['all', 'function', 'file', 'json'],
  drop: ['all', 'function', 'file', 'json'],
};
const STATES: readonly WorkState[] = ['waiting', 'dead', 'delivered'];

const usageError = usageErrorOf(USAGE);

/** A file that is not there is a wrong name: it must not be made here, with the rights of whoever asks. */
function open(named: string | undefined): OutboxDatabase {
  const path = named ?? process.env[OUTBOX_VARIABLE] ?? '';
  if (path === '') throw usageError(`No outbox is named. Give --file, or set ${OUTBOX_VARIABLE}.`);
  if (!existsSync(path)) throw new BatonError('option_invalid', `There is no outbox at ${path}.`);
  return openDatabase(path);
}

function statesOf(value: string | undefined): readonly WorkState[] {
  if (value === undefined) return ['waiting', 'dead'];
  if (value === 'all') return STATES;
  const state = STATES.find((name) => name === value);
  if (state === undefined) throw usageError(`The state ${unknownName(value, [...STATES, 'all'])}.`);
  return [state];
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw usageError(`--limit must be a whole number from 1, not "${text}".`);
}

const say = (line: string): void => console.log(printable(line));

interface Listing {
  readonly counts: OutboxCounts;
  readonly work: readonly ListedWork[];
}

function printListing({ counts, work }: Listing): void {
  for (const { id, state, function: name, attempts, code, deadline, nextAttemptAt } of work) {
    const facts = [
      `attempts ${attempts}`,
      ...(code === undefined ? [] : [`last ${code}`]),
      ...(nextAttemptAt === undefined ? [] : [`next ${nextAttemptAt}`]),
      `deadline ${deadline}`,
    ];
    say(`${state.padEnd(9)} ${id}  ${name}  ${facts.join(', ')}`);
  }
  say(`${counts.waiting} waiting, ${counts.dead} dead, ${counts.delivered} delivered; ${counts.bytes} bytes`);
}

/** What became of each piece that was named, or of all dead ones. */
async function keep(
  database: OutboxDatabase,
  action: string,
  { ids, only }: { readonly ids: readonly string[]; readonly only?: 'dead' },
): Promise<KeptWork[]> {
  const writer = new OutboxWriter(database);
  const now = Date.now();
  const change = (id: string): ReturnType<typeof dropWork> =>
    action === 'retry' ? retryDead(id, now) : dropWork(id, only);
  return Promise.all(ids.map(async (id) => ({ id, outcome: await writer.write(change(id)) })));
}

interface KeptWork {
  readonly id: string;
  readonly outcome: KeepingOutcome;
}

const OUTCOMES: Partial<Record<KeepingOutcome, string>> = {
  done: 'done',
  not_found: 'NOT DONE: there is no such work that waits or is dead',
  not_dead: 'NOT DONE: it is not dead',
  work_expired: 'NOT DONE: its deadline has passed',
};

function printKept(kept: readonly KeptWork[]): void {
  for (const { id, outcome } of kept) say(`${id}  ${OUTCOMES[outcome] ?? outcome}`);
  say(`${kept.filter(({ outcome }) => outcome === 'done').length} of ${kept.length} done`);
}

function checkAction(
  action: string,
  ids: readonly string[],
  given: { readonly all?: boolean; readonly function?: string },
): void {
  const takes = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (takes === undefined) throw usageError(`The action ${unknownName(action, Object.keys(ACTIONS))}.`);
  const surplus = surplusOption(given, takes);
  if (surplus !== undefined) throw usageError(`${action} has no option --${surplus}.`);
  if (action === 'list') {
    if (ids.length > 0) throw usageError('list takes no IDs.');
    return;
  }
  if ((ids.length === 0) !== (given.all === true)) throw usageError(`${action} takes either IDs or --all.`);
  if (ids.length > 0 && given.function !== undefined)
    throw usageError('--function narrows --all; IDs say already what is meant.');
}

/** `baton outbox`: what waits in the outbox, and what to do with what cannot be delivered. */
export async function outbox(args: readonly string[]): Promise<void> {
  const shape = { usage: USAGE, options: OPTIONS, positionals: ['action'], repeats: true } as const;
  const parsed = readArguments(args, shape);
  if (parsed === undefined) return;
  const { values, positionals, repeated } = parsed;
  const { action } = positionals;
  const ids = repeated.slice(1);
  checkAction(action, ids, values);
  const ofFunction = values.function === undefined ? {} : { function: values.function };
  const states = statesOf(values.state);
  const limit = limitOf(values.limit ?? '100');
  const database = open(values.file);
  try {
    if (action === 'list') {
      const listing = { counts: countWork(database), work: listWork(database, { states, limit, ...ofFunction }) };
      if (values.json) console.log(JSON.stringify(listing, undefined, 2));
      else printListing(listing);
      return;
    }
    const all = { states: ['dead'], limit: Number.MAX_SAFE_INTEGER, ...ofFunction } as const;
    const dead = (): string[] => listWork(database, all).map(({ id }) => id);
    const kept = await keep(database, action, values.all ? { ids: dead(), only: 'dead' } : { ids });
    if (values.json) console.log(JSON.stringify(kept, undefined, 2));
    else printKept(kept);
    if (kept.some(({ outcome }) => outcome !== 'done')) process.exitCode = 1;
  } catch (thrown) {
    throw outboxError(database.path, thrown);
  } finally {
    database.close();
  }
}
