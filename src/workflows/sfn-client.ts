import type { AwsCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { optionalPeer } from '../core/peers';
import { sessionClients } from '../credentials/session-clients';

type SfnSdk = typeof import('@aws-sdk/client-sfn');
type SfnClient = InstanceType<SfnSdk['SFNClient']>;

/** The SDK, and its clients for each set of credentials. */
export interface SfnAccess {
  readonly sdk: SfnSdk;
  /** Tries again what may be done twice: a start under a name, and looking. */
  readonly client: (credentials: AwsCredentials | undefined) => SfnClient;
  /** Tries once: an Express workflow would run twice. */
  readonly onceClient: (credentials: AwsCredentials | undefined) => SfnClient;
  /** As `client`, and gives the SDK's logger nothing: for calls whose requests or answers hold secrets. */
  readonly quietClient: (credentials: AwsCredentials | undefined) => SfnClient;
  /** As `onceClient`, and gives the SDK's logger nothing. */
  readonly quietOnceClient: (credentials: AwsCredentials | undefined) => SfnClient;
}

const RETRY_SETTINGS = ['maxAttempts', 'retryMode', 'retryStrategy'];
const CONNECTION_TIMEOUT_MS = 3000;
const MAX_ATTEMPTS = 3;
const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * `@aws-sdk/client-sfn`, which is loaded with the first call.
 *
 * @param clientConfig what goes to `new SFNClient()` beside that: region, credentials, endpoint
 * @throws BatonError `option_invalid` for settings of retries; in a call `peer_missing`
 */
export function sfnAccess(clientConfig: Readonly<Record<string, unknown>>): () => SfnAccess {
  const refused = RETRY_SETTINGS.find((name) => name in clientConfig);
  if (refused !== undefined) {
    const message = `clientConfig.${refused} cannot be set: a Standard workflow is started up to ${MAX_ATTEMPTS} times under one name, an Express one once.`;
    throw new BatonError('option_invalid', message);
  }
  let access: SfnAccess | undefined;
  return () => (access ??= newAccess(clientConfig));
}

function newAccess(clientConfig: Readonly<Record<string, unknown>>): SfnAccess {
  const sdk = optionalPeer('@aws-sdk/client-sfn', 'Starting workflows', () => require('@aws-sdk/client-sfn') as SfnSdk);
  const config = {
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS },
    ...(isLoopback(clientConfig.endpoint ?? endpointFromEnvironment()) && { disableHostPrefix: true }),
    ...clientConfig,
    maxAttempts: MAX_ATTEMPTS,
  };
  // The first client's handler holds the sockets of them all.
  const own = new sdk.SFNClient(config);
  const { requestHandler } = own.config;
  const clientsOf = (maxAttempts: number, more: object = {}) =>
    sessionClients(
      (credentials) =>
        new sdk.SFNClient({
          ...config,
          ...more,
          maxAttempts,
          requestHandler,
          ...(credentials !== undefined && { credentials }),
        }),
    );
  const quiet = { logger: SILENT };
  return {
    sdk,
    client: clientsOf(MAX_ATTEMPTS),
    onceClient: clientsOf(1),
    quietClient: clientsOf(MAX_ATTEMPTS, quiet),
    quietOnceClient: clientsOf(1, quiet),
  };
}

const endpointFromEnvironment = (): string | undefined =>
  process.env.AWS_ENDPOINT_URL_SFN ?? process.env.AWS_ENDPOINT_URL;

/** The SDK puts "sync-" before the host of StartSyncExecution; no such name leads to this machine. */
function isLoopback(endpoint: unknown): boolean {
  return typeof endpoint === 'string' && /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])([:/]|$)/.test(endpoint);
}
