import { randomUUID } from 'node:crypto';
import { tokenInvalid } from '../core/errors';
import { definedMembers } from '../core/objects';
import type {
  ActorClaim,
  RequesterContextClaim,
  TransactionClaims,
  TransactionContextClaim,
} from '../core/transaction';
import type { ClaimsDocument } from '../policy/document';
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
  { provider, claims, expiresAt }: Pick<ProviderToken, 'provider' | 'claims'> & { readonly expiresAt?: number },
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

/** What verified claims are read by. */
export interface ClaimReading {
  /** Under which name their subjects and values stand in the policy. */
  readonly provider: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly pointers: ClaimsDocument;
  /** Where the edge and not a claim says what kind of caller it is. */
  readonly kind?: 'application';
  /** The end of the provider's own sign-in, in seconds since the epoch, where the claims are the provider's token. */
  readonly expiresAt?: number;
}

/**
 * The transaction that verified claims stand for, in the policy's words: the subject qualified by its provider, raw
 * values turned into policy roles. Nothing of the assertion itself goes along.
 *
 * @param sourceIp the client's address, where the result serves this one request only
 * @throws BatonError `token_invalid`, reason `claims`
 */
export function transactionFromClaims(reading: ClaimReading, policy: Policy, sourceIp?: string): TransactionClaims {
  const { provider, claims, pointers, kind } = reading;
  const facts = readProviderClaims(claims, pointers);
  // Read as the app will read it: to let in with a token that the app refuses is a 401 that nobody can explain.
  return readTransactionClaims({
    sub: `${provider}:${facts.subject}`,
    scope: facts.scopes.join(' '),
    txn: randomUUID(),
    act: facts.actor && toPolicyActor(policy, provider, facts.actor),
    tctx: definedMembers<TransactionContextClaim>({
      roles: policy.rolesOf(provider, facts.roleValues),
      kind: kind ?? facts.kind,
      tenant: facts.tenant,
      name: facts.name,
      policy: policy.digest,
    }),
    rctx: requesterContext(reading, sourceIp),
  });
}

/**
 * The transaction that an identity provider's token stands for.
 *
 * @param sourceIp as in {@link transactionFromClaims}
 * @throws BatonError `token_invalid`, reason `claims`
 */
export function transactionOf(token: ProviderToken, policy: Policy, sourceIp?: string): TransactionClaims {
  const document = policy.identityProviders[token.provider];
  if (document === undefined)
    throw tokenInvalid('issuer', 'The token is from a provider that the policy does not name.');
  return transactionFromClaims({ ...token, pointers: document.claims }, policy, sourceIp);
}
