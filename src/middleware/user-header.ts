import type { ServerResponse } from 'node:http';
import type { Identity } from '../core/identity';
import { USER_LOG_FIELD } from '../iis/w3c-log';
import { keyedHash } from '../logging/subjects';

/** The response header in which the log of IIS finds who a request was answered for. */
const USER_HEADER = USER_LOG_FIELD.sourceName;

/**
 * Says on the answer who the caller is, and that there is none where there is none.
 * @returns what it said
 */
export type ShowUser = (res: ServerResponse, identity: Identity | undefined) => string | undefined;

/**
 * What sets {@link USER_HEADER}: the keyed hash of the verified subject as base64url, which W3C logs keep as it is. IIS
 * cannot be given a `cs-username` by an app; a custom field of its log takes this header in place of it.
 *
 * @returns undefined where there is no key
 * @throws BatonError `key_invalid` for a key that is short, or a file that cannot be read
 */
export function userHeader(key: string | Uint8Array | undefined): ShowUser | undefined {
  const source = { owner: 'identity()', option: 'userHashKey', variable: 'BATON_USER_HASH_KEY' };
  const hash = keyedHash(source, key);
  if (hash === undefined) return undefined;
  // A token is sent many times, and each time it is the same frozen identity.
  const known = new WeakMap<Identity, string>();
  return (res, identity) => {
    if (identity === undefined) {
      res.removeHeader(USER_HEADER);
      return undefined;
    }
    let value = known.get(identity);
    if (value === undefined) known.set(identity, (value = hash(identity.subject)));
    res.setHeader(USER_HEADER, value);
    return value;
  };
}
