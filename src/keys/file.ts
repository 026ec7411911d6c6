import type { Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import type { Algorithm } from '../jws/algorithms';
import type { Jwk, KeySource } from '../jws/keys';
import { indexKeys } from './fixed';
import { isKeyRing } from './key-ring';
import { keySetMembers, MAX_KEYS } from './key-set';
import type { LoggerOf } from './renewal-log';
import { RenewedKeySource } from './renewed';
import { WatchedFile } from './watched-file';

/** A look at the file costs 0.1 ms, off the request's path: often enough for a rotation, seldom enough for a network drive. */
const LOOK_MS = 2000;

function parseKeySet(path: string, text: string): readonly Jwk[] {
  const refuse = (): BatonError =>
    new BatonError('key_invalid', `The key file ${path} is no JWK Set (RFC 7517) of at most ${MAX_KEYS} keys.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No cause: the parser's message quotes the file, which may hold a private key by mistake.
    throw refuse();
  }
  if (isKeyRing(value)) {
    throw new BatonError(
      'key_invalid',
      `${path} is a key ring, with private keys. Write its public keys to a file of their own: npx baton keys jwks <ring> --jwks <file>`,
    );
  }
  const keys = keySetMembers(value);
  if (keys === undefined) throw refuse();
  return keys;
}

/**
 * A JWK Set in a file, watched: looked at every two seconds while it is used, and read again when it changed. A file that
 * is gone or broken changes nothing: the last good one serves on.
 *
 * @throws BatonError `key_invalid` where the file cannot be read, or holds no key set, at the start
 */
export function fileKeySource(
  path: string,
  { algorithms, clock, logger }: { algorithms: readonly Algorithm[]; clock?: Clock; logger?: LoggerOf },
): KeySource {
  const file = new WatchedFile(path);
  let text: string;
  try {
    text = file.readNow();
  } catch (cause) {
    throw new BatonError('key_invalid', `The key file ${path} cannot be read (${systemFault(cause)}).`, { cause });
  }
  const initial = parseKeySet(path, text);
  const [usable] = indexKeys(initial, algorithms).names;
  if (usable === undefined) {
    throw new BatonError('key_invalid', `No key in the file ${path} can verify ${algorithms.join(' or ')}.`);
  }
  return new RenewedKeySource({
    algorithms,
    ...(clock && { clock }),
    ...(logger && { logger }),
    source: path,
    maxAgeMs: LOOK_MS,
    staleLimitMs: Infinity,
    initial,
    load: async () => {
      const changed = await file.readIfChanged();
      if (changed === undefined) return undefined;
      const keys = parseKeySet(path, changed.text);
      changed.accept();
      return keys;
    },
  });
}
