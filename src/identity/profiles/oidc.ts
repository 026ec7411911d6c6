import { systemClock } from '../../core/clock';
import { tokenInvalid } from '../../core/errors';
import type { KeySource } from '../../jws/keys';
import type { Policy } from '../../policy/policy';
import type { AssertionVerifier, EdgeOptions } from '../assertion';
import { identityFrom } from '../from-transaction';
import { transactionOf } from '../provider-transaction';
import { createProviderVerifier } from '../provider-verifier';

/** RFC 6750, section 2.1; the scheme's letter case does not count (RFC 9110, section 11.1). */
const BEARER = /^bearer +(\S+)$/i;

/**
 * One number for the state of several key sets: another one as soon as any of them is in another state. Adding their
 * versions up would not do: one that falls and one that rises would hide each other.
 */
function combinedVersion(sources: readonly KeySource[]): () => number {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return () => only.version();
  const last = sources.map(() => -1);
  let version = 0;
  return () => {
    let changed = false;
    sources.forEach((source, index) => {
      const current = source.version();
      changed ||= current !== last[index];
      last[index] = current;
    });
    if (changed) version++;
    return version;
  };
}

/** The profile `oidc`: the identity provider's own access token reaches the app, as a bearer token. */
export function oidcVerifier(policy: Policy, options: EdgeOptions): AssertionVerifier {
  const clock = options.clock ?? systemClock;
  const { verify, keys, clockToleranceSeconds } = createProviderVerifier(policy.identityProviders, {
    ...options,
    clock,
  });
  return {
    header: 'Authorization',
    clockToleranceSeconds,
    keyVersion: combinedVersion(keys),
    async verify(assertion) {
      const bearerToken = BEARER.exec(assertion)?.[1];
      if (bearerToken === undefined) throw tokenInvalid('malformed', 'The Authorization header holds no bearer token.');
      const token = await verify(bearerToken);
      const transaction = transactionOf(token, policy);
      const issuer = String(token.claims.iss);
      return {
        identity: identityFrom({ transaction, expiresAt: token.expiresAt }, { profile: 'oidc', issuer }),
        transaction,
        ownToken: () => bearerToken,
      };
    },
  };
}
