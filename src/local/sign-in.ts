import { createHash, randomBytes } from 'node:crypto';

import { BatonError } from '../core/errors';
import { BrowserSession } from './browser-session';
import { TOKEN_EXCHANGE } from './provider/token-exchange';

/** An access token and how long it lasts. */
export interface AccessToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** What {@link signIn} is told. */
export interface SignInOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
  /** Default `openid`. */
  readonly scope?: string;
  /** The API that the token is for (RFC 8707). */
  readonly resource: string;
}

/** What {@link exchangeForActor} is told. */
export interface ExchangeOptions {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The user's access token. */
  readonly subjectToken: string;
  readonly resource: string;
  readonly scope?: string;
}

/** What {@link clientCredentials} is told. */
export interface ClientCredentialsOptions {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly resource: string;
  readonly scope?: string;
}

/** Redirects of one sign-in that are followed. The provider of the relay needs four. */
const MAX_REDIRECTS = 10;

/**
 * Signs a user in as a browser would: authorization code with PKCE (RFC 7636), redirects, cookies, the form.
 * @throws BatonError `relay_failed`; never with the password or a token in its message
 */
export async function signIn(options: SignInOptions): Promise<AccessToken> {
  const { issuer, clientId, redirectUri, resource } = options;
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const authorization = new URL(`${issuer}/auth`);
  authorization.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: options.scope ?? 'openid',
    resource,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const answer = await walkToRedirect(authorization, options);
  if (answer.get('state') !== state) throw failed('the answer has another state than the request');
  const code = answer.get('code');
  if (code === null) throw failed(`the provider answered ${answer.get('error') ?? 'without a code'}`);
  return requestToken(`${issuer}/token`, undefined, {
    grant_type: 'authorization_code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code,
    code_verifier: verifier,
    resource,
  });
}

/** Follows the sign-in until it leads to the application, and gives the query of that address. */
async function walkToRedirect(start: URL, options: SignInOptions): Promise<URLSearchParams> {
  const browser = new BrowserSession();
  let response = await browser.open(start);
  let formSent = false;
  for (let i = 0; i < MAX_REDIRECTS; i++) {
    const { location } = response;
    if (location !== undefined) {
      // The application itself is not called: its address is all that is needed.
      if (location.href.startsWith(options.redirectUri)) return location.searchParams;
      response = await browser.open(location);
    } else if (response.status === 200 && !formSent) {
      formSent = true;
      response = await browser.post(response.url, { username: options.username, password: options.password });
    } else {
      throw failed(`the provider answered with status ${String(response.status)}`);
    }
  }
  throw failed('the provider redirects without an end');
}

/**
 * Trades a user's access token for one in which the client acts for that user (RFC 8693).
 * @throws BatonError `relay_failed`
 */
export async function exchangeForActor(options: ExchangeOptions): Promise<AccessToken> {
  return requestToken(options.tokenEndpoint, options, {
    grant_type: TOKEN_EXCHANGE,
    subject_token: options.subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: options.resource,
    ...(options.scope !== undefined && { scope: options.scope }),
  });
}

/**
 * Gets an application a token for itself (RFC 6749, section 4.4).
 * @throws BatonError `relay_failed`
 */
export async function clientCredentials(options: ClientCredentialsOptions): Promise<AccessToken> {
  return requestToken(options.tokenEndpoint, options, {
    grant_type: 'client_credentials',
    resource: options.resource,
    ...(options.scope !== undefined && { scope: options.scope }),
  });
}

async function requestToken(
  tokenEndpoint: string,
  client: { readonly clientId: string; readonly clientSecret: string } | undefined,
  parameters: Record<string, string>,
): Promise<AccessToken> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (client !== undefined) {
    // Both halves are form-encoded before they are joined (RFC 6749, section 2.3.1).
    const pair = [client.clientId, client.clientSecret].map(encodeURIComponent).join(':');
    headers['Authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  let response: Response;
  let body: Record<string, unknown>;
  try {
    response = await fetch(tokenEndpoint, { method: 'POST', headers, body: new URLSearchParams(parameters) });
    body = (await response.json()) as Record<string, unknown>;
  } catch (cause) {
    throw failed('the token endpoint cannot be reached or gives no JSON', cause);
  }
  const { access_token: accessToken, expires_in: expiresInSeconds, error } = body;
  if (!response.ok || typeof accessToken !== 'string') {
    const code = typeof error === 'string' ? error : 'no token';
    throw failed(`the token endpoint answered ${String(response.status)} ${code}`);
  }
  return { accessToken, expiresInSeconds: Number(expiresInSeconds) };
}

function failed(why: string, cause?: unknown): BatonError {
  return new BatonError('relay_failed', `Sign-in failed: ${why}.`, { cause });
}
