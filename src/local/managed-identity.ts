import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from './loopback';

/** An application of the local identity provider that has no secret where it runs. */
export interface ManagedIdentityOptions {
  /** The identity provider's token endpoint. */
  readonly tokenEndpoint: string;
  /** The application that the machine is, registered with the provider for client_credentials. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A managed identity that can be asked for. */
export interface ManagedIdentity {
  /** What a process on the machine has in its environment. */
  readonly environment: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
  stop(): Promise<void>;
}

/** The members of the provider's answer that count here. */
interface ProviderAnswer {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
}

/** Asks the provider, as Azure does behind the endpoint: the secret is here, and never with the app. */
async function tokenFor(options: ManagedIdentityOptions, resource: string): Promise<[status: number, body: object]> {
  const { tokenEndpoint, clientId, clientSecret } = options;
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }).toString(),
  });
  const answer = (await response.json()) as ProviderAnswer;
  if (!response.ok) return [400, { error: answer.error, error_description: 'The identity provider gave no token.' }];
  const end = Math.floor(Date.now() / 1000) + Number(answer.expires_in);
  return [200, { access_token: answer.access_token, expires_on: String(end), resource, token_type: 'Bearer' }];
}

/**
 * Starts the endpoint that Azure App Service gives its apps: a token for whoever has the secret header of this instance.
 *
 * Source: Azure App Service, "REST endpoint reference" of managed identities, API version 2019-08-01.
 *
 * @throws BatonError `relay_failed` for a port that cannot be had
 */
export async function startManagedIdentity(options: ManagedIdentityOptions): Promise<ManagedIdentity> {
  const secret = randomBytes(24).toString('hex');
  const answer = async (url: URL, header: string | undefined): Promise<[status: number, body: object]> => {
    const { searchParams } = url;
    const resource = searchParams.get('resource');
    if (header !== secret) return [401, { error: 'unauthorized', error_description: 'X-IDENTITY-HEADER is missing.' }];
    if (searchParams.get('api-version') !== '2019-08-01' || resource === null) {
      return [400, { error: 'invalid_request', error_description: 'resource and api-version are needed.' }];
    }
    return tokenFor(options, resource);
  };
  const server = createServer((request, response) => {
    const header = request.headers['x-identity-header'];
    answer(new URL(request.url ?? '/', 'http://identity.invalid'), typeof header === 'string' ? header : undefined)
      .catch((): [number, object] => [503, { error: 'temporarily_unavailable' }])
      .then(
        ([status, body]) => {
          response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
        },
        () => response.destroy(),
      );
  });
  const port = await listenOnLoopback(server, options.port ?? 0, 'The managed identity');
  return {
    environment: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: secret },
    stop: () => closeServer(server),
  };
}
