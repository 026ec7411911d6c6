import type { errors as OidcErrors, OidcContext, Provider } from 'oidc-provider';

import type { Directory } from './directory';
import type { SigningKey } from './signing-key';
import { verifySubjectToken, type SubjectTokenClaims } from './subject-token';
import type { Exchanges } from './token-claims';

/** Grant type of RFC 8693. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

/** What {@link registerTokenExchange} needs. */
export interface TokenExchangeOptions {
  readonly provider: Provider;
  readonly errors: typeof OidcErrors;
  readonly directory: Directory;
  readonly key: SigningKey;
  readonly audience: string;
  readonly exchanges: Exchanges;
  readonly resourceServer: Readonly<Record<string, unknown>>;
}

/**
 * Registers the token exchange (RFC 8693): a client that is authenticated trades a user's access token for one in which
 * it acts for that user. `actor_token` is not taken: the actor is the client itself.
 */
export function registerTokenExchange(options: TokenExchangeOptions): void {
  const { provider } = options;
  provider.registerGrantType(TOKEN_EXCHANGE, (ctx) => exchange(options, ctx), [
    'subject_token',
    'subject_token_type',
    'requested_token_type',
    'actor_token',
    'resource',
    'audience',
    'scope',
  ]);
}

async function exchange(options: TokenExchangeOptions, ctx: OidcContext): Promise<void> {
  const { provider, directory, audience, exchanges } = options;
  const subject = readSubject(options, ctx);
  const user = directory.user(subject.sub);
  if (user === undefined) throw new options.errors.InvalidRequest('subject_token is not a user’s');
  const { AccessToken, ResourceServer } = provider;
  const token = new AccessToken({
    accountId: user.subject,
    client: ctx.oidc.client,
    gty: 'token_exchange',
    scope: grantedScope(options, ctx, subject),
    resourceServer: new ResourceServer(audience, options.resourceServer),
  });
  exchanges.set(ctx, subject);
  ctx.oidc.entity('AccessToken', token);
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: token.tokenType,
    expires_in: token.expiration,
    ...(token.scope && { scope: token.scope }),
  };
}

/** Checks the parameters of RFC 8693, section 2.1, and verifies the token. */
function readSubject({ errors, provider, key, audience }: TokenExchangeOptions, ctx: OidcContext): SubjectTokenClaims {
  const { params } = ctx.oidc;
  const { subject_token: token, subject_token_type: tokenType, requested_token_type: requested } = params;
  if (!token) throw new errors.InvalidRequest('subject_token is missing');
  if (tokenType !== ACCESS_TOKEN_TYPE && tokenType !== JWT_TYPE) {
    throw new errors.InvalidRequest('subject_token_type must be an access token or a JWT');
  }
  if (requested !== undefined && requested !== ACCESS_TOKEN_TYPE && requested !== JWT_TYPE) {
    throw new errors.InvalidRequest('requested_token_type must be an access token or a JWT');
  }
  if (params['actor_token'] !== undefined) throw new errors.InvalidRequest('actor_token is not supported');
  const targets = [params['resource'], params['audience']].filter((target) => target !== undefined);
  if (targets.some((target) => target !== audience)) throw new errors.InvalidTarget('the target is not known here');
  const rules = { key, issuer: provider.issuer, audience, nowSeconds: Math.floor(Date.now() / 1000) };
  const subject = verifySubjectToken(token, rules);
  if (typeof subject === 'string') throw new errors.InvalidRequest(subject);
  return subject;
}

/** The scopes asked for, which must be among the subject token's; all of those where none is asked for. */
function grantedScope({ errors }: TokenExchangeOptions, ctx: OidcContext, subject: SubjectTokenClaims): string {
  const asked = ctx.oidc.params['scope']?.split(' ').filter((scope) => scope !== '') ?? subject.scopes;
  const excess = asked.find((scope) => !subject.scopes.includes(scope));
  if (excess !== undefined) throw new errors.InvalidScope('the subject_token does not have this scope', excess);
  return asked.join(' ');
}
