/** The `act` claim (RFC 8693, section 4.1): the current actor outermost. */
export interface ActorClaim {
  readonly sub: string;
  readonly act?: ActorClaim;
}

/** `tctx`: the immutable facts that decide what the caller may do. */
export interface TransactionContextClaim {
  readonly roles: readonly string[];
  readonly kind: 'user' | 'application';
  readonly tenant?: string;
  readonly name?: string;
  /** Digest of the policy by which roles were given. */
  readonly policy?: string;
}

/** `rctx`: how the request came in and how its user signed in. */
export interface RequesterContextClaim {
  /** The identity provider's name in the policy. */
  readonly idp?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Seconds since the epoch. */
  readonly auth_time?: number;
  readonly req_ip?: string;
  /** Digest of the one method and path that the token is for, where the policy binds tokens to their request. */
  readonly req_bind?: string;
  /** When the identity provider's own token ends, in seconds since the epoch. */
  readonly idp_exp?: number;
}

/**
 * The claims that travel from hop to hop unchanged: who, for whom, how signed in. The Transaction Token brings them, a
 * hand-over token takes them on.
 */
export interface TransactionClaims {
  readonly sub: string;
  /** Space-separated (RFC 8693, section 4.2). */
  readonly scope: string;
  readonly txn: string;
  readonly act?: ActorClaim;
  readonly tctx: TransactionContextClaim;
  readonly rctx: RequesterContextClaim;
}
