import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { draftFile, replaceFile, writeNewFile } from '../core/replace-file';
import { systemFault } from '../core/system-fault';
import { readTextFile } from '../core/text-file';
import { newKeyRing, keyRingText, phaseOf, publicKeySet, rotateKeyRing, type KeyRing } from '../keys/key-ring';
import { parseKeyRing } from '../keys/key-ring-text';
import { kmsPublicJwk } from '../keys/kms-public-key';
import { keySetText } from '../keys/published-keys';
import { readArguments, surplusOption, usageErrorOf } from './arguments';
import { writing } from './write-file';

const USAGE = `Usage: baton keys <create|rotate|jwks|status> <ring> [--jwks file] [--publish-seconds n] [--token-seconds n]
       baton keys kms <key> --kid id [--jwks file]

A key ring is a file with private keys that follow each other. Keep it outside the web root, readable by the app alone.

  create <ring>   makes a ring with one ES256 key, which signs at once
  rotate <ring>   adds the next key: published now, signing later; the key before is withdrawn when its tokens have ended
  jwks <ring>     prints the public keys as a JWK Set
  kms <key>       prints the public half of a key in AWS KMS as a JWK Set, with the ID that --kid gives it
  status <ring>   says what each key does now and when that ends

  --kid              kms: the ID of the key (kid), the same as its signer's
  --jwks             the file that the public keys are written to
  --publish-seconds  rotate: how long the next key is published before it signs; 900 by default
  --token-seconds    rotate: how long the key before stays published after that; 3900 by default, longer than any token
                     lives. A key that leaked: both 0, at the price of the tokens that it signed`;

const OPTIONS = {
  jwks: { type: 'string' },
  kid: { type: 'string' },
  'publish-seconds': { type: 'string' },
  'token-seconds': { type: 'string' },
} as const;

interface Call {
  /** The path of the ring, or what KMS calls the key. */
  readonly ring: string;
  readonly kid: string | undefined;
  readonly jwks: string | undefined;
  readonly publishMs: number;
  readonly tokenMs: number;
  readonly now: number;
}

interface Action {
  run(call: Call): Promise<void> | void;
  readonly takes: readonly (keyof typeof OPTIONS)[];
}

const ACTIONS: Readonly<Record<string, Action>> = {
  create: { run: create, takes: ['jwks'] },
  rotate: { run: rotate, takes: ['jwks', 'publish-seconds', 'token-seconds'] },
  jwks: { run: jwks, takes: ['jwks'] },
  kms: { run: kms, takes: ['jwks', 'kid'] },
  status: { run: status, takes: [] },
};

const usageError = usageErrorOf(USAGE);

function readMilliseconds(name: string, text: string): number {
  const seconds = Number(text);
  if (/^\d{1,8}$/.test(text)) return seconds * 1000;
  throw usageError(`--${name} must be a whole number of seconds, not "${text}".`);
}

function readRing(path: string): KeyRing {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (cause) {
    throw new BatonError('key_invalid', `The key ring ${path} cannot be read (${systemFault(cause)}).`, { cause });
  }
  return parseKeyRing(text, path);
}

const PRIVATE = 0o600;
const PUBLIC = 0o644;

const writePublic = (ring: KeyRing, { jwks: path, now }: Call): void => {
  if (path !== undefined) writing(path, () => replaceFile(path, keySetText(publicKeySet(ring, now)), PUBLIC));
};

async function kms({ ring: key, kid, jwks: path }: Call): Promise<void> {
  if (!kid) throw usageError('A key in KMS has no ID of its own: give one with --kid.');
  const text = keySetText({ keys: [await kmsPublicJwk(key, kid)] });
  if (path === undefined) process.stdout.write(text);
  else writing(path, () => replaceFile(path, text, PUBLIC));
}

async function create(call: Call): Promise<void> {
  const ring = await newKeyRing(call.now);
  try {
    // Never over another file: it may be the ring that signs.
    writeNewFile(call.ring, keyRingText(ring), PRIVATE);
  } catch (cause) {
    throw new BatonError('option_invalid', `${call.ring} cannot be made (${systemFault(cause)}).`, { cause });
  }
  writePublic(ring, call);
  report(ring, call);
}

async function rotate(call: Call): Promise<void> {
  readRing(call.ring);
  await alone(call.ring, async () => {
    const ring = await rotateKeyRing(readRing(call.ring), call.now, call);
    // On disk before anything is published: a key set whose private half could not be written helps nobody.
    const draft = writing(call.ring, () => draftFile(call.ring, keyRingText(ring), PRIVATE));
    try {
      // First those who verify: a key that signs before it is published makes tokens that nobody takes.
      writePublic(ring, call);
    } catch (error) {
      draft.discard();
      throw error;
    }
    writing(call.ring, () => draft.replace());
    report(ring, call);
  });
}

/** One rotation of a ring at a time: of two, one would publish its key and the key of the other would sign. */
async function alone(ring: string, change: () => Promise<void>): Promise<void> {
  const lock = `${ring}.lock`;
  try {
    writeNewFile(lock, `${process.pid}\n`, PRIVATE);
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'EEXIST'
        ? 'it exists. Either the ring is being rotated, or a rotation was cut off: then delete it and try again.'
        : `${systemFault(cause)}.`;
    throw new BatonError('option_invalid', `The lock ${lock} cannot be made: ${why}`, { cause });
  }
  try {
    await change();
  } finally {
    rmSync(lock, { force: true });
  }
}

function jwks(call: Call): void {
  const ring = readRing(call.ring);
  writePublic(ring, call);
  if (call.jwks === undefined) process.stdout.write(keySetText(publicKeySet(ring, call.now)));
}

function status(call: Call): void {
  report(readRing(call.ring), call);
}

/** One line a key, without any part of it. */
function report(ring: KeyRing, { now }: Call): void {
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  for (const entry of ring.keys) {
    const phase = phaseOf(entry, ring, now);
    const { publishedAt, signsFrom, withdrawnAt } = entry;
    const times = [
      `published ${time(publishedAt)}`,
      `signs from ${time(signsFrom)}`,
      ...(withdrawnAt === undefined ? [] : [`withdrawn ${time(withdrawnAt)}`]),
    ];
    console.log(`${phase.padEnd(10)}${String(entry.key.kid)}  ${times.join(', ')}`);
  }
}

/** `baton keys`: makes and rotates the keys that sign, and says what each of them does. */
export async function keys(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['action', 'ring'] });
  if (parsed === undefined) return;
  const { action, ring } = parsed.positionals;
  const asked = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (asked === undefined) throw usageError(`The action ${unknownName(action, Object.keys(ACTIONS))}.`);
  const surplus = surplusOption(parsed.values, asked.takes);
  if (surplus !== undefined) throw usageError(`${action} has no option --${surplus}.`);
  const { jwks: jwksFile, kid, 'publish-seconds': publish = '900', 'token-seconds': token = '3900' } = parsed.values;
  if (jwksFile !== undefined && resolve(jwksFile) === resolve(ring)) {
    throw usageError('--jwks names the ring itself: its private keys would be overwritten.');
  }
  await asked.run({
    ring,
    kid,
    jwks: jwksFile,
    publishMs: readMilliseconds('publish-seconds', publish),
    tokenMs: readMilliseconds('token-seconds', token),
    now: Date.now(),
  });
}
