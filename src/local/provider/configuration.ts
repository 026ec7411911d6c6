import { randomBytes } from 'node:crypto';

import type { errors as OidcErrors, GrantModel, OidcContext, TokenModel } from 'oidc-provider';

import type { Directory, LocalClient } from './directory';
import { INTERACTION_PATH } from './interaction';
import { memoryAdapter } from './memory-adapter';
import type { SigningKey } from './signing-key';
import { tokenClaims, type Exchanges } from './token-claims';

/** What {@link providerConfiguration} needs. */
export interface ConfigurationOptions {
  readonly directory: Directory;
  readonly tenant: string;
  readonly audience: string;
  readonly tokenLifetimeSeconds: number;
  readonly key: SigningKey;
  readonly exchanges: Exchanges;
  readonly errors: typeof OidcErrors;
}

/** The API that tokens are for, as oidc-provider describes resource servers: JWT access tokens, signed with RS256. */
export function resourceServer({ directory, audience }: ConfigurationOptions): Record<string, unknown> {
  return {
    audience,
    scope: directory.scopes.join(' '),
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
}

/** The configuration of oidc-provider. What it would warn about when left out is set, so that it stays quiet. */
export function providerConfiguration(options: ConfigurationOptions): Record<string, unknown> {
  const { directory, tenant, audience, exchanges, errors, key } = options;
  return {
    adapter: memoryAdapter(),
    clients: directory.clients.map(clientMetadata),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    jwks: { keys: [key.jwk] },
    responseTypes: ['code'],
    acrValues: ['1'],
    clientBasedCORS: () => false,
    extraTokenClaims: (ctx: OidcContext, token: TokenModel) => tokenClaims(directory, tenant, exchanges, ctx, token),
    findAccount: (_ctx: OidcContext, subject: string) => {
      const user = directory.user(subject);
      return user && { accountId: subject, claims: () => ({ sub: subject }) };
    },
    interactions: { url: (_ctx: OidcContext, { uid }: { uid: string }) => `${INTERACTION_PATH}${uid}` },
    loadExistingGrant: (ctx: OidcContext) => grantWhatIsAsked(options, ctx),
    // Plain text: no HTML of the package's own, and nothing of the request in it.
    renderError: (ctx: { type: string; body: unknown }, out: { error: string }) => {
      ctx.type = 'text/plain';
      ctx.body = `Sign-in failed: ${out.error}\n`;
    },
    ttl: lifetimes(options),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: OidcContext, resource: string) => {
          if (resource !== audience) throw new errors.InvalidTarget('the resource is not known here');
          return resourceServer(options);
        },
      },
    },
  };
}

/** In seconds. A token that was exchanged ends with the one that it was exchanged for. */
function lifetimes({ tokenLifetimeSeconds, exchanges }: ConfigurationOptions): Record<string, unknown> {
  const accessToken = (ctx: OidcContext): number => {
    const subject = exchanges.get(ctx);
    if (subject === undefined) return tokenLifetimeSeconds;
    return Math.max(1, Math.min(tokenLifetimeSeconds, subject.exp - Math.floor(Date.now() / 1000)));
  };
  return {
    AccessToken: accessToken,
    ClientCredentials: tokenLifetimeSeconds,
    AuthorizationCode: 60,
    Grant: 3600,
    IdToken: tokenLifetimeSeconds,
    Interaction: 600,
    Session: 3600,
  };
}

/** Grants what a client asks for of what the user can have: on this machine nobody needs to be asked for consent. */
async function grantWhatIsAsked(
  { directory, audience }: ConfigurationOptions,
  { oidc }: OidcContext,
): Promise<GrantModel | undefined> {
  const user = directory.user(oidc.session?.accountId);
  if (user === undefined) return undefined;
  const { Grant } = oidc.provider;
  const grant = new Grant({ clientId: oidc.client.clientId, accountId: user.subject });
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  const granted = directory.scopesOf(user);
  for (const scope of oidc.requestParamScopes) {
    // A scope that is refused counts as asked for; left out, the provider would ask the user about it.
    if (granted.includes(scope)) grant.addResourceScope(audience, scope);
    else if (directory.scopes.includes(scope)) grant.rejectResourceScope(audience, scope);
  }
  await grant.save();
  return grant;
}

function clientMetadata(client: LocalClient): Record<string, unknown> {
  const redirectUris = client.redirectUris ?? [];
  const grantTypes = client.grantTypes ?? [redirectUris.length > 0 ? 'authorization_code' : 'client_credentials'];
  return {
    client_id: client.clientId,
    ...(client.clientSecret !== undefined && { client_secret: client.clientSecret }),
    token_endpoint_auth_method: client.clientSecret === undefined ? 'none' : 'client_secret_basic',
    redirect_uris: redirectUris,
    grant_types: grantTypes,
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
  };
}
