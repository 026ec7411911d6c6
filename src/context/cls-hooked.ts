import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { optionalPeer } from '../core/peers';
import { boundRecord } from './emitters';

/** What is needed of a cls-hooked namespace. */
export interface ClsNamespace {
  set(key: string, value: unknown): unknown;
  run(work: (context: object) => void): unknown;
  bind(work: (...args: unknown[]) => unknown, context?: object): unknown;
}

/** Under which keys code finds what; what has no key is not put there. */
export interface BridgedKeys {
  /** For the verified caller: what `currentUser()` gives. Undefined where the request has none. */
  readonly user?: string;
  /** For the correlation ID. */
  readonly correlationId?: string;
}

const OWNER = 'bridgeNamespace()';
const DEFAULT_KEYS: BridgedKeys = { user: 'user', correlationId: 'correlationId' };

interface ClsHooked {
  getNamespace(name: string): ClsNamespace | undefined;
  createNamespace(name: string): ClsNamespace;
}

/** Namespaces belong to the process: another copy of the package finds the same. */
function namespaceCalled(name: string): ClsNamespace {
  const cls = optionalPeer('cls-hooked', OWNER, () => require('cls-hooked') as ClsHooked);
  return cls.getNamespace(name) ?? cls.createNamespace(name);
}

/** @throws BatonError `option_invalid` */
function checkNamespace(given: ClsNamespace | string): ClsNamespace {
  const namespace = typeof given === 'string' && given !== '' ? namespaceCalled(given) : given;
  const methods = ['set', 'run', 'bind'] as const;
  const isOne = typeof namespace === 'object' && namespace !== null;
  if (isOne && methods.every((name) => typeof namespace[name] === 'function')) return namespace;
  throw new BatonError('option_invalid', `${OWNER}: the namespace must be one of cls-hooked, or the name of one.`);
}

/** @throws BatonError `option_unknown`, `option_invalid` */
function checkKeys(keys: BridgedKeys): void {
  checkOptionNames(OWNER, keys, { user: true, correlationId: true });
  const given = Object.values(keys).filter((key) => key !== undefined) as unknown[];
  const areKeys = given.every((key) => typeof key === 'string' && key !== '');
  if (given.length > 0 && areKeys && new Set(given).size === given.length) return;
  throw new BatonError('option_invalid', `${OWNER}: the keys must be texts, at least one, and no two the same.`);
}

/**
 * Has all of an emitter's listeners run in the context. The namespace's own `bindEmitter` notes the context on the listener,
 * so that a listener which two requests share would run as the later one's user.
 */
function emitIn(namespace: ClsNamespace, context: object, emitter: EventEmitter): void {
  const emit = emitter.emit.bind(emitter) as (...args: unknown[]) => boolean;
  emitter.emit = namespace.bind(emit, context) as typeof emitter.emit;
}

/**
 * Shows a request's caller and correlation ID to code that reads them from a namespace of cls-hooked. Mount it after
 * `baton()`, or after whatever else opens the request's context, and before that code.
 *
 * Each request gets a context of its own, below the one that is active where it is mounted: what was put there before is
 * seen too. Only a bridge for code that is there already: cls-hooked watches every asynchronous operation of the process,
 * which about doubles what a request costs. New code calls `currentUser()`.
 *
 * @param namespace the namespace, or its name; by name, the package `cls-hooked` is loaded
 * @param keys default: `{ user: 'user', correlationId: 'correlationId' }`
 * @throws BatonError at start: `peer_missing`, `option_invalid`, `option_unknown`; `option_invalid` for a request without
 *   context
 *
 * @example
 * ```ts
 * const session = createNamespace('session');
 * app.use(baton(), bridgeNamespace(session, { user: 'currentUser' }));
 * // anywhere below: session.get('currentUser').subject
 * ```
 */
export function bridgeNamespace(
  namespace: ClsNamespace | string,
  keys: BridgedKeys = DEFAULT_KEYS,
): (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void {
  checkKeys(keys);
  const bridged = checkNamespace(namespace);
  const { user: userKey, correlationId: idKey } = keys;
  return function bridgeMiddleware(req, res, next) {
    const record = boundRecord(req);
    if (record === undefined) {
      throw new BatonError('option_invalid', `${OWNER} needs a context: mount baton(), or correlation(), before it.`);
    }
    bridged.run((context) => {
      const { user, correlationId } = record.context;
      if (userKey !== undefined) bridged.set(userKey, user);
      if (idKey !== undefined) bridged.set(idKey, correlationId);
      emitIn(bridged, context, req);
      emitIn(bridged, context, res);
      next();
    });
  };
}
