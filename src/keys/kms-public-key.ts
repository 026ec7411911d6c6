import { BatonError } from '../core/errors';
import { keyFault, type Jwk } from '../jws/keys';
import { jwkOfDer } from '../jws/pem';
import { KMS_TIMEOUT_MS, kmsFor } from './kms-client';

/**
 * The public half of a key in AWS KMS, to be published. The permission that it needs is `kms:GetPublicKey`.
 *
 * Source: AWS KMS API reference, "GetPublicKey".
 *
 * @param kid the ID that its signer puts into tokens
 * @throws BatonError `key_invalid` where it cannot be had, or is not for `ES256`; `peer_missing`
 */
export async function kmsPublicJwk(
  key: string,
  kid: string,
  clientConfig: Readonly<Record<string, unknown>> = {},
): Promise<Jwk> {
  const { sdk, client } = kmsFor(key, clientConfig);
  const command = new sdk.GetPublicKeyCommand({ KeyId: key });
  const { PublicKey: der } = await client
    .send(command, { abortSignal: AbortSignal.timeout(KMS_TIMEOUT_MS) })
    .catch((cause: unknown) => {
      const why = (cause as Error).name;
      throw new BatonError('key_invalid', `AWS KMS does not give the public key of ${key}: ${why}.`, { cause });
    });
  const jwk = der && jwkOfDer(der, kid);
  const fault = jwk ? keyFault(jwk, 'ES256') : 'it is damaged';
  if (jwk === undefined || fault !== undefined) {
    throw new BatonError('key_invalid', `The key ${key} in AWS KMS cannot sign ES256: ${fault}.`);
  }
  return { ...jwk, alg: 'ES256', use: 'sig' };
}
