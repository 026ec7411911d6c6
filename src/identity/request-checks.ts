import { createHash } from 'node:crypto';
import type { RouteRequest } from '../core/access';
import { BatonError, tokenInvalid } from '../core/errors';
import type { ReplayStore } from '../core/replay';
import type { Policy } from '../policy/policy';
import { requestBinding } from '../token/request-binding';
import type { VerifiedCaller } from './assertion';

/** Checks what no verdict may remember: whether the token is for this very request, and used for the first time. */
export type RequestCheck = (caller: VerifiedCaller, route: (() => RouteRequest) | undefined) => Promise<VerifiedCaller>;

/** Where used tokens are remembered; made when a policy first asks for it. */
export type ReplayStoreOf = () => ReplayStore;

/** Qualified by application: one that calls another with the same token, in one Redis, is no replay. */
function usedOnceId({ identity }: VerifiedCaller, application: string): string {
  const parts = [application, identity.edge.issuer, identity.transactionId];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function checkBinding({ transaction }: VerifiedCaller, route: (() => RouteRequest) | undefined): void {
  if (route === undefined) {
    throw new BatonError('option_invalid', 'The policy binds tokens to their request, and there is no request here.');
  }
  const { req_bind: bound } = transaction.rctx;
  if (bound === undefined) throw tokenInvalid('binding', 'The token is bound to no request.');
  if (bound !== requestBinding(route())) {
    throw tokenInvalid('binding', 'The token is for a request with another method or path.');
  }
}

/** Asks the store; one of the app's own may fail in any way, and none of them may let a token in. */
async function isFirstUse(store: ReplayStore, id: string, until: number): Promise<boolean> {
  const unavailable = (cause: unknown): BatonError =>
    new BatonError('replay_store_unavailable', 'The store of used tokens could not say whether one was used.', {
      cause,
    });
  let first: unknown;
  try {
    first = await store.firstUse(id, until);
  } catch (error) {
    throw error instanceof BatonError ? error : unavailable(error);
  }
  if (typeof first !== 'boolean') throw unavailable(new TypeError('firstUse() must resolve with true or false.'));
  return first;
}

/**
 * The checks that the policy asks for with `edge.replay` and `edge.bind`; undefined where it asks for none.
 *
 * The binding comes first: a token that is tried on another route is not used up by it.
 *
 * @throws BatonError what making the store throws. In a check: `token_invalid` (reason `binding` or `replayed`),
 *   `replay_store_unavailable`
 */
export function requestCheck(
  { edge, application }: Policy,
  storeOf: ReplayStoreOf,
  clockToleranceSeconds: number,
): RequestCheck | undefined {
  if (edge.profile !== 'txn-token' || (edge.replay === undefined && edge.bind === undefined)) return undefined;
  const store = edge.replay === 'reject' ? storeOf() : undefined;
  const bound = edge.bind === 'route';

  return async (caller, route) => {
    if (bound) checkBinding(caller, route);
    if (store === undefined) return caller;
    // Twice the tolerance: another server of the farm, whose clock is behind, accepts the token that much longer.
    const until = Math.ceil(caller.identity.expiresAt) + 2 * clockToleranceSeconds;
    const first = await isFirstUse(store, usedOnceId(caller, application), until);
    if (!first) throw tokenInvalid('replayed', 'The token was used before.');
    return caller;
  };
}
