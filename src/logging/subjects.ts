import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BatonError } from '../core/errors';

/** How lines name callers: as they are, or as keyed hashes that only who has the key can tie to a person. */
export type SubjectForm = 'plain' | 'hashed';

/** Options about the callers in lines, of the logger and of the audit trail. */
export interface SubjectOptions {
  /**
   * `hashed` writes `hmac-sha256:` and the HMAC-SHA-256 in place of `subject` and `actor`: the same caller is the same
   * value as long as the key is the same. Default: `hashed` where `BATON_SUBJECT_HASH_KEY` or
   * `BATON_SUBJECT_HASH_KEY_FILE` is set or a `hashKey` given, else `plain`.
   */
  readonly subjects?: SubjectForm;
  /**
   * The key: 32 bytes or more, text or bytes. Keep it away from those who read the logs: subjects can be guessed, and
   * with the key guesses can be checked.
   */
  readonly hashKey?: string | Uint8Array;
}

/** Replaces a subject by what lines show of it. */
export type SubjectHash = (subject: string) => string;

/** RFC 2104, section 3: a key shorter than the digest weakens the HMAC. */
const MIN_KEY_BYTES = 32;
const SUBJECT_MEMBERS = ['subject', 'actor'];

function keyOfEnvironment(): string | undefined {
  const { BATON_SUBJECT_HASH_KEY: inPlace, BATON_SUBJECT_HASH_KEY_FILE: file } = process.env;
  if (inPlace) return inPlace;
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new BatonError('key_invalid', 'The file that BATON_SUBJECT_HASH_KEY_FILE names cannot be read.', { cause });
  }
}

function secretKey(owner: string, key: string | Uint8Array | undefined): KeyObject {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key instanceof Uint8Array ? Buffer.from(key) : undefined;
  if (bytes === undefined || bytes.length < MIN_KEY_BYTES) {
    const advice = 'Set "hashKey" or BATON_SUBJECT_HASH_KEY_FILE.';
    throw new BatonError('key_invalid', `${owner}: subjects need a hash key of ${MIN_KEY_BYTES} bytes. ${advice}`);
  }
  return createSecretKey(bytes);
}

/**
 * What replaces subjects in lines; undefined where they stay as they are.
 * @throws BatonError `option_invalid`, `key_invalid`
 */
export function subjectHash(owner: string, { subjects, hashKey }: SubjectOptions): SubjectHash | undefined {
  if (subjects !== undefined && subjects !== 'plain' && subjects !== 'hashed') {
    throw new BatonError('option_invalid', `${owner}: option "subjects" must be "plain" or "hashed".`);
  }
  if (subjects === 'plain') return undefined;
  const given = hashKey ?? keyOfEnvironment();
  if (subjects === undefined && given === undefined) return undefined;
  const key = secretKey(owner, given);
  return (subject) => `hmac-sha256:${createHmac('sha256', key).update(subject).digest('base64url')}`;
}

/** The line with its callers hashed. */
export function withHashedSubjects(
  line: Readonly<Record<string, unknown>>,
  hashed: SubjectHash,
): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...line };
  for (const name of SUBJECT_MEMBERS) {
    const value = shown[name];
    if (typeof value === 'string') shown[name] = hashed(value);
  }
  return shown;
}
