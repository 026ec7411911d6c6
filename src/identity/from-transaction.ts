import type { Actor, Authentication, Identity } from '../core/identity';
import { definedMembers } from '../core/objects';
import type { ActorClaim, RequesterContextClaim } from '../core/transaction';
import type { VerifiedTransaction } from '../token/transaction-token';

function actorFrom(claim: ActorClaim | undefined): Actor | undefined {
  return claim && definedMembers<Actor>({ subject: claim.sub, actor: actorFrom(claim.act) });
}

function authenticationFrom(rctx: RequesterContextClaim): Authentication {
  return definedMembers<Authentication>({
    provider: rctx.idp,
    acr: rctx.acr,
    amr: rctx.amr,
    authTime: rctx.auth_time,
    providerExpiresAt: rctx.idp_exp,
  });
}

const scopesOf = (scope: string): readonly string[] => Object.freeze(scope.split(' ').filter((item) => item !== ''));

/** The frozen Identity of a verified transaction. */
export function identityFrom(
  { transaction, expiresAt }: Pick<VerifiedTransaction, 'transaction' | 'expiresAt'>,
  edge: { readonly profile: string; readonly issuer: string },
): Identity {
  const { sub, scope, txn, act, tctx, rctx } = transaction;
  return definedMembers<Identity>({
    subject: sub,
    kind: tctx.kind,
    name: tctx.name,
    tenant: tctx.tenant,
    roles: tctx.roles,
    scopes: scopesOf(scope),
    actor: actorFrom(act),
    authentication: authenticationFrom(rctx),
    clientAddress: rctx.req_ip,
    edge: Object.freeze({ profile: edge.profile, issuer: edge.issuer }),
    transactionId: txn,
    expiresAt,
    policyDigest: tctx.policy,
  });
}
