import { constants, KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { algorithmEntry, type Algorithm } from './algorithms';
import type { VerificationKey } from './keys';

type VerifyInput = Parameters<typeof verify>[2];

const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const;
/** What `KeyObject` calls the curves that are not the only one of their key type. */
const CURVES: Readonly<Record<string, string>> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };
/**
 * Verified off the event loop: half a millisecond and more. The others take 20 to 100 µs, of which the way to the thread
 * pool and back would be another 10 to 40.
 */
const SLOW: readonly Algorithm[] = ['ES384', 'ES512'];

const verifyInThreadPool = promisify(verify);

/** What WebCrypto wants to know of a key that is imported for `algorithm`. */
export function importParametersOf(
  algorithm: Algorithm,
): { name: string; namedCurve: string } | { name: string; hash: string } {
  const { kty, crv, digest, pss } = algorithmEntry(algorithm);
  if (digest === null) return { name: 'Ed25519', namedCurve: 'Ed25519' };
  if (kty === 'EC') return { name: 'ECDSA', namedCurve: crv ?? '' };
  return { name: pss === true ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: digest.replace('sha', 'SHA-') };
}

/** `verify` goes by the kind of the key that it is handed, so a key of another kind would choose the algorithm. */
function checkKind(key: KeyObject, algorithm: Algorithm): void {
  const { kty, crv, digest } = algorithmEntry(algorithm);
  const kind = digest === null ? 'ed25519' : kty.toLowerCase();
  const isOfKind = key instanceof KeyObject && key.type === 'public' && key.asymmetricKeyType === kind;
  if (isOfKind && (kty !== 'EC' || key.asymmetricKeyDetails?.namedCurve === CURVES[crv ?? ''])) return;
  throw new TypeError(`The key is none for ${algorithm}.`);
}

function inputOf(key: KeyObject, algorithm: Algorithm): VerifyInput {
  const { kty, digest, pss } = algorithmEntry(algorithm);
  if (digest === null) return key;
  // RFC 7518, section 3.4: the two numbers side by side, not DER.
  if (kty === 'EC') return { key, dsaEncoding: 'ieee-p1363' };
  if (pss !== true) return { key, padding: constants.RSA_PKCS1_PADDING };
  // RFC 7518, section 3.5: the salt is as long as the digest.
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: DIGEST_BYTES[digest] };
}

/**
 * Whether `signature` is the key's over `data`, by the one algorithm that the key was imported for; what a token says of
 * its algorithm does not come in here.
 *
 * A function of bytes of its own, so that the published vectors for ECDSA and Ed25519, which are no tokens, test the very
 * code that tokens go through.
 *
 * @throws TypeError for a key of another kind
 */
export async function verifySignature(
  data: Uint8Array,
  signature: Uint8Array,
  { key, algorithm }: VerificationKey,
): Promise<boolean> {
  checkKind(key, algorithm);
  const { digest } = algorithmEntry(algorithm);
  const input = inputOf(key, algorithm);
  return SLOW.includes(algorithm)
    ? verifyInThreadPool(digest, data, input, signature)
    : verify(digest, data, input, signature);
}
