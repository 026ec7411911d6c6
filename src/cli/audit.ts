import { closeSync, createReadStream, existsSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { readTextFile } from '../core/text-file';
import { ALGORITHMS, type Algorithm } from '../jws/algorithms';
import type { JwkSet, KeyFinder } from '../jws/keys';
import { fixedKeySource } from '../keys/fixed';
import { placeOf, readCheckpoint, type AuditPlace } from '../logging/audit-checkpoint';
import { partsOf, readOpening } from '../logging/audit-file';
import { verifyAuditFiles, type AuditFileReport, type AuditReport } from '../logging/audit-verify';
import { readArguments, usageErrorOf } from './arguments';
import { printable } from '../core/printable';
import { systemFault } from '../core/system-fault';

const USAGE = `Usage: baton audit verify <file>... [--keys jwks.json] [--checkpoints file] [--expect place] [--json]

Says of each file of an audit trail whether its lines are as they were written, and what is wrong with the first that
is not: changed, missing, reordered, cut off, bad checkpoint. The exit code is 1 if there is any.

  <file>         a file of the trail, or the name that it was made with (audit.jsonl): then all files of that name
  --keys         JWK Set with the public keys of the checkpoints' signatures; without it they are not checked
  --checkpoints  checkpoints that were kept elsewhere, one a line: a JWS, or JSON with chain, seq and hash; log
                 lines without them are passed over
  --expect       a place that was kept elsewhere: seq:hash or chain:seq:hash; may be given several times
  --json         prints the findings as JSON`;

const OPTIONS = {
  keys: { type: 'string' },
  checkpoints: { type: 'string' },
  expect: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const;

const usageError = usageErrorOf(USAGE);

/** The files that an argument names: itself, or those of the trail that was made with this name. */
function filesOf(name: string): string[] {
  if (existsSync(name)) return [name];
  const parts = existsSync(dirname(name)) ? partsOf(name) : [];
  if (parts.length === 0)
    throw new BatonError(
      'option_invalid',
      `There is no file ${name}, and none named after it. Give the path that BATON_AUDIT_FILE has.`,
    );
  return parts.toReversed().map((part) => join(dirname(name), part));
}

function readKeys(path: string): KeyFinder {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (cause) {
    throw new BatonError('key_invalid', `The key file ${path} cannot be read (${systemFault(cause)}).`, { cause });
  }
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    // No cause: should the file hold private keys, the parser's message would quote them.
    throw new BatonError('key_invalid', `The key file ${path} cannot be read as JSON.`);
  }
  if (!Array.isArray((set as Partial<JwkSet> | null)?.keys)) {
    throw new BatonError('key_invalid', `The key file ${path} is no JWK Set: it has no member "keys".`);
  }
  return fixedKeySource(set as JwkSet, Object.keys(ALGORITHMS) as Algorithm[]);
}

/** The checkpoint in a line of a file: a JWS, JSON with one, JSON with a place; undefined for another line of a log. */
async function placeInLine(line: string, keys: KeyFinder | undefined): Promise<AuditPlace | undefined> {
  if (!line.startsWith('{')) return readCheckpoint(line, keys);
  const members = JSON.parse(line) as { jws?: unknown };
  return typeof members.jws === 'string' ? readCheckpoint(members.jws, keys) : placeOf(members);
}

/** What Windows PowerShell writes with `>` is UTF-16. */
function encodingOf(path: string): 'utf16le' | 'utf8' {
  const fd = openSync(path, 'r');
  try {
    const mark = Buffer.alloc(2);
    readSync(fd, mark, 0, 2, 0);
    return mark.readUInt16BE() === 0xfffe ? 'utf16le' : 'utf8';
  } finally {
    closeSync(fd);
  }
}

async function readPlaces(path: string, keys: KeyFinder | undefined): Promise<AuditPlace[]> {
  const places: AuditPlace[] = [];
  let number = 0;
  const refuse = (why: string, cause?: unknown): BatonError =>
    new BatonError('option_invalid', `The file of checkpoints ${path} ${why}`, { cause });
  try {
    const input = createReadStream(path, encodingOf(path));
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      const line = text.trim();
      const place = line === '' ? undefined : await placeInLine(line, keys);
      if (place !== undefined) places.push(place);
    }
  } catch (cause) {
    if (number === 0) throw refuse(`cannot be read (${systemFault(cause)}).`, cause);
    throw refuse(
      `has no checkpoint in line ${number}: ${cause instanceof BatonError ? cause.message : 'it is no JSON'}`,
    );
  }
  // Nothing to hold the files against would look like nothing found.
  if (places.length === 0) throw refuse('holds no checkpoint: give the lines that createAuditTrail() logged.');
  return places;
}

