import { optionalPeer } from '../../core/peers';

type LogsSdk = typeof import('@aws-sdk/client-cloudwatch-logs');

/** The SDK, and a client of it. */
export interface LogsAccess {
  readonly sdk: LogsSdk;
  readonly client: InstanceType<LogsSdk['CloudWatchLogsClient']>;
}

/**
 * `@aws-sdk/client-cloudwatch-logs`, which is loaded with the first call.
 * @throws BatonError in a call `peer_missing`
 */
export function logsAccess(clientConfig: Readonly<Record<string, unknown>>): () => LogsAccess {
  let access: LogsAccess | undefined;
  return () => {
    if (access !== undefined) return access;
    const sdk = optionalPeer(
      '@aws-sdk/client-cloudwatch-logs',
      'The audit of Express workflows',
      () => require('@aws-sdk/client-cloudwatch-logs') as LogsSdk,
    );
    return (access = { sdk, client: new sdk.CloudWatchLogsClient({ ...clientConfig }) });
  };
}
