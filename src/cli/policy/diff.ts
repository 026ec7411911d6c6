import type { ChangedParty, ChangedRight, RightChange } from '../../policy/difference/change';
import { differenceOf } from '../../policy/difference/difference';
import type { NarrowingChange } from '../../policy/difference/routes';
import type { SettingChange } from '../../policy/difference/settings';
import { loadPolicy } from '../../policy/load';
import { readArguments } from '../arguments';
import { environmentOf, print } from './files';

const USAGE = `Usage: baton policy diff <old> <new> [--env-file file] [--exit-code] [--json]

Says who gains and who loses what between two policy files: members and permissions of roles and actors, routes and
functions for each role alone; which routes ask for other scopes, path parameters, sign-ins or several roles' rights; and
which settings are others: edge, identity providers, hand-over, targets of functions.

  --env-file   fills the \${NAME}s of both from this file (NAME=value lines), and not from the environment
  --exit-code  ends with 1 where there is a difference
  --json       data for machines: { rights, narrowings, settings }

Exit code: 0, with --exit-code 1 for a difference, 2 wrong usage.`;

const OPTIONS = {
  'env-file': { type: 'string' },
  'exit-code': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const WHO: Readonly<Record<ChangedParty['kind'], (name: string) => string>> = {
  anonymous: () => 'everybody, without identity,',
  verified: () => 'every verified caller',
  role: (name) => `role ${name}`,
  actor: (name) => `actor ${name}`,
  member: (name) => name,
};

const WHAT: Readonly<Record<ChangedRight['kind'], (name: string) => string>> = {
  route: (name) => name,
  function: (name) => `function ${name}`,
  workflow: (name) => `workflow ${name}`,
  approval: (name) => `deciding ${name}`,
  permission: (name) => `permission ${name}`,
  role: (name) => `role ${name}`,
  actor: (name) => `acting as ${name}`,
  deny: (name) => `deny of ${name}`,
};

// A deny that is gained takes something away.
const isMore = ({ change, what }: RightChange): boolean => (change === 'gains') !== (what.kind === 'deny');

const rightLine = (one: RightChange): string =>
  `${isMore(one) ? '+' : '-'} ${WHO[one.who.kind](one.who.name)} ${one.change} ${WHAT[one.what.kind](one.what.name)}`;

const narrowingLine = ({ route, before, after }: NarrowingChange): string =>
  `~ ${route} asks ${JSON.stringify(after)} instead of ${JSON.stringify(before)}`;

const MAX_SHOWN = 200;

/** A setting on one line; a key set in place is long, and `--json` has it whole. */
function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const settingLine = ({ pointer, before, after }: SettingChange): string =>
  `~ ${pointer} is ${shown(after)} instead of ${shown(before)}`;

/** `baton policy diff`: who gains and who loses what. */
export function diff(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['old', 'new'] });
  if (parsed === undefined) return;
  const environment = environmentOf(parsed.values['env-file']);
  const { old, new: next } = parsed.positionals;
  const difference = differenceOf(loadPolicy(old, environment).document, loadPolicy(next, environment).document);
  const { rights, narrowings, settings } = difference;
  const lines = [...rights.map(rightLine), ...narrowings.map(narrowingLine), ...settings.map(settingLine)];
  print(parsed.values.json, difference, lines.length === 0 ? ['nobody gains or loses anything'] : lines);
  if (parsed.values['exit-code'] && lines.length > 0) process.exitCode = 1;
}
