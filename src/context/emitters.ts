import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { ContextRecord } from '../core/request-context';
import { currentRecord, runInContext } from './storage';

/**
 * Where a request keeps its context: what ties them together where the asynchronous context was lost. A member and not an
 * entry of a WeakMap, which cost 0.5 to 1.5 µs a request more, most of it in the garbage collector.
 */
const RECORD = Symbol('iis-baton');

type Bound = EventEmitter & { [RECORD]?: ContextRecord };
type Emit = EventEmitter['emit'];

/** Five of a request's seven events have no listener, and end here. An `error` without one is thrown, by Node. */
const isForNobody = (emitter: EventEmitter, event: string | symbol): boolean =>
  event !== 'error' && EventEmitter.prototype.listenerCount.call(emitter, event) === 0;

function emitIn(record: ContextRecord | undefined, emitter: EventEmitter, args: Parameters<Emit>): boolean {
  if (record === undefined || currentRecord() === record) return EventEmitter.prototype.emit.apply(emitter, args);
  return runInContext(record, () => EventEmitter.prototype.emit.apply(emitter, args));
}

function emitOfRequest(this: Bound, ...args: Parameters<Emit>): boolean {
  return !isForNobody(this, args[0]) && emitIn(this[RECORD], this, args);
}

/** A response has its request's context; one that a test made may have no request. */
function emitOfResponse(this: EventEmitter & { readonly req?: Bound }, ...args: Parameters<Emit>): boolean {
  return !isForNobody(this, args[0]) && emitIn(this.req?.[RECORD], this, args);
}

/**
 * What all requests, or responses, of a framework stand on, right above Node's own: `express.request`. Not the
 * application's `app.request`: a request that a handler gives to another application, one for each tenant say, gets that
 * one's prototype, and would be seen as whoever's request came before on its connection. Undefined on plain `node:http`.
 */
function frameworkPrototype(emitter: EventEmitter): object | undefined {
  const above = (object: object): object | null => Object.getPrototypeOf(object) as object | null;
  for (let at = above(emitter); at !== null; at = above(at)) {
    const base = above(at);
    if (base === IncomingMessage.prototype || base === ServerResponse.prototype) return at;
  }
  return undefined;
}

/** Sees to it that all emitters of the framework have that `emit`. Somebody else's emit stays the one that is called. */
function prepare(emitter: EventEmitter, emit: Emit): boolean {
  const framework = frameworkPrototype(emitter);
  if (framework === undefined || emitter.emit !== EventEmitter.prototype.emit) return false;
  Object.defineProperty(framework, 'emit', { value: emit, configurable: true, writable: true });
  return true;
}

/** Outside of a framework, and where somebody has put an emit of his own on the object. */
function bindAlone(emitter: EventEmitter, record: ContextRecord): void {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (...args: Parameters<Emit>): boolean => runInContext(record, () => emit(...args));
}

/**
 * Makes a request's listeners run in the context `record`, whoever emits. Node emits a request's body events and the
 * `close` of a client that went away from the connection's own asynchronous context, which is older than the request, and
 * the `finish` of a pipelined answer from the request before: without this a listener would see no caller, or another
 * one.
 *
 * Below Express its `express.request` and `express.response` are touched, once, and nothing of Node's: Node 20 takes a
 * microsecond and more for each member that is added to an object whose prototype Express has changed. Elsewhere only
 * this one object is.
 */
export function bindRequest(req: EventEmitter, record: ContextRecord): void {
  (req as Bound)[RECORD] = record;
  if (req.emit !== emitOfRequest && !prepare(req, emitOfRequest)) bindAlone(req, record);
}

/** The same for its response; the request is bound before. */
export function bindResponse(res: ServerResponse, record: ContextRecord): void {
  const followsRequest = boundRecord(res.req) === record;
  if (followsRequest && (res.emit === emitOfResponse || prepare(res, emitOfResponse))) return;
  bindAlone(res, record);
}

/** The context that a request is bound to, if it is to one. */
export function boundRecord(req: EventEmitter): ContextRecord | undefined {
  return (req as Bound)[RECORD];
}