/** A place from the command line; where it names no chain, the files must be of one. */
function expectedPlace(text: string, files: readonly string[]): AuditPlace {
  const [, chain, seq = '', hash = ''] = /^(?:([\w-]+):)?(\d{1,15}):([\w-]{43})$/.exec(text) ?? [];
  if (hash === '') throw usageError(`--expect must be seq:hash or chain:seq:hash, not "${text}".`);
  if (chain !== undefined) return { chain, seq: Number(seq), hash };
  const chains = [...new Set(files.map((file) => readOpening(file)?.chain))];
  const [only] = chains;
  if (chains.length > 1) throw usageError('--expect must name the chain: there is more than one.');
  if (only === undefined) throw usageError('--expect must name the chain: the first line of the file does not.');
  return { chain: only, seq: Number(seq), hash };
}

const say = (line: string): void => console.log(printable(line));

function print(report: AuditReport): void {
  for (const file of report.files) printFile(file);
  for (const chain of report.missingChains) say(`missing  chain ${chain}: checkpoints name it, no file holds it`);
  const wrong = report.files.filter(({ ok }) => !ok).length;
  const files = `${report.files.length} file${report.files.length === 1 ? '' : 's'}`;
  say(report.ok ? `${files}, nothing wrong` : `${files}, ${wrong + report.missingChains.length} wrong`);
}

function printFile({ file, ok, lines, chain, part, last, signedThrough, fault, notes }: AuditFileReport): void {
  const facts = [
    `${lines} line${lines === 1 ? '' : 's'}`,
    ...(chain === undefined ? [] : [`chain ${chain}, part ${part}`]),
    ...(last === undefined ? [] : [`good up to ${last.seq}:${last.hash}`]),
    ...(signedThrough === undefined ? [] : [`signed up to ${signedThrough}`]),
  ];
  say(`${ok ? 'ok ' : 'BAD'}  ${basename(file)}: ${facts.join('; ')}`);
  if (fault !== undefined) say(`     line ${fault.line} ${fault.kind}: ${fault.message}`);
  for (const note of notes) say(`     note: ${note}`);
}

/** `baton audit verify`: holds the files of audit trails against their hash chains and against what was kept elsewhere. */
export async function audit(args: readonly string[]): Promise<void> {
  const shape = { usage: USAGE, options: OPTIONS, positionals: ['action', 'file'], repeats: true } as const;
  const parsed = readArguments(args, shape);
  if (parsed === undefined) return;
  const { values, positionals, repeated } = parsed;
  if (positionals.action !== 'verify') throw usageError(`The action ${unknownName(positionals.action, ['verify'])}.`);
  const files = repeated.flatMap(filesOf);
  const keys = values.keys === undefined ? undefined : readKeys(values.keys);
  const places = [
    ...(values.expect ?? []).map((text) => expectedPlace(text, files)),
    ...(values.checkpoints === undefined ? [] : await readPlaces(values.checkpoints, keys)),
  ];
  const report = await verifyAuditFiles(files, { places, ...(keys && { keys }) });
  if (values.json) console.log(JSON.stringify(report, undefined, 2));
  else print(report);
  if (!report.ok) process.exitCode = 1;
}
