import { webcrypto } from 'node:crypto';
import { algorithmEntry, type Algorithm } from './algorithms';
import type { VerificationKey } from './keys';

type Parameters = Readonly<{ name: string; hash?: string; saltLength?: number }>;

const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const;

function parametersOf(algorithm: Algorithm): Parameters {
  const { kty, digest, pss } = algorithmEntry(algorithm);
  if (digest === null) return { name: 'Ed25519' };
  if (kty === 'EC') return { name: 'ECDSA', hash: digest.replace('sha', 'SHA-') };
  // RFC 7518, section 3.5: the salt is as long as the digest.
  return pss === true ? { name: 'RSA-PSS', saltLength: DIGEST_BYTES[digest] } : { name: 'RSASSA-PKCS1-v1_5' };
}

/** What WebCrypto wants to know of a key that is imported for `algorithm`. */
export function importParametersOf(
  algorithm: Algorithm,
): { name: string; namedCurve: string } | { name: string; hash: string } {
  const { kty, crv, digest } = algorithmEntry(algorithm);
  const { name } = parametersOf(algorithm);
  if (digest === null) return { name, namedCurve: name };
  return kty === 'EC' ? { name, namedCurve: crv ?? '' } : { name, hash: digest.replace('sha', 'SHA-') };
}

/**
 * Whether `signature` is the key's over `data`, by the one algorithm that the key was imported for; what a token says of
 * its algorithm does not come in here. For ECDSA the signature is the two numbers side by side (RFC 7518, section 3.4).
 *
 * A function of bytes of its own, so that the published vectors for ECDSA and Ed25519, which are no tokens, test the very
 * code that tokens go through. The work is done off the event loop.
 */
export function verifySignature(
  data: Uint8Array,
  signature: Uint8Array,
  { key, algorithm }: VerificationKey,
): Promise<boolean> {
  return webcrypto.subtle.verify(parametersOf(algorithm), key, signature, data);
}
