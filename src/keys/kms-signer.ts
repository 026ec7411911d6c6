import { createHash } from 'node:crypto';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { jwsSignatureOfDer } from '../jws/ecdsa-signature';
import type { Signer } from '../jws/sign';
import { checkKmsPeer, KMS_TIMEOUT_MS, kmsFor, type Kms } from './kms-client';

/** Options of {@link kmsSigner}. */
export interface KmsSignerOptions {
  /**
   * The key in KMS, for signing: its ID, its ARN or an alias (`alias/gateway`). Of the spec `ECC_NIST_P256`; `RSA_2048` or
   * larger for `PS256`.
   */
  readonly key: string;
  /** The key's ID (`kid`) in the published key set. */
  readonly kid: string;
  /** `ES256` (default), or `PS256` for the key of a certificate. */
  readonly algorithm?: 'ES256' | 'PS256';
  /** Passed to the SDK's `new KMSClient()`: region, credentials, endpoint. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
}

const P256_BYTES = 32;

/** KMS's name of each algorithm, and its signature as a JWS has it: KMS gives ECDSA in DER. */
const IN_KMS = {
  ES256: { name: 'ECDSA_SHA_256', toJws: (signature: Uint8Array) => jwsSignatureOfDer(signature, P256_BYTES) },
  PS256: { name: 'RSASSA_PSS_SHA_256', toJws: (signature: Uint8Array) => requireSignature(signature) },
} as const;

function requireSignature(signature: Uint8Array): Uint8Array {
  if (signature.length > 0) return signature;
  throw new Error('AWS KMS answered without a signature.');
}

function requireAlgorithm(value: unknown): asserts value is keyof typeof IN_KMS {
  if (typeof value === 'string' && Object.hasOwn(IN_KMS, value)) return;
  throw new BatonError('option_invalid', 'kmsSigner(): option "algorithm" must be ES256 or PS256.');
}

function requireText(name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new BatonError('option_invalid', `kmsSigner(): option "${name}" must be a non-empty text.`);
}

/**
 * A signer whose private key never leaves AWS KMS: `ES256` by `ECDSA_SHA_256`, `PS256` by `RSASSA_PSS_SHA_256`. KMS sees
 * the SHA-256 of what is signed, nothing of a token. The permission that it needs is `kms:Sign` on that one key.
 *
 * Needs the package `@aws-sdk/client-kms`, which Lambda's runtime brings along; it is loaded with the first signature and
 * never becomes part of a bundle.
 *
 * Source: AWS KMS API reference, "Sign".
 *
 * @throws BatonError `option_invalid`, `option_unknown`, `peer_missing`; its `sign` rejects with `signer_unavailable`
 *
 * @example
 * ```ts
 * export const handler = createAuthorizer({ signer: kmsSigner({ key: 'alias/gateway', kid: 'gateway-2026-11' }) });
 * ```
 */
export function kmsSigner(options: KmsSignerOptions): Signer {
  checkOptionNames('kmsSigner()', options, { key: true, kid: true, algorithm: true, clientConfig: true });
  const { key, kid, algorithm = 'ES256', clientConfig = {} } = options;
  requireText('key', key);
  requireText('kid', kid);
  requireAlgorithm(algorithm);
  checkKmsPeer();
  let kms: Kms | undefined;

  const signWithKms = async (data: Uint8Array): Promise<Uint8Array> => {
    const { sdk, client } = (kms ??= kmsFor(key, clientConfig));
    const command = new sdk.SignCommand({
      KeyId: key,
      Message: createHash('sha256').update(data).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: IN_KMS[algorithm].name,
    });
    const { Signature: signature } = await client.send(command, { abortSignal: AbortSignal.timeout(KMS_TIMEOUT_MS) });
    return IN_KMS[algorithm].toJws(signature ?? new Uint8Array());
  };

  return {
    algorithm,
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
