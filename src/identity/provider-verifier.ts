import { nowSeconds, type Clock } from '../core/clock';
import { tokenInvalid } from '../core/errors';
import { parseCompact, unverifiedIssuer } from '../jws/compact';
import { verifyJws, type JwsExpectations } from '../jws/verify';
import { keySourceAt, type KeySourceOptions } from '../keys/source';
import type { KeySource } from '../jws/keys';
import type { IdentityProviderDocument } from '../policy/document';
import { issuersOf, type ProviderIssuer } from '../policy/issuers';
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
  /** The only tenant whose tokens this issuer signs, where the provider has many. */
  readonly tenant: string | undefined;
  readonly jws: JwsExpectations & { readonly keys: KeySource };
  readonly claims: ClaimExpectations;
}

/** Verifies tokens of identity providers. */
export interface ProviderVerifier {
  /** @throws BatonError `token_invalid`, `keys_unavailable` */
  readonly verify: (token: string) => Promise<ProviderToken>;
  /** The keys of all providers. */
  readonly keys: readonly KeySource[];
  /** The least that any of the providers is granted. */
  readonly clockToleranceSeconds: number;
}

/** Entra's tokens alone can fill 4 KB; groups and app roles more. */
const MAX_TOKEN_BYTES = 16_384;
const DEFAULT_TYPES = ['at+jwt', 'JWT'];
const DEFAULT_CLOCK_TOLERANCE_SECONDS = 60;
/** Entra's long-lived tokens (continuous access evaluation) live up to 28 hours. */
const DEFAULT_MAX_LIFETIME_SECONDS = 28 * 3600;

function prepare(
  name: string,
  { issuer, tenant }: ProviderIssuer,
  document: IdentityProviderDocument,
  options: ProviderVerifierOptions,
): Provider {
  const { audience, algorithms } = document;
  const keys = keySourceAt(document.keys ?? { discover: issuer }, { ...options, algorithms });
  return {
    name,
    tenant,
    jws: { algorithms, keys, types: document.types ?? DEFAULT_TYPES },
    claims: {
      issuer,
      audiences: typeof audience === 'string' ? [audience] : audience,
      clockToleranceSeconds: document.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
      maxLifetimeSeconds: document.maxLifetimeSeconds ?? DEFAULT_MAX_LIFETIME_SECONDS,
    },
  };
}

/** What a verifier of provider tokens is made with. */
export interface ProviderVerifierOptions extends Omit<KeySourceOptions, 'algorithms' | 'clock'> {
  readonly clock: Clock;
}

/**
 * Verifies tokens of the policy's identity providers. The token's own issuer chooses among those configured and decides
 * nothing else: no key is looked up, and nothing fetched, for an issuer or a tenant that the policy does not name.
 *
 * @throws BatonError `key_invalid`, `option_invalid`
 */
export function createProviderVerifier(
  documents: Readonly<Record<string, IdentityProviderDocument>>,
  options: ProviderVerifierOptions,
): ProviderVerifier {
  const byIssuer = new Map<string, Provider>();
  for (const [name, document] of Object.entries(documents)) {
    for (const issuer of issuersOf(document)) {
      byIssuer.set(issuer.issuer, prepare(name, issuer, document, options));
    }
  }
  const providers = [...byIssuer.values()];
  const verify = async (token: string): Promise<ProviderToken> => {
    const jws = parseCompact(token, MAX_TOKEN_BYTES);
    const provider = byIssuer.get(unverifiedIssuer(jws));
    if (provider === undefined)
      throw tokenInvalid('issuer', 'The token is from an issuer that the policy does not name.');
    const claims = await verifyJws(jws, provider.jws);
    const { expiresAt } = checkRegisteredClaims(claims, provider.claims, nowSeconds(options.clock));
    // All tenants of a provider sign with the same keys: the issuer alone is what the token says of itself.
    if (provider.tenant !== undefined && claims.tid !== provider.tenant)
      throw tokenInvalid('issuer', "The token's tenant (tid) is not that of its issuer.");
    return { provider: provider.name, claims, expiresAt };
  };
  return {
    verify,
    keys: providers.map(({ jws }) => jws.keys),
    clockToleranceSeconds: Math.min(...providers.map(({ claims }) => claims.clockToleranceSeconds)),
  };
}

/** Only the function that verifies, see {@link createProviderVerifier}. */
export function providerVerifier(
  documents: Readonly<Record<string, IdentityProviderDocument>>,
  options: ProviderVerifierOptions,
): ProviderVerifier['verify'] {
  return createProviderVerifier(documents, options).verify;
}
