import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type * as OidcProvider from 'oidc-provider';

import { peerMissing } from '../core/peers';
import type { Logger } from '../core/logger';
import { checkOptionNames, type OptionNames, wholeNumber } from '../core/options';
import { closeServer, listenOnLoopback } from './loopback';
import { providerConfiguration, resourceServer } from './provider/configuration';
import { Directory, type LocalClient, type LocalUser } from './provider/directory';
import { handleInteraction, INTERACTION_PATH } from './provider/interaction';
import { createSigningKey } from './provider/signing-key';
import { registerTokenExchange } from './provider/token-exchange';
import type { Exchanges } from './provider/token-claims';
import { withoutTokens } from './without-tokens';

export type { LocalClient, LocalUser } from './provider/directory';

/** What {@link startIdentityProvider} is told. */
export interface IdentityProviderOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** `tid` of every token. */
  readonly tenant: string;
  /** `aud` of every access token, and the only resource that can be asked for: an absolute URI. */
  readonly audience: string;
  readonly users: readonly LocalUser[];
  readonly clients: readonly LocalClient[];
  /** Default 3600; 1 to 86400. */
  readonly tokenLifetimeSeconds?: number;
  readonly logger?: Logger;
}

/** An OpenID provider that runs. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly discoveryUrl: string;
  readonly tokenEndpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

const OPTION_NAMES: OptionNames<IdentityProviderOptions> = {
  port: true,
  tenant: true,
  audience: true,
  users: true,
  clients: true,
  tokenLifetimeSeconds: true,
  logger: true,
};

/**
 * Starts an OpenID provider on loopback whose access tokens look like those of Microsoft Entra ID: RS256, `at+jwt`, `tid`,
 * `oid`, `preferred_username`, `roles`, `scp`. Users sign in with code and PKCE on a page that a browser can show;
 * applications get tokens for themselves (client_credentials) or trade a user's token for one in which they act for that
 * user (RFC 8693). Keys and sessions live as long as it runs.
 *
 * @example
 * ```ts
 * const idp = await startIdentityProvider({
 *   tenant: 'contoso', audience: 'api://invoices',
 *   users: [{ username: 'ada', password: 'pw', subject: 'ada-oid', name: 'Ada', roles: ['Invoices.Approver'] }],
 *   clients: [{ clientId: 'web', redirectUris: ['http://127.0.0.1:9/callback'] }],
 * });
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `peer_missing` without oidc-provider; `relay_failed` for a port
 * that cannot be had
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const owner = 'startIdentityProvider()';
  checkOptionNames(owner, options, OPTION_NAMES);
  const wantedPort = wholeNumber(owner, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const directory = new Directory(options.users, options.clients);
  const oidc = await loadOidcProvider();
  let handle = (_request: IncomingMessage, response: ServerResponse): void => void response.writeHead(503).end();
  const server: Server = createServer((request, response) => handle(request, response));
  // The issuer holds the port, so the server listens before there is a provider to serve.
  const port = await listenOnLoopback(server, wantedPort, 'The local identity provider');
  const issuer = `http://127.0.0.1:${String(port)}`;
  try {
    const provider = await createProvider(oidc, issuer, directory, options);
    handle = requestHandler(provider, directory, options.logger);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  return {
    issuer,
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    tokenEndpoint: `${issuer}/token`,
    port,
    stop: () => closeServer(server),
  };
}

/** Published as ES modules only. On Node 20 it warns on stderr, when loaded, that it wants 22; it works all the same. */
async function loadOidcProvider(): Promise<typeof OidcProvider> {
  try {
    return await import('oidc-provider');
  } catch (cause) {
    throw peerMissing('oidc-provider', 'The local identity provider', cause);
  }
}

async function createProvider(
  { Provider, errors }: typeof OidcProvider,
  issuer: string,
  directory: Directory,
  options: IdentityProviderOptions,
): Promise<OidcProvider.Provider> {
  const { tenant, audience, logger } = options;
  const tokenLifetimeSeconds = wholeNumber(
    'startIdentityProvider()',
    'tokenLifetimeSeconds',
    options.tokenLifetimeSeconds,
    { fallback: 3600, min: 1, max: 86_400 },
  );
  const key = await createSigningKey();
  const exchanges: Exchanges = new WeakMap();
  const shared = { directory, tenant, audience, tokenLifetimeSeconds, key, exchanges, errors };
  const provider = new Provider(issuer, providerConfiguration(shared));
  registerTokenExchange({ provider, ...shared, resourceServer: resourceServer(shared) });
  provider.on('server_error', (_ctx, error) => {
    logger?.error(`The local identity provider failed: ${withoutTokens(error.message)}`);
  });
  return provider;
}

function requestHandler(
  provider: OidcProvider.Provider,
  directory: Directory,
  logger: Logger | undefined,
): (request: IncomingMessage, response: ServerResponse) => void {
  const callback = provider.callback();
  return (request, response) => {
    if (request.url?.startsWith(INTERACTION_PATH) !== true) {
      callback(request, response);
      return;
    }
    handleInteraction(provider, directory, request, response).catch((thrown: unknown) => {
      // An interaction that ended or never was, or a cookie that is missing: the user starts over.
      logger?.warn(`A sign-in could not go on: ${withoutTokens(String(thrown))}`);
      if (response.headersSent) response.destroy();
      else
        response.writeHead(400, { 'Content-Type': 'text/plain' }).end('This sign-in cannot go on. Start it again.\n');
    });
  };
}
