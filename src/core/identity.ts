/** A party that acts for somebody else: a copilot, an agent, a service (RFC 8693, section 4.1, `act`). */
export interface Actor {
  /** The actor's name in the policy (`actors`), or its qualified subject where the policy does not know it. */
  readonly subject: string;
  /** The actor before this one, where work was delegated more than once. */
  readonly actor?: Actor;
}

/** How and when the user signed in, as the identity provider said it. */
export interface Authentication {
  /** The identity provider's name in the policy. */
  readonly provider?: string;
  /** Authentication context class (OpenID Connect `acr`). */
  readonly acr?: string;
  /** Authentication methods (RFC 8176 `amr`). */
  readonly amr?: readonly string[];
  /** When the user signed in, in seconds since the epoch. */
  readonly authTime?: number;
  /** When the identity provider's own token ends, in seconds since the epoch. */
  readonly providerExpiresAt?: number;
}

/**
 * Who a request comes from, verified. Frozen: nothing below the middleware can change it.
 *
 * It is what `req.user` and `currentUser()` give.
 */
export interface Identity {
  /** The subject, qualified by its provider: `entra:<oid>`. Unique across providers; use it as the key in your data. */
  readonly subject: string;
  readonly kind: 'user' | 'application';
  /** A name for people. Never decide on it: names change and can be chosen. */
  readonly name?: string;
  /** The provider's tenant, where it has tenants. */
  readonly tenant?: string;
  /** Roles of the policy that the caller was given directly; what they inherit is the policy's business. */
  readonly roles: readonly string[];
  /** OAuth scopes of the caller's token. */
  readonly scopes: readonly string[];
  /** Who acts for the subject. What the actor may not do, this identity may not do. */
  readonly actor?: Actor;
  readonly authentication: Authentication;
  /** The client's address as the gateway saw and signed it. */
  readonly clientAddress?: string;
  /** Which edge vouched: the profile's name and its issuer. */
  readonly edge: { readonly profile: string; readonly issuer: string };
  /** The transaction's ID (`txn`). The gateway may cache its token, so it is no request ID. */
  readonly transactionId: string;
  /** When the assertion ends, in seconds since the epoch. */
  readonly expiresAt: number;
  /** Digest of the policy that the issuer of the assertion used. */
  readonly policyDigest?: string;
}
