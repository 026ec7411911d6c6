import { createHash } from 'node:crypto';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { jwsSignatureOfDer } from '../jws/ecdsa-signature';
import type { Signer } from '../jws/sign';
import { KMS_TIMEOUT_MS, kmsFor, type Kms } from './kms-client';

/** Options of {@link kmsSigner}. */
export interface KmsSignerOptions {
  /** The key in KMS, of the spec `ECC_NIST_P256` for signing: its ID, its ARN or an alias (`alias/gateway`). */
  readonly key: string;
  /** The key's ID (`kid`) in the published key set. */
  readonly kid: string;
  /** Passed to the SDK's `new KMSClient()`: region, credentials, endpoint. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
}

const P256_BYTES = 32;

function requireText(name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new BatonError('option_invalid', `kmsSigner(): option "${name}" must be a non-empty text.`);
}

/**
 * A signer whose private key never leaves AWS KMS: `ES256` by `ECDSA_SHA_256`. KMS sees the SHA-256 of what is signed,
 * nothing of a token. The permission that it needs is `kms:Sign` on that one key.
 *
 * Needs the package `@aws-sdk/client-kms`, which Lambda's runtime brings along; it is loaded with the first signature and
 * never becomes part of a bundle.
 *
 * Source: AWS KMS API reference, "Sign".
 *
 * @throws BatonError `option_invalid`, `option_unknown`; its `sign` rejects with `signer_unavailable`, `peer_missing`
 *
 * @example
 * ```ts
 * export const handler = createAuthorizer({ signer: kmsSigner({ key: 'alias/gateway', kid: 'gateway-2026-11' }) });
 * ```
 */
export function kmsSigner(options: KmsSignerOptions): Signer {
  checkOptionNames('kmsSigner()', options, { key: true, kid: true, clientConfig: true });
  const { key, kid, clientConfig = {} } = options;
  requireText('key', key);
  requireText('kid', kid);
  let kms: Kms | undefined;

  const signWithKms = async (data: Uint8Array): Promise<Uint8Array> => {
    const { sdk, client } = (kms ??= kmsFor(key, clientConfig));
    const command = new sdk.SignCommand({
      KeyId: key,
      Message: createHash('sha256').update(data).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature: signature } = await client.send(command, { abortSignal: AbortSignal.timeout(KMS_TIMEOUT_MS) });
    return jwsSignatureOfDer(signature ?? new Uint8Array(), P256_BYTES);
  };

  return {
    algorithm: 'ES256',
    keyId: kid,
    sign: (data) =>
      signWithKms(data).catch((cause: unknown) => {
        if (cause instanceof BatonError) throw cause;
        throw new BatonError('signer_unavailable', `AWS KMS did not sign with the key ${key}.`, {
          cause,
          retryAfterSeconds: 5,
        });
      }),
  };
}
