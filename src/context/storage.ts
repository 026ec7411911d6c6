import { AsyncLocalStorage } from 'node:async_hooks';
import type { Identity } from '../core/identity';
import type { ContextRecord, RequestContext } from '../core/request-context';

const storage = new AsyncLocalStorage<ContextRecord | undefined>();

/** Opens a context for all that `work` does, synchronously and later. */
export function runInContext<T>(record: ContextRecord, work: () => T): T {
  // Middleware comes after middleware in the same context: to open it again would cost more than the look.
  return storage.getStore() === record ? work() : storage.run(record, work);
}

/**
 * Does work in no context, synchronously and later: what goes on beside the requests is nobody's, and is neither run nor
 * logged as the caller who happened to set it off.
 */
export function outsideContext<T>(work: () => T): T {
  return storage.run(undefined, work);
}

/** The context's record, for Baton's own layers. */
export function currentRecord(): ContextRecord | undefined {
  return storage.getStore();
}

/**
 * The context of the work at hand: the correlation ID, the trace and the verified caller. Undefined outside a request
 * that went through Baton and outside a function wrapped by it.
 *
 * @example
 * ```ts
 * logger.info('rendering', { correlationId: currentContext()?.correlationId });
 * ```
 */
export function currentContext(): RequestContext | undefined {
  return storage.getStore()?.context;
}

/**
 * The verified caller of the work at hand, anywhere below the middleware or the function wrapper. Undefined on public
 * routes that were called without identity, and outside a request.
 *
 * @example
 * ```ts
 * const reader = currentUser()?.subject;
 * ```
 */
export function currentUser(): Identity | undefined {
  return storage.getStore()?.context.user;
}
