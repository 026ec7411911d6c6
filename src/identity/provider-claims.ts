import { tokenInvalid } from '../core/errors';
import type { ActorClaim } from '../core/transaction';
import type { ClaimsDocument } from '../policy/document';

type Claims = Readonly<Record<string, unknown>>;

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
/** RFC 6749, section 3.3. Scopes travel on joined by blanks: a list's item with a blank in it would become two. */
const SCOPE_TOKEN = /^[!#-[\]-~]+$/;

/** The value at a JSON pointer (RFC 6901): own members only, so that a pointer finds nothing in a prototype. */
function at(claims: unknown, pointer: string): unknown {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string, unknown>)[part]
          : undefined,
      claims,
    );
}

function optionalText(claims: Claims, pointer: string | undefined): string | undefined {
  const value = pointer === undefined ? undefined : at(claims, pointer);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Strings at one or several pointers: a list as it is, a text split at blanks where `split` says so. */
function texts(claims: Claims, pointers: string | readonly string[] | undefined, split: boolean): readonly string[] {
  const list = pointers === undefined ? [] : typeof pointers === 'string' ? [pointers] : pointers;
  const found = list.flatMap((pointer): unknown => {
    const value = at(claims, pointer);
    return typeof value === 'string' && split ? value.split(' ') : value;
  });
  return [...new Set(found.filter((value): value is string => typeof value === 'string' && value !== ''))];
}

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

/**
 * Reads a verified provider token by the policy's claim pointers.
 * @throws BatonError `token_invalid`, reason `claims`
 */
export function readProviderClaims(claims: Claims, pointers: ClaimsDocument): ProviderFacts {
  const subject = optionalText(claims, pointers.subject);
  if (subject === undefined) throw tokenInvalid('claims', `The token has no subject at ${pointers.subject}.`);
  const kind = optionalText(claims, pointers.kind);
  return {
    subject,
    kind: kind !== undefined && APPLICATION_KINDS.includes(kind.toLowerCase()) ? 'application' : 'user',
    tenant: optionalText(claims, pointers.tenant),
    name: optionalText(claims, pointers.name),
    roleValues: texts(claims, pointers.roles, false),
    scopes: texts(claims, pointers.scopes, true).filter((scope) => SCOPE_TOKEN.test(scope)),
    actor: readActor(at(claims, pointers.actor ?? '/act')),
  };
}
