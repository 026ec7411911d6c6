import { tokenInvalid } from '../core/errors';
import type { ListClaim } from '../policy/document';

/** The claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>;

const stepsOf = (pointer: string): string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  // A list has its own "length", which no token says.
  if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/**
 * The value at a JSON pointer (RFC 6901): own members only, so that a pointer finds nothing in a prototype.
 *
 * A claim that the provider left out of the token and put elsewhere is unknown, and unknown is never none: somebody
 * with 300 groups would lose the role that denies. `_claim_names` says so (OpenID Connect Core, section 5.6.2), and
 * Entra's `hasgroups` where there was not even room for that.
 *
 * @throws BatonError `token_invalid`, reason `overage`
 */
export function claimAt(claims: Claims, pointer: string): unknown {
  const [claim = '', ...rest] = stepsOf(pointer);
  const overflow = claim === 'groups' && [true, 'true'].includes(claims.hasgroups as boolean);
  if (overflow || own(own(claims, '_claim_names'), claim) !== undefined) {
    throw tokenInvalid('overage', `The token leaves out the claim at ${pointer} and refers to it (overage).`);
  }
  return rest.reduce(own, own(claims, claim));
}

/** A number as text, where it is exact: two large IDs that round to one number must not meet. */
function asText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A text, or a whole number as text; undefined for everything else. */
export function textAt(claims: Claims, pointer: string | undefined): string | undefined {
  return pointer === undefined ? undefined : asText(claimAt(claims, pointer));
}

/**
 * The JSON in a text. A text that is none is refused: the roles in it are unknown, not none.
 * @throws BatonError `token_invalid`, reason `claims`
 */
function fromJson(value: unknown, pointer: string): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    // Without the cause: its message quotes the claim.
    throw tokenInvalid('claims', `The claim at ${pointer} is not JSON.`);
  }
}

function valuesOf(claims: Claims, claim: ListClaim, defaultSplit: string | undefined): readonly string[] {
  const { pointer, split = defaultSplit, json = false } = typeof claim === 'string' ? { pointer: claim } : claim;
  const raw = claimAt(claims, pointer);
  const value = json ? fromJson(raw, pointer) : raw;
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => {
    const whole = asText(item);
    if (whole === undefined) return [];
    // A list's items are values already, unless the policy itself says how to split them.
    const separator = Array.isArray(value) && typeof claim === 'string' ? undefined : split;
    return separator === undefined ? [whole] : whole.split(separator).map((part) => part.trim());
  });
}

/** The values at one or several places, each once. */
export function valuesAt(
  claims: Claims,
  where: ListClaim | readonly ListClaim[] | undefined,
  defaultSplit?: string,
): readonly string[] {
  const places =
    where === undefined ? [] : Array.isArray(where) ? (where as readonly ListClaim[]) : [where as ListClaim];
  const values = places.flatMap((place) => valuesOf(claims, place, defaultSplit));
  return [...new Set(values)].filter((value) => value !== '');
}
