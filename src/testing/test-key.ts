import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Jwk } from '../jws/keys';
import { jwkSigner, type Signer } from '../jws/sign';

/** A key pair of one test run. */
export interface TestKey {
  readonly signer: Signer;
  readonly publicJwk: Jwk;
}

/** A fresh ES256 key pair, made by node:crypto. */
export function makeTestKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const half = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256')
    .update(JSON.stringify([half.x, half.y]))
    .digest('base64url');
  const shared = { kid, alg: 'ES256', use: 'sig' };
  return {
    signer: jwkSigner({ ...privateKey.export({ format: 'jwk' }), ...shared }),
    publicJwk: { ...half, ...shared },
  };
}
