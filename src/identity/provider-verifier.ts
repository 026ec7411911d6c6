import { nowSeconds, type Clock } from '../core/clock';
import { tokenInvalid } from '../core/errors';
import { parseCompact, unverifiedIssuer } from '../jws/compact';
import { verifyJws, type JwsExpectations } from '../jws/verify';
import type { Fetch } from '../keys/fetch-json';
import { keySourceAt } from '../keys/source';
import type { IdentityProviderDocument } from '../policy/document';
import { checkRegisteredClaims, type ClaimExpectations } from '../token/registered-claims';

/** A verified token of an identity provider. */
export interface ProviderToken {
  /** The provider's name in the policy. */
  readonly provider: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** A provider, ready to verify. */
interface Provider {
  readonly name: string;
  readonly jws: JwsExpectations;
  readonly claims: ClaimExpectations;
}

/** Entra's tokens alone can fill 4 KB; groups and app roles more. */
const MAX_TOKEN_BYTES = 16_384;
const DEFAULT_TYPES = ['at+jwt', 'JWT'];
const DEFAULT_CLOCK_TOLERANCE_SECONDS = 60;
/** Entra's long-lived tokens (continuous access evaluation) live up to 28 hours. */
const DEFAULT_MAX_LIFETIME_SECONDS = 28 * 3600;

function prepare(name: string, document: IdentityProviderDocument, options: { clock: Clock; fetch?: Fetch }): Provider {
  const { issuer, audience, algorithms } = document;
  const keys = keySourceAt(document.keys ?? { discover: issuer }, { ...options, algorithms });
  return {
    name,
    jws: { algorithms, keys, types: document.types ?? DEFAULT_TYPES },
    claims: {
      issuer,
      audiences: typeof audience === 'string' ? [audience] : audience,
      clockToleranceSeconds: document.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
      maxLifetimeSeconds: document.maxLifetimeSeconds ?? DEFAULT_MAX_LIFETIME_SECONDS,
    },
  };
}

/**
 * Verifies tokens of the policy's identity providers. The token's own issuer chooses among those configured and decides
 * nothing else: no key is looked up, and nothing fetched, for an issuer that the policy does not name.
 */
export function providerVerifier(
  documents: Readonly<Record<string, IdentityProviderDocument>>,
  options: { clock: Clock; fetch?: Fetch },
): (token: string) => Promise<ProviderToken> {
  const byIssuer = new Map<string, Provider>();
  for (const [name, document] of Object.entries(documents)) {
    byIssuer.set(document.issuer, prepare(name, document, options));
  }
  return async (token) => {
    const jws = parseCompact(token, MAX_TOKEN_BYTES);
    const provider = byIssuer.get(unverifiedIssuer(jws));
    if (provider === undefined)
      throw tokenInvalid('issuer', 'The token is from an issuer that the policy does not name.');
    const claims = await verifyJws(jws, provider.jws);
    const { expiresAt } = checkRegisteredClaims(claims, provider.claims, nowSeconds(options.clock));
    return { provider: provider.name, claims, expiresAt };
  };
}
