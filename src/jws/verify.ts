import { BatonError, tokenInvalid } from '../core/errors';
import { isAlgorithm, type Algorithm } from './algorithms';
import { parseCompact, type CompactJws } from './compact';
import type { KeyFinder, VerificationKey } from './keys';
import { verifySignature } from './signature';

/** What a verifier insists on. There are no defaults: a check that is not named is a check that is missing. */
export interface JwsExpectations {
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeyFinder;
  /**
   * Accepted `typ` values, compared without letter case and without `application/` (RFC 7515, section 4.1.9). `undefined`
   * among them accepts a token without one: for edges that write none, and whose tokens something else tells apart.
   */
  readonly types: readonly (string | undefined)[];
}

const mediaType = (typ: string): string => typ.toLowerCase().replace(/^application\//, '');

function checkType(typ: string | undefined, types: readonly (string | undefined)[]): void {
  const name = typ && mediaType(typ);
  // RFC 8725, section 3.11: explicit typing keeps one kind of token from being taken for another.
  if (!types.some((type) => (type && mediaType(type)) === name)) {
    throw tokenInvalid('type', `The token's typ is not ${types.map((type) => type ?? 'absent').join(' or ')}.`);
  }
}

async function findKey(jws: CompactJws, algorithm: Algorithm, keys: KeyFinder): Promise<VerificationKey> {
  let found: VerificationKey | undefined;
  try {
    found = await keys.find(jws.header.kid, algorithm);
  } catch (error) {
    // A key that its issuer published damaged is the token's problem, not this server's set-up.
    if (!(error instanceof BatonError) || error.code !== 'key_invalid') throw error;
    throw tokenInvalid('key_unusable', 'The key that the token names cannot be used.', error);
  }
  if (found === undefined) throw tokenInvalid('key_unknown', 'No key of the issuer has the ID that the token names.');
  return found;
}

/**
 * Holds a token's signature against a key.
 * @throws BatonError `token_invalid`, reason `signature` or `key_unusable`
 */
export async function checkSignature(
  { encoded }: Pick<CompactJws, 'encoded'>,
  algorithm: Algorithm,
  key: VerificationKey,
): Promise<void> {
  const data = Buffer.from(`${encoded.protected}.${encoded.payload}`, 'latin1');
  const signature = Buffer.from(encoded.signature, 'base64url');
  let matches: boolean;
  try {
    // A source that errs must not choose the algorithm: the key has to be the one that was asked for.
    matches = key.algorithm === algorithm && (await verifySignature(data, signature, key));
  } catch (cause) {
    // A source that hands out something else than it says is no reason to answer 500.
    throw tokenInvalid('key_unusable', 'What the key source gave is no key for that algorithm.', cause);
  }
  if (!matches) throw tokenInvalid('signature', "The token's signature does not match.");
}

/**
 * Verifies a JWS and gives its claims. The order is fixed: form, type, algorithm, key, signature; nothing is fetched for
 * a token that fails before.
 *
 * @throws BatonError `token_invalid` (see its `reason`), `keys_unavailable`
 */
export async function verifyJws(
  token: string | CompactJws,
  { algorithms, keys, types }: JwsExpectations,
): Promise<Readonly<Record<string, unknown>>> {
  const jws = typeof token === 'string' ? parseCompact(token) : token;
  const { alg, typ } = jws.header;
  checkType(typ, types);
  if (!isAlgorithm(alg) || !algorithms.includes(alg)) {
    throw tokenInvalid('algorithm', `The token's algorithm is not one of ${algorithms.join(', ')}.`);
  }
  await checkSignature(jws, alg, await findKey(jws, alg, keys));
  return jws.claims;
}
