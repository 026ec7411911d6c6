import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { ContextRecord } from '../core/request-context';
import { currentRecord, runInContext } from './storage';

/** The context of each request and response: what ties them to it where the asynchronous context was lost. */
const bound = new WeakMap<EventEmitter, ContextRecord>();
/** Prototypes that have {@link emitInContext}. */
const prepared = new WeakSet<object>();

/** One function for all: most events of a request have no listener, or come in its own context already. */
function emitInContext(this: EventEmitter, ...args: Parameters<EventEmitter['emit']>): boolean {
  const record = bound.get(this);
  if (record === undefined || currentRecord() === record || this.listenerCount(args[0]) === 0) {
    return EventEmitter.prototype.emit.apply(this, args);
  }
  return runInContext(record, () => EventEmitter.prototype.emit.apply(this, args));
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
  bound.set(emitter, record);
  if (isPrepared(emitter)) return;
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (...args: Parameters<typeof emit>): boolean => runInContext(record, () => emit(...args));
}

/** The context that an emitter is bound to, if it is to one. */
export function boundRecord(emitter: EventEmitter): ContextRecord | undefined {
  return bound.get(emitter);
}
