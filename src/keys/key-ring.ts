import { BatonError } from '../core/errors';
import { generateEs256KeyPair } from '../jws/sign';
import type { Jwk } from '../jws/keys';

/** A private key and its times, in milliseconds since the epoch. */
export interface RingKey {
  readonly key: Jwk;
  /** From then on its public half is in the key set. */
  readonly publishedAt: number;
  /** From then on it signs, until a later one does. */
  readonly signsFrom: number;
  /** From then on its public half is in the key set no more; absent while it is the last key. */
  readonly withdrawnAt?: number;
}

/** Private keys that follow each other, oldest first. */
export interface KeyRing {
  readonly keys: readonly RingKey[];
}

/** What a key of a ring does at a time. */
export type KeyPhase = 'published' | 'signing' | 'retired' | 'withdrawn';

/** The member that tells a ring from a JSON Web Key. */
const MARK = 'batonKeyRing';
const VERSION = 1;

const refuse = (why: string): BatonError => new BatonError('key_invalid', `The key ring cannot be used: ${why}.`);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** True for the parsed text of a key ring, sound or not. */
export function isKeyRing(value: unknown): boolean {
  return isObject(value) && MARK in value;
}

function readTime(entry: Record<string, unknown>, name: string): number {
  const time = typeof entry[name] === 'string' ? Date.parse(entry[name]) : NaN;
  if (Number.isNaN(time)) throw refuse(`the time ${name} of a key is missing or no time`);
  return time;
}

function readKey(value: unknown): RingKey {
  if (!isObject(value) || !isObject(value.key)) throw refuse('a member of its keys is no key with its times');
  const { kid, d } = value.key as Jwk;
  if (typeof kid !== 'string' || kid === '') throw refuse('a key has no ID (kid)');
  if (typeof d !== 'string') throw refuse('a key is not a private one');
  const [publishedAt, signsFrom] = [readTime(value, 'publishedAt'), readTime(value, 'signsFrom')];
  if (signsFrom < publishedAt) throw refuse('a key signs before it is published');
  if (value.withdrawnAt === undefined) return { key: value.key, publishedAt, signsFrom };
  return { key: value.key, publishedAt, signsFrom, withdrawnAt: readTime(value, 'withdrawnAt') };
}

/**
 * Reads a ring from its parsed text.
 * @throws BatonError `key_invalid`; its message never holds any part of a key
 */
export function readKeyRing(value: unknown): KeyRing {
  if (!isObject(value) || value[MARK] !== VERSION) throw refuse('it is of another version');
  if (!Array.isArray(value.keys) || value.keys.length === 0) throw refuse('it has no keys');
  const keys = value.keys.map(readKey).sort((a, b) => a.signsFrom - b.signsFrom);
  if (new Set(keys.map(({ key }) => key.kid)).size !== keys.length) throw refuse('two keys have the same ID (kid)');
  if (new Set(keys.map(({ key }) => key.alg)).size !== 1) throw refuse('its keys are for different algorithms');
  // Else the time would come when there is none to sign with but a withdrawn one, which nobody has.
  if (keys.at(-1)?.withdrawnAt !== undefined) throw refuse('its last key has an end, and no next one');
  return { keys };
}

/** The ring as text; it holds private keys. */
export function keyRingText({ keys }: KeyRing): string {
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  const entries = keys.map(({ key, publishedAt, signsFrom, withdrawnAt }) => ({
    publishedAt: time(publishedAt),
    signsFrom: time(signsFrom),
    ...(withdrawnAt !== undefined && { withdrawnAt: time(withdrawnAt) }),
    key,
  }));
  return `${JSON.stringify({ [MARK]: VERSION, keys: entries }, null, 2)}\n`;
}

/** The key that signs: the latest whose time has come; the first, where a clock is behind. */
export function signingKey({ keys }: KeyRing, now: number): RingKey {
  const key =
    keys.findLast(({ signsFrom, withdrawnAt = Infinity }) => signsFrom <= now && now < withdrawnAt) ?? keys[0];
  if (key === undefined) throw refuse('it has no keys');
  return key;
}

/** What `key` of `ring` does at the time `now`. */
export function phaseOf(key: RingKey, ring: KeyRing, now: number): KeyPhase {
  if (key.withdrawnAt !== undefined && key.withdrawnAt <= now) return 'withdrawn';
  if (key === signingKey(ring, now)) return 'signing';
  return key.signsFrom > now ? 'published' : 'retired';
}

/** The public halves, for everybody who verifies: of all keys that are not withdrawn. */
export function publicKeySet(ring: KeyRing, now: number): { readonly keys: readonly Jwk[] } {
  const shown = ring.keys.filter((key) => phaseOf(key, ring, now) !== 'withdrawn');
  return { keys: shown.map(({ key }) => publicJwk(key)) };
}

/** The public half of a key, with its ID and what it is for, and nothing else of it. */
export function publicJwk({ kty, crv, x, y, n, e, kid, alg, use = 'sig', key_ops }: Jwk): Jwk {
  // What a key must not be used for must not get lost on the way.
  const members = { kty, crv, x, y, n, e, kid, alg, use, key_ops: publicOperations(key_ops) };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Whoever signs with a key has others verify with it. */
const publicOperations = (operations: unknown): unknown =>
  Array.isArray(operations) ? operations.map((name: unknown) => (name === 'sign' ? 'verify' : name)) : operations;

/** A ring with a new key, which signs at once: nobody has fetched a key set without it. */
export async function newKeyRing(now: number): Promise<KeyRing> {
  const { privateJwk } = await generateEs256KeyPair();
  return { keys: [{ key: privateJwk, publishedAt: now, signsFrom: now }] };
}

/** How a key takes over from the one before. */
export interface Handover {
  /** The new key is published this long before it signs: the longest that anybody keeps a key set. */
  readonly publishMs: number;
  /** The old key is withdrawn this long after: the longest that a token lives. */
  readonly tokenMs: number;
}

/**
 * The ring with a next key, without those that are withdrawn.
 * @throws BatonError `key_invalid` where the last rotation is not through (a key waits to sign), or the ring is not for the
 *   algorithm of new keys: a ring with two would be refused by all who read it
 */
export async function rotateKeyRing(ring: KeyRing, now: number, { publishMs, tokenMs }: Handover): Promise<KeyRing> {
  if (ring.keys.some(({ key }) => key.alg !== 'ES256'))
    throw refuse('its keys are not for ES256, as a new one would be');
  const waiting = ring.keys.find((key) => phaseOf(key, ring, now) === 'published');
  if (waiting !== undefined && publishMs > 0) {
    throw refuse(
      `its next key is published and signs from ${new Date(waiting.signsFrom).toISOString()}; wait until then`,
    );
  }
  const { privateJwk } = await generateEs256KeyPair();
  const signsFrom = now + publishMs;
  if (ring.keys.some((key) => key !== waiting && key.signsFrom > signsFrom)) {
    throw refuse("the key that signs does so from a later time than the new one would: this machine's clock is behind");
  }
  const endOf = (key: RingKey): number => Math.min(key.withdrawnAt ?? Infinity, signsFrom + tokenMs);
  const kept = ring.keys
    // One that waits has signed nothing, and would take over from the new one.
    .filter((key) => key !== waiting)
    .map((key) => ({ ...key, withdrawnAt: endOf(key) }))
    .filter(({ withdrawnAt }) => withdrawnAt > now);
  return { keys: [...kept, { key: privateJwk, publishedAt: now, signsFrom }] };
}
