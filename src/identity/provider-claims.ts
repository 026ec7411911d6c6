import { tokenInvalid } from '../core/errors';
import type { ActorClaim } from '../core/transaction';
import type { ClaimsDocument } from '../policy/document';
import { claimAt, textAt, valuesAt, type Claims } from './claim-values';

/** What a provider's token says of its caller, in the provider's own words. */
export interface ProviderFacts {
  readonly subject: string;
  readonly kind: 'user' | 'application';
  readonly tenant: string | undefined;
  readonly name: string | undefined;
  readonly roleValues: readonly string[];
  readonly scopes: readonly string[];
  readonly actor: ActorClaim | undefined;
}

const MAX_ACTORS = 4;
const APPLICATION_KINDS = ['app', 'application'];
const APPLICATION_PREFIX = 'application:';
/** RFC 6749, section 3.3. Scopes travel on joined by blanks: a list's item with a blank in it would become two. */
const SCOPE_TOKEN = /^[!#-[\]-~]+$/;

/**
 * The chain of actors (RFC 8693, section 4.1); a text stands for an actor alone, as in `azp`. A malformed one is refused:
 * read as "none" it would widen rights.
 */
function readActor(value: unknown, depth = 1): ActorClaim | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && depth === 1) return { sub: value };
  const { sub, act } = (typeof value === 'object' && value !== null ? value : {}) as { sub?: unknown; act?: unknown };
  if (typeof sub !== 'string' || sub === '' || depth > MAX_ACTORS) {
    throw tokenInvalid('claims', "The token's actor claim is malformed.");
  }
  const before = readActor(act, depth + 1);
  return { sub, ...(before && { act: before }) };
}

function readKind(claims: Claims, where: ClaimsDocument['kind']): ProviderFacts['kind'] {
  if (where === undefined) return 'user';
  if (typeof where === 'string') {
    const value = textAt(claims, where)?.toLowerCase() ?? '';
    return APPLICATION_KINDS.includes(value) ? 'application' : 'user';
  }
  const { pointer, application } = where;
  const value = textAt(claims, pointer);
  const means = typeof application === 'string' ? [application] : application;
  return value !== undefined && means.includes(value) ? 'application' : 'user';
}

/**
 * The subject. A client's ID and a user's are two name spaces, and whoever can choose one must not become the other
 * (RFC 9068, section 5): an application's ID from a claim of its own is marked, and no user's may begin so.
 */
function readSubject(
  claims: Claims,
  { subject, applicationSubject }: ClaimsDocument,
  kind: ProviderFacts['kind'],
): string {
  const marked = applicationSubject !== undefined && kind === 'application';
  const pointer = marked ? applicationSubject : subject;
  // No number: RFC 7519, section 4.1.2 wants a text, and 7 and "7" must not be one caller.
  const value = claimAt(claims, pointer);
  if (typeof value !== 'string' || value === '')
    throw tokenInvalid('claims', `The token has no subject at ${pointer}.`);
  if (marked) return `${APPLICATION_PREFIX}${value}`;
  if (applicationSubject !== undefined && value.startsWith(APPLICATION_PREFIX)) {
    throw tokenInvalid('claims', `The subject at ${pointer} looks like an application's.`);
  }
  return value;
}

/**
 * Reads a verified provider token by the policy's claim pointers.
 * @throws BatonError `token_invalid`, reason `claims`; reason `overage` where a mapped claim was left out of the token
 */
export function readProviderClaims(claims: Claims, pointers: ClaimsDocument): ProviderFacts {
  const kind = readKind(claims, pointers.kind);
  return {
    subject: readSubject(claims, pointers, kind),
    kind,
    tenant: textAt(claims, pointers.tenant),
    name: textAt(claims, pointers.name),
    roleValues: valuesAt(claims, pointers.roles),
    scopes: valuesAt(claims, pointers.scopes, ' ').filter((scope) => SCOPE_TOKEN.test(scope)),
    actor: readActor(claimAt(claims, pointers.actor ?? '/act')),
  };
}
