import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Jwk } from '../jws/keys';
import { jwkSigner, type Signer } from '../jws/sign';

/** A key that signs, and what is published of it. */
export interface PublishedKey {
  readonly signer: Signer;
  readonly publicJwk: Jwk;
}

/** Makes a key: one for each start, so that no token is good beyond it. */
export async function createPublishedKey(algorithm: 'RS256' | 'ES384'): Promise<PublishedKey> {
  const pair =
    algorithm === 'RS256'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
      : await promisify(generateKeyPair)('ec', { namedCurve: 'P-384' });
  const shared = { kid: `${algorithm}-${randomUUID()}`, alg: algorithm, use: 'sig' };
  return {
    signer: jwkSigner({ ...pair.privateKey.export({ format: 'jwk' }), ...shared }),
    publicJwk: { ...pair.publicKey.export({ format: 'jwk' }), ...shared },
  };
}
