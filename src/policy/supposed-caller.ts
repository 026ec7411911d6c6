import type { Actor, Identity } from '../core/identity';
import { definedMembers } from '../core/objects';

/** A caller as somebody supposes it, to see what the policy would say. */
export interface SupposedCaller {
  readonly subject?: string;
  readonly kind?: Identity['kind'];
  readonly tenant?: string;
  /** Roles of the policy. */
  readonly roles?: readonly string[];
  /** What a provider says of the caller: `provider:value`. */
  readonly members?: readonly string[];
  readonly scopes?: readonly string[];
  /** The actors by their names in the policy, the current one first. */
  readonly actors?: readonly string[];
  readonly acr?: string;
  /** How long ago the user signed in. */
  readonly signedInSecondsAgo?: number;
}

/** The roles that `provider:value` gives. */
type RolesOf = (provider: string, values: Iterable<string>) => readonly string[];

function rolesFrom(members: readonly string[], rolesOf: RolesOf): string[] {
  return members.flatMap((member) => {
    const colon = member.indexOf(':');
    return [...rolesOf(member.slice(0, colon), [member.slice(colon + 1)])];
  });
}

/** The identity that such a caller would have. Nothing vouches for it: it is for explaining and testing policies. */
export function supposedIdentity(
  {
    subject,
    kind,
    tenant,
    roles = [],
    members = [],
    scopes = [],
    actors = [],
    acr,
    signedInSecondsAgo,
  }: SupposedCaller,
  rolesOf: RolesOf,
  nowSeconds: number,
): Identity {
  const actor = actors.reduceRight<Actor | undefined>(
    (before, name) => definedMembers<Actor>({ subject: name, actor: before }),
    undefined,
  );
  const authTime = signedInSecondsAgo === undefined ? undefined : nowSeconds - signedInSecondsAgo;
  return definedMembers<Identity>({
    subject: subject ?? 'supposed:caller',
    kind: kind ?? 'user',
    tenant,
    roles: [...new Set([...roles, ...rolesFrom(members, rolesOf)])],
    scopes,
    actor,
    authentication: definedMembers<Identity['authentication']>({ acr, authTime }),
    edge: { profile: 'supposed', issuer: 'supposed' },
    transactionId: 'supposed',
    expiresAt: nowSeconds + 300,
  });
}
