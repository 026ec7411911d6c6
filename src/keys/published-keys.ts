import { createHash } from 'node:crypto';
import { steadyClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import type { Jwk } from '../jws/keys';
import { isKeyRing, publicJwk, publicKeySet, readKeyRing, type KeyRing } from './key-ring';
import { parseKeyText } from './key-ring-text';
import { keySetMembers } from './key-set';
import { RenewalLog, type LoggerOf } from './renewal-log';
import { WatchedFile } from './watched-file';

/** A key set as it is served. */
export interface PublishedKeySet {
  readonly body: string;
  /** An entity tag (RFC 9110, section 8.8.3). */
  readonly etag: string;
}

/** The keys of a file: fixed ones, or a ring, of which the time decides which are shown. */
type Held = { readonly ring: KeyRing } | { readonly keys: readonly Jwk[] };

const LOOK_MS = 2000;

function readHeld(text: string, what: string): Held {
  const value = parseKeyText(text, what);
  if (isKeyRing(value)) return { ring: readKeyRing(value) };
  const keys = keySetMembers(value);
  const isKey = (jwk: unknown): boolean =>
    typeof (jwk as Jwk | null)?.kty === 'string' && (jwk as Jwk).kty !== 'oct' && typeof (jwk as Jwk).kid === 'string';
  if (!keys?.every(isKey)) {
    throw new BatonError('key_invalid', `${what} is neither a key ring nor a JWK Set of keys with an ID (kid).`);
  }
  return { keys: keys.map(publicJwk) };
}

/** The key set as text. */
export function keySetText(keys: { readonly keys: readonly Jwk[] }): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}

function publish(text: string): PublishedKeySet {
  return { body: text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}

/**
 * What gives the public key set of a file, a JWK Set or a key ring, as it is at the moment; private members are never
 * among it. The file is looked at every two seconds while it is asked for; one that is gone or broken changes nothing,
 * and is logged.
 *
 * @throws BatonError `key_invalid`
 */
export function publishedKeys(path: string, clock: Clock, logger?: LoggerOf): () => PublishedKeySet {
  const what = `The key file ${path}`;
  const file = new WatchedFile(path);
  let held: Held;
  try {
    held = readHeld(file.readNow(), what);
  } catch (cause) {
    if (cause instanceof BatonError) throw cause;
    throw new BatonError('key_invalid', `${what} cannot be read (${systemFault(cause)}).`, { cause });
  }
  const log = new RenewalLog(path, logger);
  const steady = steadyClock(clock);
  let lookedAt = steady();
  let shown = publish(textOf(held, clock()));
  const look = async (): Promise<void> => {
    try {
      const changed = await file.readIfChanged();
      if (changed !== undefined) {
        held = readHeld(changed.text, what);
        changed.accept();
      }
      log.worked();
    } catch (error) {
      // The last good one is served on.
      log.failed(error);
    }
  };
  return () => {
    if (steady() - lookedAt >= LOOK_MS) {
      lookedAt = steady();
      void look();
    }
    const text = textOf(held, clock());
    if (text !== shown.body) shown = publish(text);
    return shown;
  };
}

function textOf(held: Held, now: number): string {
  return keySetText('ring' in held ? publicKeySet(held.ring, now) : held);
}
