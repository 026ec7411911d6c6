import { checkUnbundledPeer, unbundledPeer } from '../core/peers';

type KmsSdk = typeof import('@aws-sdk/client-kms');

const PEER = ['@aws-sdk/client-kms', 'A key in AWS KMS'] as const;

/** The SDK and a client of it. */
export interface Kms {
  readonly sdk: KmsSdk;
  readonly client: InstanceType<KmsSdk['KMSClient']>;
}

/** Signing takes KMS some 10 ms; the SDK's own limit is none. */
export const KMS_TIMEOUT_MS = 5000;

/** @throws BatonError `peer_missing` */
export const checkKmsPeer = (): void => checkUnbundledPeer(...PEER);

const regionOf = (key: string): string | undefined => /^arn:[a-z-]+:kms:([a-z0-9-]+):/.exec(key)?.[1];

/**
 * A client of AWS KMS for one key. Region and credentials are the SDK's own business unless `clientConfig` says otherwise;
 * an ARN brings its region along.
 *
 * @throws BatonError `peer_missing`
 */
export function kmsFor(key: string, clientConfig: Readonly<Record<string, unknown>>): Kms {
  const sdk = unbundledPeer<KmsSdk>(...PEER);
  const region = regionOf(key);
  const client = new sdk.KMSClient({
    requestHandler: { connectionTimeout: 3000 },
    ...(region !== undefined && { region }),
    ...clientConfig,
  });
  return { sdk, client };
}
