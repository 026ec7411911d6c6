import { tokenInvalid } from '../core/errors';

/** What the registered claims (RFC 7519, section 4.1) must say. */
export interface ClaimExpectations {
  readonly issuer: string;
  /** The token must name one of these. */
  readonly audiences: readonly string[];
  /** How far the clocks may be apart, in seconds. */
  readonly clockToleranceSeconds: number;
  /** Longest accepted time from `iat` to `exp`, in seconds. */
  readonly maxLifetimeSeconds: number;
}

/** @throws BatonError `token_invalid`, reason `claims` */
export function numericDate(claims: Readonly<Record<string, unknown>>, name: string): number {
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw tokenInvalid('claims', `The token's ${name} is missing or is not a NumericDate.`);
  }
  return value;
}

function checkAudience(aud: unknown, audiences: readonly string[]): void {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.every((value) => typeof value === 'string')) {
    throw tokenInvalid('audience', "The token's aud is neither a string nor a list of strings.");
  }
  if (!named.some((value) => audiences.includes(value))) {
    throw tokenInvalid('audience', `The token's aud is not ${audiences.map((name) => `"${name}"`).join(' or ')}.`);
  }
}

/**
 * Checks `iss aud exp iat nbf` and the lifetime. `exp` and `iat` are required: a token without an end never ends.
 *
 * @param now seconds since the epoch
 * @throws BatonError `token_invalid`
 */
export function checkRegisteredClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: ClaimExpectations,
  now: number,
): { issuedAt: number; expiresAt: number } {
  const { clockToleranceSeconds: tolerance } = expected;
  if (claims.iss !== expected.issuer) throw tokenInvalid('issuer', `The token's iss is not "${expected.issuer}".`);
  checkAudience(claims.aud, expected.audiences);
  const expiresAt = numericDate(claims, 'exp');
  const issuedAt = numericDate(claims, 'iat');
  if (now >= expiresAt + tolerance)
    throw tokenInvalid('expired', `The token expired ${Math.ceil(now - expiresAt)} s ago.`);
  if (issuedAt > now + tolerance)
    throw tokenInvalid(
      'not_yet_valid',
      `The token was issued ${Math.ceil(issuedAt - now)} s in the future; look at both clocks.`,
    );
  if (claims.nbf !== undefined && numericDate(claims, 'nbf') > now + tolerance) {
    throw tokenInvalid('not_yet_valid', 'The token is not valid yet.');
  }
  if (expiresAt <= issuedAt || expiresAt - issuedAt > expected.maxLifetimeSeconds) {
    throw tokenInvalid('lifetime', `The token lives longer than ${expected.maxLifetimeSeconds} s, or not at all.`);
  }
  return { issuedAt, expiresAt };
}
