import { createHash } from 'node:crypto';
import { tokenInvalid } from '../core/errors';
import { definedMembers } from '../core/objects';
import { numericDate } from './registered-claims';

/** What a hand-over says of the work that was left behind: which it is, and when its caller left it. */
export interface LeftWork {
  readonly id: string;
  /** Under this key, and this caller, it is the same work however often it comes. */
  readonly idempotencyKey: string;
  /** Digest of the payload: the one piece of work cannot be taken for another one. */
  readonly payloadSha256: string;
  /** When the caller was verified and left it, in seconds since the epoch. */
  readonly leftAt: number;
}

/** SHA-256 of a payload as JSON, in base64url. What went through JSON once has the same text ever after. */
export function payloadDigest(json: string): string {
  return createHash('sha256').update(json).digest('base64url');
}

/** The claim `work` of a hand-over. */
export function workClaim({ id, idempotencyKey, payloadSha256, leftAt }: LeftWork): object {
  return { id, key: idempotencyKey, sha256: payloadSha256, left_at: leftAt };
}

/**
 * Reads the claim `work`; undefined where there is none: a call whose answer was waited for.
 * @throws BatonError `token_invalid`, reason `claims`
 */
export function readWorkClaim(claims: Readonly<Record<string, unknown>>): LeftWork | undefined {
  if (claims.work === undefined) return undefined;
  const work = requireObject(claims.work, 'work');
  return definedMembers<LeftWork>({
    id: requireText(work, 'id'),
    idempotencyKey: requireText(work, 'key'),
    payloadSha256: requireText(work, 'sha256'),
    leftAt: numericDate(work, 'left_at'),
  });
}

export function requireObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw tokenInvalid('claims', `The token's ${name} is not an object.`);
  }
  return value as Record<string, unknown>;
}

export function requireText(claims: Readonly<Record<string, unknown>>, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw tokenInvalid('claims', `The token's ${name} is missing.`);
  return value;
}
