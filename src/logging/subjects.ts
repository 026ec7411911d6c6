import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import { readTextFile } from '../core/text-file';

/** How lines name callers: as they are, or as keyed hashes that only who has the key can tie to a person. */
export type SubjectForm = 'plain' | 'hashed';

/** Options about the callers in lines, of the logger and of the audit trail. */
export interface SubjectOptions {
  /**
   * `hashed` writes `hmac-sha256:` and the HMAC-SHA-256 in place of `subject`, `actor` and whatever else names a caller
   * (`starter`, `approver`, `sessionName`): the same caller is the same value as long as the key is the same. Default:
   * `hashed` where `BATON_SUBJECT_HASH_KEY` or `BATON_SUBJECT_HASH_KEY_FILE` is set or a `hashKey` given, else `plain`.
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

/**
 * Members of a line that say who somebody is: of each line `subject` and `actor`, `sub` in claims, `starter` and `approver`
 * of decisions on workflows, and a session's name, of which the subject is the readable half.
 */
export const SUBJECT_MEMBERS: ReadonlySet<string> = new Set([
  'subject',
  'actor',
  'sub',
  'starter',
  'approver',
  'sessionName',
]);

/** @throws BatonError `key_invalid` for a file that cannot be read */
function keyOfEnvironment(variable: string): string | undefined {
  const { [variable]: inPlace, [`${variable}_FILE`]: file } = process.env;
  if (inPlace) return inPlace;
  if (!file) return undefined;
  let text: string;
  try {
    text = readTextFile(file).trim();
  } catch (cause) {
    throw new BatonError(
      'key_invalid',
      `The file that ${variable}_FILE names cannot be read (${systemFault(cause)}).`,
      { cause },
    );
  }
  // Random bytes read as text are mostly one and the same replacement character: a key that is long and can be guessed.
  if (!text.includes('\ufffd')) return text;
  throw new BatonError(
    'key_invalid',
    `The file that ${variable}_FILE names is no text: write the key as base64 or hex.`,
  );
}

/** Where a hash key comes from. */
export interface HashKeySource {
  /** Who asks, for messages. */
  readonly owner: string;
  readonly option: string;
  readonly variable: string;
}

function secretKey({ owner, option, variable }: HashKeySource, key: string | Uint8Array | undefined): KeyObject {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key instanceof Uint8Array ? Buffer.from(key) : undefined;
  if (bytes === undefined || bytes.length < MIN_KEY_BYTES) {
    const advice = `Set "${option}" or ${variable}_FILE.`;
    throw new BatonError('key_invalid', `${owner}: subjects need a hash key of ${MIN_KEY_BYTES} bytes. ${advice}`);
  }
  return createSecretKey(bytes);
}

/**
 * The HMAC-SHA-256 of a subject as base64url, with the key that was given, or else with that of the environment; undefined
 * where there is neither. With the same key it is the same in every log.
 *
 * @param required a missing key is an error
 * @throws BatonError `key_invalid`
 */
export function keyedHash(
  source: HashKeySource,
  given: string | Uint8Array | undefined,
  required = false,
): SubjectHash | undefined {
  const found = given ?? keyOfEnvironment(source.variable);
  if (found === undefined && !required) return undefined;
  const key = secretKey(source, found);
  return (subject) => createHmac('sha256', key).update(subject).digest('base64url');
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
  const source = { owner, option: 'hashKey', variable: 'BATON_SUBJECT_HASH_KEY' };
  const hash = keyedHash(source, hashKey, subjects === 'hashed');
  return hash && ((subject) => `hmac-sha256:${hash(subject)}`);
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
