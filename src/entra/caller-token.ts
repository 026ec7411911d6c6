import { currentRecord } from '../context/storage';
import { BatonError, tokenInvalid } from '../core/errors';
import type { Identity } from '../core/identity';

const OWNER = 'onBehalfOf()';

const refused = (message: string, reason: string): BatonError =>
  new BatonError('permission_denied', `${OWNER}: ${message}`, { reason });

function checkCaller({ kind, actor, edge, expiresAt }: Identity, issuers: readonly string[], now: number): void {
  // The token that Entra gives has all rights of the user: it knows nothing of the actor's limits.
  if (actor !== undefined) throw refused('an actor does not get a token with all rights of its user.', 'actor_limited');
  if (kind !== 'user') throw refused('the caller is an application; only a user can be acted for.', 'application');
  // A token of another provider, or of another tenant, is none of this tenant's business.
  if (!issuers.includes(edge.issuer)) {
    throw refused(
      `the caller's token is from ${edge.issuer}, and not from this tenant (${issuers.join(', ')}).`,
      'issuer',
    );
  }
  if (now >= expiresAt) throw tokenInvalid('expired', `${OWNER}: the caller's identity has ended.`);
}

/**
 * The bearer token of the caller at hand, where it may be exchanged: a user's own, of the tenant, without an actor.
 *
 * @param now seconds since the epoch
 * @throws BatonError `identity_missing`, `option_invalid`, `permission_denied`, `token_invalid`
 */
export function exchangeableToken(issuers: readonly string[], now: number): string {
  const record = currentRecord();
  const user = record?.context.user;
  if (record === undefined || user === undefined) {
    throw new BatonError('identity_missing', `${OWNER} is called as a verified caller, and there is none here.`);
  }
  const { callerToken } = record;
  if (callerToken === undefined) {
    const message = `${OWNER} needs the caller's own token, which only the edge profile "oidc" brings to the app.`;
    throw new BatonError('option_invalid', message);
  }
  checkCaller(user, issuers, now);
  return callerToken();
}
