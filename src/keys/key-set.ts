import type { Jwk } from '../jws/keys';

/** A hostile or broken set must not cost more than this to read; the largest providers publish about 20 keys. */
export const MAX_KEYS = 100;

/** The members of a JWK Set (RFC 7517, section 5) of at most 100 keys; undefined where `value` is none. */
export function keySetMembers(value: unknown): readonly Jwk[] | undefined {
  const { keys } = (typeof value === 'object' && value !== null ? value : {}) as { keys?: unknown };
  return Array.isArray(keys) && keys.length <= MAX_KEYS ? (keys as readonly Jwk[]) : undefined;
}
