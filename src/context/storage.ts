import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../core/identity';
import type { ContextRecord, RequestContext } from '../core/request-context';

const storage = new AsyncLocalStorage<ContextRecord>();

/** Opens a context for all that `work` does, synchronously and later. */
export function runInContext<T>(record: ContextRecord, work: () => T): T {
  // Middleware comes after middleware in the same context: to open it again would cost more than the look.
  return storage.getStore() === record ? work() : storage.run(record, work);
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

const bound = new WeakMap<EventEmitter, ContextRecord>();
/** Prototypes that have {@link emitInContext}. */
const prepared = new WeakSet<object>();

/** One function for all: most events of a request have no listener, or come in its own context already. */
function emitInContext(this: EventEmitter, ...args: Parameters<EventEmitter['emit']>): boolean {
  const record = bound.get(this);
  if (record === undefined || storage.getStore() === record || this.listenerCount(args[0]) === 0) {
    return EventEmitter.prototype.emit.apply(this, args);
  }
  return storage.run(record, () => EventEmitter.prototype.emit.apply(this, args));
}

/**
 * The prototype that an Express application gives its requests, or its responses: `app.request` stands on
 * `express.request`, and that on Node's own. A mounted application's stands on that of the application above, and a
 * request comes back to that one, so it is the last before `express.request`. Undefined outside Express.
 */
function applicationPrototype(emitter: EventEmitter): object | undefined {
  const above = (object: object | null): object | null => object && (Object.getPrototypeOf(object) as object | null);
  for (let at = above(emitter); at !== null; at = above(at)) {
    const base = above(above(at));
    if (base === IncomingMessage.prototype || base === ServerResponse.prototype) return at;
  }
  return undefined;
}

function prepare(emitter: EventEmitter): boolean {
  const application = applicationPrototype(emitter);
  // Somebody else's emit stays the one that is called.
  if (application === undefined || emitter.emit !== EventEmitter.prototype.emit) return false;
  Object.defineProperty(application, 'emit', { value: emitInContext, configurable: true, writable: true });
  return true;
}

/** Whether the emitter's events go through {@link emitInContext}, now that its application is prepared. */
function isPrepared(emitter: EventEmitter): boolean {
  const prototype = Object.getPrototypeOf(emitter) as object;
  if (!prepared.has(prototype)) {
    // A mounted application's prototype stands on one that was prepared.
    if (emitter.emit !== emitInContext && !prepare(emitter)) return false;
    prepared.add(prototype);
  }
  return !Object.hasOwn(emitter, 'emit');
}

/**
 * Makes an emitter's listeners run in the context `record`, whoever emits. Node emits a request's body events and the
 * `close` of a client that went away from the connection's own asynchronous context, which is older than the request, and
 * the `finish` of a pipelined answer from the request before: without this a listener would see no caller, or another
 * one.
 *
 * Below Express the one application's prototypes are touched, once: Node 20 takes a microsecond and more for each member
 * that is added to an object whose prototype Express has changed. Elsewhere only this one object is.
 */
export function bindEmitter(emitter: EventEmitter, record: ContextRecord): void {
  if (isPrepared(emitter)) {
    bound.set(emitter, record);
    return;
  }
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (...args: Parameters<typeof emit>): boolean => runInContext(record, () => emit(...args));
}
