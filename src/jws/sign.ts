import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { promisify } from 'node:util';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { algorithmEntry, ALGORITHMS, isAlgorithm, type Algorithm } from './algorithms';
import { jose } from './jose';
import { keyFault, type Jwk } from './keys';

/**
 * Makes signatures with one private key, wherever that key lives: in memory, in a file, in AWS KMS.
 */
export interface Signer {
  readonly algorithm: Algorithm;
  readonly keyId: string;
  /** The JWS signature of `data`: for ECDSA the two numbers side by side (RFC 7518, section 3.4), never DER. */
  sign(data: Uint8Array): Promise<Uint8Array>;
  /**
   * Where the key changes with time: the signer of this moment, which stays with one key. A token names its key before it
   * is signed, so it is made with one signer from start to end.
   *
   * @throws BatonError `signer_unavailable`, `peer_missing`
   */
  current?(): Promise<Signer>;
  /**
   * Where the key is read anew while the process runs: names the logger that is told when that fails, and when it works
   * again. Whoever takes a signer calls it; it is asked for only when there is something to tell.
   */
  reportTo?(logger: () => Logger): void;
}

/** 20 to 50 µs: less than the way to the thread pool and back costs the process. RSA takes half a millisecond and more. */
const QUICK_TO_SIGN: readonly Algorithm[] = ['ES256', 'EdDSA'];

const RSA_PKCS1_PSS_PADDING = 6;
const PSS_SALT_LENGTH_DIGEST = -1;

function readPrivateKey(jwk: Jwk): KeyObject {
  try {
    return createPrivateKey({ format: 'jwk', key: jwk as Record<string, string> });
  } catch {
    // No cause: node's message may quote parts of the key.
    throw new BatonError(
      'key_invalid',
      'The signing key is not a private JSON Web Key (RFC 7517). Make one: npx baton keys create <ring>',
    );
  }
}

/** Node takes a JWK whose private half is damaged or another key's; its signatures would fail at every verifier. */
function checkPair(digest: string | null, options: SignKeyObjectInput): void {
  const data = Buffer.from('pair');
  try {
    const publicKey = createPublicKey(options.key);
    if (verify(digest, data, { ...options, key: publicKey }, sign(digest, data, options))) return;
  } catch {
    // No cause here either.
  }
  throw new BatonError(
    'key_invalid',
    'The private and the public half of the signing key do not belong together. Take the key as it was made.',
  );
}

/**
 * A signer for a private JSON Web Key that is held in memory.
 *
 * @param jwk private key with `kid`, and with `alg` where `algorithm` is not given
 * @throws BatonError `key_invalid`; its message never holds any part of the key
 */
export function jwkSigner(jwk: Jwk, algorithm: unknown = jwk.alg): Signer {
  if (!isAlgorithm(algorithm))
    throw new BatonError(
      'key_invalid',
      `The signing key names no usable algorithm: give it the member "alg", one of ${Object.keys(ALGORITHMS).join(', ')}.`,
    );
  const { kid } = jwk;
  if (typeof kid !== 'string' || kid === '')
    throw new BatonError('key_invalid', 'The signing key has no ID: give it the member "kid", which no other key has.');
  const fault = keyFault({ ...jwk, key_ops: undefined }, algorithm);
  if (fault !== undefined) throw new BatonError('key_invalid', `The signing key cannot sign ${algorithm}: ${fault}.`);
  const entry = algorithmEntry(algorithm);
  const options = {
    key: readPrivateKey(jwk),
    dsaEncoding: 'ieee-p1363' as const,
    ...(entry.pss === true ? { padding: RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_LENGTH_DIGEST } : {}),
  };
  checkPair(entry.digest, options);
  const signInPool = promisify(sign);
  const onTheSpot = QUICK_TO_SIGN.includes(algorithm);
  return {
    algorithm,
    keyId: kid,
    // In a promise of its own: what throws rejects, as it does from the pool.
    sign: async (data) => (onTheSpot ? sign(entry.digest, data, options) : signInPool(entry.digest, data, options)),
  };
}

const encodeJson = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Signs `claims` as a compact JWS of that `typ`.
 * @throws BatonError `signer_unavailable` where the key is elsewhere and cannot be asked
 */
export async function signJws(type: string, claims: object, given: Signer): Promise<string> {
  const signer = (await given.current?.()) ?? given;
  return signCompact({ alg: signer.algorithm, typ: type, kid: signer.keyId }, claims, signer);
}

/**
 * Signs with a header of one's own, for tokens of other people's formats. Its `alg` must be the signer's, and the signer
 * one that stays with its key: not one that has `current()`.
 *
 * @throws BatonError `signer_unavailable` where the key is elsewhere and cannot be asked
 */
export async function signCompact(header: object, claims: object, signer: Signer): Promise<string> {
  const signingInput = `${encodeJson(header)}.${encodeJson(claims)}`;
  const signature = await signer.sign(Buffer.from(signingInput));
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`;
}

/** A fresh ES256 key pair; its ID is the public key's thumbprint (RFC 7638). For development, tests and key creation. */
export async function generateEs256KeyPair(): Promise<{ privateJwk: Jwk; publicJwk: Jwk }> {
  const pair = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const bare = pair.publicKey.export({ format: 'jwk' });
  const kid = await jose().calculateJwkThumbprint(bare);
  const shared = { kid, alg: 'ES256', use: 'sig' };
  return {
    privateJwk: { ...pair.privateKey.export({ format: 'jwk' }), ...shared },
    publicJwk: { ...bare, ...shared },
  };
}
