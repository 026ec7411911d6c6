import type { OidcContext, TokenModel } from 'oidc-provider';

import type { Directory } from './directory';
import type { ActClaim, SubjectTokenClaims } from './subject-token';

/** Exchanges under way, by their request: the claims hook and the lifetime hook get the request, not what was verified. */
export type Exchanges = WeakMap<OidcContext, SubjectTokenClaims>;

/**
 * The claims of an access token beside the protocol's own, named as Microsoft Entra ID names them.
 * Source: Microsoft identity platform, "Access token claims reference".
 *
 * `idtyp` is an optional claim in Entra; here it is always there, for applications.
 */
export function tokenClaims(
  directory: Directory,
  tenant: string,
  exchanges: Exchanges,
  ctx: OidcContext,
  token: TokenModel,
): Record<string, unknown> {
  const common = { tid: tenant, ver: '2.0', azp: token.clientId };
  if (token.kind === 'ClientCredentials') {
    const roles = directory.client(token.clientId)?.roles ?? [];
    return { ...common, oid: token.clientId, idtyp: 'app', ...(roles.length > 0 && { roles }) };
  }
  const user = directory.user(token.accountId);
  if (user === undefined) return common;
  return {
    ...common,
    oid: user.subject,
    preferred_username: user.username,
    name: user.name,
    ...(user.roles.length > 0 && { roles: user.roles }),
    ...(token.scope && { scp: token.scope }),
    ...authenticationClaims(exchanges, ctx),
    ...actorClaims(exchanges.get(ctx), token.clientId),
  };
}

/** How and when the user signed in: from the code, or from the token that is exchanged. */
function authenticationClaims(exchanges: Exchanges, ctx: OidcContext): Record<string, unknown> {
  const { acr, amr, authTime } = exchanges.get(ctx) ?? ctx.oidc.entities.AuthorizationCode ?? {};
  return {
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
    ...(authTime !== undefined && { auth_time: authTime }),
  };
}

/** `act`: the client that exchanges now outermost, the one before it inside (RFC 8693, section 4.1). */
function actorClaims(subject: SubjectTokenClaims | undefined, clientId: string): { act?: ActClaim } {
  if (subject === undefined) return {};
  return { act: { sub: clientId, ...(subject.act !== undefined && { act: subject.act }) } };
}
