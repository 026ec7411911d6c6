import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, wholeNumber } from '../../core/options';
import type { Jwk } from '../../jws/keys';
import { closeServer, listenOnLoopback } from '../loopback';
import { createPublishedKey } from '../published-key';
import { readBody } from '../request-body';
import { withoutTokens } from '../without-tokens';
import { readApplication, type FederatedCredential, type LocalApplication, type LocalResource } from './applications';
import { EntraError, errorBody } from './entra-error';
import { FederationKeys } from './federation';
import { giveToken, type Tenant } from './issuing';

/** What {@link startEntraEndpoint} is told. */
export interface EntraEndpointOptions {
  /** The directory's ID. */
  readonly tenant: string;
  readonly applications: readonly LocalApplication[];
  readonly resources: readonly LocalResource[];
  /** Issuers of the users' tokens that are exchanged on behalf of them. Default: none. */
  readonly userIssuers?: readonly string[];
  /** Default 3599, as Entra's. */
  readonly tokenLifetimeSeconds?: number;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** What was asked, for tests to look at; without what is secret. */
export interface EntraRequest {
  readonly clientId: string;
  readonly grantType: string;
  readonly scope: string;
  /** 0 where a token was given. */
  readonly aadsts: number;
}

/** A stand-in of Entra's token endpoint that runs. */
export interface EntraEndpoint {
  /** What `createEntraTokens({ authority })` takes. */
  readonly url: string;
  /** Of its tokens; the metadata and keys are below it. */
  readonly issuer: string;
  /** Requests so far. */
  readonly requests: readonly EntraRequest[];
  /** It is reached by this URL, too: the token endpoint there is one that assertions of certificates may name. */
  alsoAt(url: string): void;
  /** Adds a federated credential, as `az ad app federated-credential create` does. */
  addFederatedCredential(clientId: string, credential: FederatedCredential): void;
  stop(): Promise<void>;
}

const OWNER = 'startEntraEndpoint()';
const MAX_BODY_BYTES = 64 * 1024;

interface State {
  readonly tenant: Tenant;
  readonly publicJwk: Jwk;
  readonly url: string;
  readonly requests: EntraRequest[];
  readonly logger: Logger | undefined;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const { bytes } = await readBody(request, MAX_BODY_BYTES);
  if (bytes === undefined) throw new EntraError('invalid_request', 90014, 'The request body is too large.');
  return new URLSearchParams(bytes.toString('utf8'));
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const tokenEndpointAt = (url: string, tenant: string): string => `${url}/${tenant}/oauth2/v2.0/token`;

function metadata({ tenant, url, publicJwk }: State, path: string): object | undefined {
  const keysPath = `/${tenant.tenant}/discovery/v2.0/keys`;
  if (path === keysPath) return { keys: [publicJwk] };
  if (path !== `/${tenant.tenant}/v2.0/.well-known/openid-configuration`) return undefined;
  return { issuer: tenant.issuer, jwks_uri: `${url}${keysPath}`, token_endpoint: tokenEndpointAt(url, tenant.tenant) };
}

function checkTenant(path: string, { tenant }: Tenant): void {
  const named = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path)?.[1];
  if (named === undefined) throw new EntraError('invalid_request', 900144, 'There is nothing here.');
  if (named === 'common' || named === 'organizations') {
    throw new EntraError('invalid_request', 9001023, `The grant type is not supported over the /${named} endpoint.`);
  }
  if (named !== tenant) throw new EntraError('invalid_request', 90002, `Tenant '${named}' not found.`);
}

async function answerToken(state: State, path: string, request: IncomingMessage): Promise<Answer> {
  const form = await readForm(request);
  const told = {
    clientId: form.get('client_id') ?? '',
    grantType: form.get('grant_type') ?? '',
    scope: form.get('scope') ?? '',
  };
  try {
    checkTenant(path, state.tenant);
    const body = await giveToken(state.tenant, form);
    state.requests.push({ ...told, aadsts: 0 });
    return { status: 200, body };
  } catch (thrown) {
    if (!(thrown instanceof EntraError)) throw thrown;
    state.requests.push({ ...told, aadsts: thrown.aadsts });
    const correlationId = request.headers['client-request-id'];
    return {
      status: thrown.status,
      body: errorBody(thrown, typeof correlationId === 'string' ? correlationId : randomUUID()),
    };
  }
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', state.url);
  let given: Answer;
  try {
    const document = request.method === 'GET' ? metadata(state, pathname) : undefined;
    given = document === undefined ? await answerToken(state, pathname, request) : { status: 200, body: document };
  } catch (thrown) {
    state.logger?.error(`The local Entra endpoint failed: ${withoutTokens(String(thrown))}`);
    given = { status: 500, body: errorBody(new EntraError('server_error', 90033, 'A transient error.'), randomUUID()) };
  }
  response.writeHead(given.status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(given.body));
}

/**
 * Starts a stand-in of Microsoft Entra ID's token endpoint on loopback. It really verifies: client assertions against the
 * registered certificates (`PS256`, `x5t#S256`), federated credentials letter by letter and with the issuer's published
 * keys, users' tokens on behalf of whom is asked; its own tokens are real, with metadata and keys. It refuses as Entra does,
 * with `error`, AADSTS number and IDs.
 *
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 *
 * @example
 * ```ts
 * const ofRole = { issuer, subject: roleArn, audience: 'api://AzureADTokenExchange' };
 * const entra = await startEntraEndpoint({
 *   tenant: 'contoso',
 *   applications: [{ clientId: 'renderer', federatedCredentials: [ofRole] }],
 *   resources: [{ appIdUri: 'api://archive', roles: { renderer: ['Archive.Write'] } }],
 * });
 * ```
 */
export async function startEntraEndpoint(options: EntraEndpointOptions): Promise<EntraEndpoint> {
  checkOptionNames(OWNER, options, {
    tenant: true,
    applications: true,
    resources: true,
    userIssuers: true,
    tokenLifetimeSeconds: true,
    port: true,
    clock: true,
    logger: true,
  });
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const lifetimes = { fallback: 3599, min: 1, max: 86_400 };
  const lifetimeSeconds = wholeNumber(OWNER, 'tokenLifetimeSeconds', options.tokenLifetimeSeconds, lifetimes);
  const applications = new Map(options.applications.map((given) => [given.clientId, readApplication(given)]));
  let handle = (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response));
  const url = `http://127.0.0.1:${await listenOnLoopback(server, port, 'The local Entra endpoint')}`;
  const { signer, publicJwk } = await createPublishedKey('RS256');
  const issuer = `${url}/${options.tenant}/v2.0`;
  const tokenEndpoints = new Set([tokenEndpointAt(url, options.tenant)]);
  const tenant: Tenant = {
    tenant: options.tenant,
    applications,
    resources: options.resources,
    userIssuers: options.userIssuers ?? [],
    tokenEndpoints,
    issuer,
    keys: new FederationKeys(),
    signer,
    lifetimeSeconds,
    clock: options.clock ?? systemClock,
  };
  const requests: EntraRequest[] = [];
  const state: State = { tenant, publicJwk, url, requests, logger: options.logger };
  handle = (request, response) => void answer(state, request, response);
  return {
    url,
    issuer,
    requests,
    alsoAt: (other) => void tokenEndpoints.add(tokenEndpointAt(other, options.tenant)),
    addFederatedCredential(clientId, credential) {
      const application = applications.get(clientId);
      if (application === undefined)
        throw new BatonError('option_invalid', `There is no application "${clientId}" here.`);
      application.federated.push(credential);
    },
    stop: () => closeServer(server),
  };
}
