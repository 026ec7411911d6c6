import { BatonError, tokenInvalid } from '../core/errors';
import type { Identity } from '../core/identity';
import type { ContextRecord } from '../core/request-context';
import type { TransactionClaims } from '../core/transaction';
import { currentRecord } from './storage';

/** A hand-over outlives its call by this much: the function's clock, and its start. */
export const HAND_OVER_MARGIN_SECONDS = 30;

/** Who the work at hand is done for. */
export interface Caller {
  readonly record: ContextRecord;
  readonly user: Identity;
  readonly transaction: TransactionClaims;
}

/**
 * The verified caller of the work at hand.
 * @throws BatonError `identity_missing`
 */
export function requireCaller(name: string): Caller {
  const record = currentRecord();
  const user = record?.context.user;
  if (record?.transaction === undefined || user === undefined) {
    throw new BatonError(
      'identity_missing',
      `"${name}" is called as a verified caller, and there is none here. Call it below baton(), on a route that is not public.`,
    );
  }
  return { record, user, transaction: record.transaction };
}

/**
 * Work that a request began may outlast it, but not run as its caller for ever.
 * @throws BatonError `token_invalid` (`expired`)
 */
export function checkStillValid(name: string, { user }: Caller, now: number): void {
  if (now < user.expiresAt + HAND_OVER_MARGIN_SECONDS) return;
  const ended = new Date(user.expiresAt * 1000).toISOString();
  throw tokenInvalid(
    'expired',
    `"${name}" was called when its caller's identity had ended (${ended}). Call it while the request lasts; the client needs a new token.`,
  );
}
