import type { Identity } from './identity';

/** What a request wants to reach. */
export interface RouteRequest {
  readonly method: string;
  /** The path as Express will route it: no query, base path taken off. */
  readonly path: string;
  /** When it is decided, in seconds since the epoch; the machine's time by default. */
  readonly nowSeconds?: number;
}

/** How and how lately the user must have signed in (RFC 9470). */
export interface LoginRequirement {
  /** The sign-in may lie this far back, in seconds. */
  readonly maxAgeSeconds?: number;
  /** Accepted authentication contexts (`acr`), the preferred one first; one is enough. */
  readonly acr?: string | readonly string[];
}

/** Why access was given or refused; data for the audit trail and for `explain`. */
export interface Decision {
  readonly allowed: boolean;
  /** True where no identity was needed. */
  readonly public: boolean;
  readonly reason:
    | 'public'
    | 'granted'
    | 'authenticated'
    | 'identity_missing'
    | 'route_not_listed'
    | 'permission_missing'
    | 'permission_denied'
    | 'role_missing'
    | 'scope_missing'
    | 'resource_mismatch'
    | 'authentication_insufficient'
    | 'actor_unknown'
    | 'actor_limited';
  /** The rule that decided: a JSON pointer into the policy, where there is one. */
  readonly rule?: string;
  /** What was asked for: a permission, role or scope, or the field of the identity that a path parameter must equal. */
  readonly required?: string;
  /** How the user must sign in to get further, where that is what is lacking. */
  readonly requiredLogin?: LoginRequirement;
  /** The role that grants it. */
  readonly grantedBy?: string;
}

/** The AWS role that a call is made in, or why there is none. */
export interface AwsRoleDecision {
  /**
   * `granted` with a role, else why there is none. `role_without_aws`: none of the roles that grant it names an AWS role;
   * `target_unknown`: the policy has no such target.
   */
  readonly reason: Decision['reason'] | 'role_without_aws' | 'target_unknown';
  /** The policy's role, and the ARN of its IAM role. */
  readonly role?: { readonly name: string; readonly arn: string };
}

/** What a policy can be asked. The policy room implements it; everybody above asks through it. */
export interface AccessPolicy {
  readonly application: string;
  /** Digest of the file before `${NAME}`s were filled. */
  readonly digest: string;
  /** The method and path template of a route entry, by its JSON pointer; `ANY` where it takes every method. */
  routeName(rule: string): string | undefined;
  decideRoute(request: RouteRequest, identity: Identity | undefined): Decision;
  decidePermission(identity: Identity, permission: string): Decision;
  decideRole(identity: Identity, role: string): Decision;
  decideScope(identity: Identity, scope: string): Decision;
  decideLogin(identity: Identity, requirement: LoginRequirement, nowSeconds: number): Decision;
  /**
   * The AWS role in which this caller reaches the target: that of the role which grants the target's permission, after
   * the limits of whoever acts for the caller.
   *
   * @param target its kind, and its name in the policy; for a queue that of the function behind it; with `approval`, the
   *   state of the workflow that is decided: its permission counts then
   */
  decideAwsRole(
    identity: Identity,
    target: { readonly kind: string; readonly name: string; readonly approval?: string },
  ): AwsRoleDecision;
}
