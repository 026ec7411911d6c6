import { BatonError } from '../core/errors';
import { checkUnbundledPeer, unbundledPeer } from '../core/peers';

type SecretsManagerSdk = typeof import('@aws-sdk/client-secrets-manager');

const PEER = ['@aws-sdk/client-secrets-manager', 'Keys in AWS Secrets Manager'] as const;
const TIMEOUT_MS = 5000;

/** The region that the ARN names, where the secret is given by its ARN. */
const regionOf = (secretId: string): string | undefined =>
  /^arn:[a-z-]+:secretsmanager:([a-z0-9-]+):/.exec(secretId)?.[1];

/**
 * What reads a secret of AWS Secrets Manager, through `@aws-sdk/client-secrets-manager`, which is loaded with the first
 * reading. Region and credentials are the SDK's own business (`AWS_REGION`, the instance's role) unless `clientConfig`
 * says otherwise; an ARN brings its region along.
 *
 * @returns a function that rejects with what the SDK threw; the caller says what that means
 * @throws BatonError `peer_missing`, at once
 */
export function secretReader(
  secretId: string,
  clientConfig: Readonly<Record<string, unknown>> = {},
): () => Promise<string> {
  checkUnbundledPeer(...PEER);
  let sdk: SecretsManagerSdk | undefined;
  let client: InstanceType<SecretsManagerSdk['SecretsManagerClient']> | undefined;
  return async () => {
    sdk ??= unbundledPeer<SecretsManagerSdk>(...PEER);
    const region = regionOf(secretId);
    client ??= new sdk.SecretsManagerClient({
      requestHandler: { connectionTimeout: 3000 },
      ...(region !== undefined && { region }),
      ...clientConfig,
    });
    const { SecretString: text } = await client.send(new sdk.GetSecretValueCommand({ SecretId: secretId }), {
      abortSignal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (text === undefined) throw new BatonError('key_invalid', 'The secret is binary; keys are kept as text (JSON).');
    return text;
  };
}
