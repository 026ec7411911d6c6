import { verify } from 'node:crypto';

import { isRecord } from '../is-record';
import type { SigningKey } from './signing-key';

/** An `act` claim as it arrives. */
export interface ActClaim {
  readonly sub: string;
  readonly act?: ActClaim;
}

/** What a token exchange takes over from a verified subject token. */
export interface SubjectTokenClaims {
  readonly sub: string;
  readonly exp: number;
  readonly scopes: readonly string[];
  readonly act?: ActClaim;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly authTime?: number;
}

/** What a subject token is held against. */
export interface SubjectTokenRules {
  readonly key: SigningKey;
  readonly issuer: string;
  readonly audience: string;
  readonly nowSeconds: number;
}

/**
 * Verifies an access token that this provider issued: type, algorithm, key, signature, issuer, audience, expiry.
 * @returns the claims, or a sentence for `error_description`, which never quotes the token
 */
export function verifySubjectToken(token: string, rules: SubjectTokenRules): SubjectTokenClaims | string {
  const [headerPart = '', payloadPart = '', signaturePart = '', ...more] = token.split('.');
  if (more.length > 0 || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return 'subject_token is no JWT';
  const header = parsePart(headerPart);
  const payload = parsePart(payloadPart);
  if (header === undefined || payload === undefined) return 'subject_token is no JWT';
  if (header['alg'] !== 'RS256' || header['typ'] !== 'at+jwt') return 'subject_token is no access token of this issuer';
  if (header['kid'] !== rules.key.kid) return 'subject_token is signed with a key that is not known';
  const signed = Buffer.from(`${headerPart}.${payloadPart}`);
  if (!verify('RSA-SHA256', signed, rules.key.publicKey, Buffer.from(signaturePart, 'base64url'))) {
    return 'subject_token has a wrong signature';
  }
  return readClaims(payload, rules);
}

function readClaims(payload: Record<string, unknown>, rules: SubjectTokenRules): SubjectTokenClaims | string {
  const { iss, aud, exp, sub: subject, scp, act, acr, amr, auth_time: authTime } = payload;
  if (iss !== rules.issuer) return 'subject_token has another issuer';
  if (aud !== rules.audience) return 'subject_token has another audience';
  if (typeof exp !== 'number' || exp <= rules.nowSeconds) return 'subject_token is expired';
  if (typeof subject !== 'string') return 'subject_token names no subject';
  const claims: SubjectTokenClaims = {
    sub: subject,
    exp,
    scopes: typeof scp === 'string' ? scp.split(' ') : [],
    ...(isRecord(act) && { act: act as unknown as ActClaim }),
    ...(typeof acr === 'string' && { acr }),
    ...(Array.isArray(amr) && { amr: amr as readonly string[] }),
    ...(typeof authTime === 'number' && { authTime }),
  };
  return claims;
}

function parsePart(part: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
