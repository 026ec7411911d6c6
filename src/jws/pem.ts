import { createPublicKey } from 'node:crypto';
import type { Jwk } from './keys';

const SUBJECT_PUBLIC_KEY_INFO = /^\s*-----BEGIN PUBLIC KEY-----[\r\n]+[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*$/;

/**
 * The public key of a PEM text (RFC 7468, section 13) as a JSON Web Key; undefined where it is none. Only "PUBLIC KEY":
 * node would also take a private key or a certificate, which a key server has no reason to send.
 */
export function jwkOfPem(pem: string, kid: string): Jwk | undefined {
  return SUBJECT_PUBLIC_KEY_INFO.test(pem) ? exported(pem, kid) : undefined;
}

/** The public key of a SubjectPublicKeyInfo in DER (RFC 5280, section 4.1) as a JSON Web Key; undefined where it is none. */
export function jwkOfDer(der: Uint8Array, kid: string): Jwk | undefined {
  return exported({ key: Buffer.from(der), format: 'der', type: 'spki' }, kid);
}

function exported(key: Parameters<typeof createPublicKey>[0], kid: string): Jwk | undefined {
  try {
    return { ...createPublicKey(key).export({ format: 'jwk' }), kid };
  } catch {
    return undefined;
  }
}
