import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** The key that a provider signs with, made anew at each start. */
export interface SigningKey {
  readonly kid: string;
  /** With its private part. */
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly publicKey: KeyObject;
}

/** Makes an RS256 key. Its ID is the hash of its public part, so that two starts never share one. */
export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const kid = createHash('sha256').update(spki).digest('base64url').slice(0, 16);
  return { kid, publicKey, jwk: { ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' } };
}
