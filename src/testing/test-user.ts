import { randomUUID } from 'node:crypto';
import type { Actor, Authentication, Identity } from '../core/identity';
import { definedMembers } from '../core/objects';
import { checkOptionNames } from '../core/options';
import type {
  ActorClaim,
  RequesterContextClaim,
  TransactionClaims,
  TransactionContextClaim,
} from '../core/transaction';

/** What a test says of a user; the rest is made up. */
export interface TestUserOptions {
  /** Qualified by a provider as in production: `entra:7d3c`. Default `test:user`. */
  readonly subject?: string;
  readonly kind?: 'user' | 'application';
  readonly name?: string;
  readonly tenant?: string;
  /** Roles of the policy. Default none. */
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  /** Who acts for the user: an actor's name in the policy, or the whole chain. */
  readonly actor?: string | Actor;
  /** How and when the user signed in. Default: by the provider `test`, now. */
  readonly authentication?: Authentication;
  readonly clientAddress?: string;
  /** Seconds since the epoch. Default: in an hour. */
  readonly expiresAt?: number;
}

const KNOWN = {
  subject: true,
  kind: true,
  name: true,
  tenant: true,
  roles: true,
  scopes: true,
  actor: true,
  authentication: true,
  clientAddress: true,
  expiresAt: true,
} as const;

const HOUR_SECONDS = 3600;

/**
 * A caller for tests: an Identity as `req.user` and `currentUser()` give it, frozen, with nothing verified about it.
 *
 * @throws BatonError `option_unknown`, `option_invalid`
 *
 * @example
 * ```ts
 * const ada = testUser({ subject: 'entra:ada', roles: ['clerk'], actor: 'invoice-copilot' });
 * ```
 */
export function testUser(options: TestUserOptions = {}): Identity {
  checkOptionNames('testUser()', options, KNOWN);
  const now = Math.floor(Date.now() / 1000);
  const { subject = 'test:user', kind = 'user', roles = [], scopes = [], actor } = options;
  return definedMembers<Identity>({
    subject,
    kind,
    name: options.name,
    tenant: options.tenant,
    roles: Object.freeze([...roles]),
    scopes: Object.freeze([...scopes]),
    actor: typeof actor === 'string' ? Object.freeze({ subject: actor }) : actor,
    authentication: Object.freeze(options.authentication ?? { provider: 'test', authTime: now }),
    clientAddress: options.clientAddress,
    edge: Object.freeze({ profile: 'testing', issuer: 'urn:iis-baton:testing' }),
    transactionId: randomUUID(),
    expiresAt: options.expiresAt ?? now + HOUR_SECONDS,
  });
}

function actorClaim({ subject, actor }: Actor): ActorClaim {
  return { sub: subject, ...(actor && { act: actorClaim(actor) }) };
}

/** The claims that would have made this identity, for what hands the caller on. */
export function transactionOfUser(user: Identity): TransactionClaims {
  const { authentication } = user;
  return definedMembers<TransactionClaims>({
    sub: user.subject,
    scope: user.scopes.join(' '),
    txn: user.transactionId,
    act: user.actor && actorClaim(user.actor),
    tctx: definedMembers<TransactionContextClaim>({
      roles: user.roles,
      kind: user.kind,
      tenant: user.tenant,
      name: user.name,
      policy: user.policyDigest,
    }),
    rctx: definedMembers<RequesterContextClaim>({
      idp: authentication.provider,
      acr: authentication.acr,
      amr: authentication.amr,
      auth_time: authentication.authTime,
      req_ip: user.clientAddress,
      idp_exp: authentication.providerExpiresAt,
    }),
  });
}
