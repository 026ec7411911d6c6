import { randomUUID } from 'node:crypto';
import { tokenInvalid } from '../core/errors';
import { definedMembers } from '../core/objects';
import type {
  ActorClaim,
  RequesterContextClaim,
  TransactionClaims,
  TransactionContextClaim,
} from '../core/transaction';
import type { Policy } from '../policy/policy';
import { readTransactionClaims } from '../token/transaction-claims';
import { readProviderClaims } from './provider-claims';
import type { ProviderToken } from './provider-verifier';

function toPolicyActor(policy: Policy, provider: string, { sub, act }: ActorClaim): ActorClaim {
  // An actor that the policy does not know keeps its qualified name, and can do nothing.
  const name = policy.actorOf(provider, sub) ?? `${provider}:${sub}`;
  return { sub: name, ...(act && { act: toPolicyActor(policy, provider, act) }) };
}

function requesterContext(
  { provider, claims, expiresAt }: ProviderToken,
  sourceIp: string | undefined,
): RequesterContextClaim {
  const { acr, amr, auth_time: authTime } = claims;
  return definedMembers<RequesterContextClaim>({
    idp: provider,
    acr: typeof acr === 'string' && acr !== '' ? acr : undefined,
    amr: Array.isArray(amr) && amr.every((item) => typeof item === 'string') ? amr : undefined,
    auth_time: typeof authTime === 'number' && authTime >= 0 ? authTime : undefined,
    req_ip: sourceIp,
    idp_exp: expiresAt,
  });
}

/**
 * The transaction that a provider's token stands for, in the policy's words: the subject qualified by its provider, raw
 * values turned into policy roles. Nothing of the token itself goes along.
 *
 * @param sourceIp the client's address, where the result serves this one request only
 * @throws BatonError `token_invalid`, reason `claims`
 */
export function transactionOf(token: ProviderToken, policy: Policy, sourceIp: string | undefined): TransactionClaims {
  const { provider, claims } = token;
  const document = policy.identityProviders[provider];
  if (document === undefined)
    throw tokenInvalid('issuer', 'The token is from a provider that the policy does not name.');
  const facts = readProviderClaims(claims, document.claims);
  // Read as the app will read it: to let in with a token that the app refuses is a 401 that nobody can explain.
  return readTransactionClaims({
    sub: `${provider}:${facts.subject}`,
    scope: facts.scopes.join(' '),
    txn: randomUUID(),
    act: facts.actor && toPolicyActor(policy, provider, facts.actor),
    tctx: definedMembers<TransactionContextClaim>({
      roles: policy.rolesOf(provider, facts.roleValues),
      kind: facts.kind,
      tenant: facts.tenant,
      name: facts.name,
      policy: policy.digest,
    }),
    rctx: requesterContext(token, sourceIp),
  });
}
