import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { bindRequest } from '../context/emitters';
import { runInContext } from '../context/storage';
import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { LogFields } from '../core/logger';
import { definedMembers } from '../core/objects';
import { checkOptionNames } from '../core/options';
import type { ContextRecord } from '../core/request-context';
import { markVerifying, responseOn, type UpgradeListener } from '../core/upgrade';
import { authorize, type AuthorizeOptions } from './authorize';
import { correlation, type CorrelationOptions } from './correlation';
import type { HttpRequest, Middleware } from './http';
import { identity, type IdentityOptions } from './identity';
import { inTurn } from './in-turn';
import { loggedPath } from './logged-path';
import { refuse, report } from './problem';
import { requireRecord } from './record';
import { warnUntold } from './untold';

/** Takes over the connection of an upgrade that was let in; `request.user` is its caller. */
export type AcceptUpgrade = (request: HttpRequest, socket: Duplex, head: Buffer) => void;

/** Options of {@link verifyUpgrade}: those of `baton()`, but for the request log, and what browsers make necessary. */
export interface UpgradeOptions extends CorrelationOptions, IdentityOptions, AuthorizeOptions {
  /**
   * Web pages that may open connections, such as `https://app.example.com`. A browser sends a user's cookies along with a
   * page of anybody's, and CORS does not hold for WebSockets. Default: pages of the host that the request names.
   */
  readonly origins?: readonly string[];
  /** Whether the connection ends when its caller's sign-in does: nothing is verified on it again. Default: true. */
  readonly endWithSignIn?: boolean;
}

const OWNER = 'verifyUpgrade()';

/** @throws BatonError `option_invalid` */
function checkOrigins(origins: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (origins === undefined) return undefined;
  const isOrigin = (text: unknown): boolean =>
    typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text;
  if (Array.isArray(origins) && origins.every(isOrigin)) return new Set(origins);
  throw new BatonError(
    'option_invalid',
    `${OWNER}: option "origins" must hold origins such as "https://app.example.com".`,
  );
}

/** Programs send no Origin; `null` is one that hides where it comes from. */
function isWelcome({ headers }: IncomingMessage, origins: ReadonlySet<string> | undefined): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (origins !== undefined) return origins.has(origin);
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** Refuses upgrades that another site's page asks for (cross-site WebSocket hijacking). */
function originCheck(origins: ReadonlySet<string> | undefined): Middleware {
  return function originMiddleware(req, res, next) {
    if (isWelcome(req, origins)) {
      next();
      return;
    }
    const { audit } = requireRecord(req, OWNER);
    const reason = 'origin';
    try {
      audit.record({ event: 'access', outcome: 'denied', reason, method: req.method, path: loggedPath(req) });
      throw new BatonError('permission_denied', 'The page that asks for the upgrade is of another origin.', { reason });
    } catch (thrown) {
      refuse(req, res, thrown);
    }
  };
}

/** A line about a connection, in its own context: it is open for longer than what began it. */
function tell(record: ContextRecord, message: string, fields: LogFields): void {
  try {
    runInContext(record, () => record.logger.info(message, { type: 'upgrade', ...fields }));
  } catch (thrown) {
    warnUntold('Connections', thrown);
  }
}

/** The longest time that Node's timers know. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function endWithSignIn(socket: Duplex, record: ContextRecord, clock: Clock): void {
  const end = record.context.user?.authentication.providerExpiresAt;
  if (end === undefined) return;
  const leftMs = Math.max(0, end * 1000 - clock());
  if (leftMs > MAX_TIMER_MS) return;
  const timer = setTimeout(() => {
    tell(record, 'The connection ends with its caller’s sign-in', { outcome: 'expired' });
    socket.destroy();
  }, leftMs);
  socket.once('close', () => clearTimeout(timer.unref()));
}

/** One line when it begins and one when it ends: it may be open for days. */
function logConnection(req: HttpRequest, socket: Duplex, record: ContextRecord): void {
  const startedAt = performance.now();
  const fields = { protocol: req.headers.upgrade, path: loggedPath(req) };
  tell(record, 'upgrade', { ...fields, outcome: 'opened' });
  socket.once('close', () => {
    const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
    tell(record, 'upgrade', { ...fields, outcome: 'closed', durationMs });
  });
}

/**
 * Makes a listener for a server's event `upgrade` that lets WebSockets and the like in only after what `baton()` does for
 * requests: hygiene, edge, the policy's route entry, audit. Refused ones get a plain HTTP answer, and their connection is
 * closed. `currentUser()` works in whatever the connection's events cause.
 *
 * @param accept takes the connection over; where it throws, that is logged and the connection closed
 * @throws BatonError at start: as `baton()`. Answers: as `baton()`, and `permission_denied` 403 for pages of other sites.
 *
 * @example
 * ```ts
 * const sockets = new WebSocketServer({ noServer: true });
 * const server = listen(app);
 * server.on('upgrade', verifyUpgrade((req, socket, head) => {
 *   sockets.handleUpgrade(req, socket, head, (connection) => sockets.emit('connection', connection, req));
 * }));
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-10.2
 */
export function verifyUpgrade(accept: AcceptUpgrade, options: UpgradeOptions = {}): UpgradeListener {
  const { origins, endWithSignIn: ends = true, ...rest } = checkOptions(accept, options);
  const { policy, logger, audit, clock, fetch, replayStore, basePath, windows, unsafelyTrustUnsignedHeader } = rest;
  const trust = { windows, unsafelyTrustUnsignedHeader, userHashKey: rest.userHashKey };
  const verify = inTurn([
    correlation(definedMembers<CorrelationOptions>({ logger, audit })),
    originCheck(checkOrigins(origins)),
    identity(definedMembers<IdentityOptions>({ policy, clock, fetch, replayStore, basePath, logger, audit, ...trust })),
    authorize(definedMembers<AuthorizeOptions>({ basePath, clock })),
  ]);

  return markVerifying((req: HttpRequest, socket, head) => {
    // An error without listener ends the process, and a client may leave at any time.
    socket.on('error', () => socket.destroy());
    const res = responseOn(req, socket);
    if (res === undefined) return;
    const letIn = (error?: unknown): void => {
      if (error !== undefined) {
        refuse(req, res, error);
        return;
      }
      res.detachSocket(socket as Socket);
      if (socket.destroyed) return;
      const record = requireRecord(req, OWNER);
      bindRequest(socket, record);
      logConnection(req, socket, record);
      if (ends) endWithSignIn(socket, record, clock ?? systemClock);
      try {
        accept(req, socket, head);
      } catch (thrown) {
        // There is no response any more that could say so, and nobody above who would know of the connection.
        report(req, thrown);
        socket.destroy();
      }
    };
    try {
      verify(req, res, letIn);
    } catch (thrown) {
      // On the event of a server, what is thrown would end the process.
      refuse(req, res, thrown);
    }
  });
}

function checkOptions(accept: unknown, options: UpgradeOptions): UpgradeOptions {
  checkOptionNames(OWNER, options, {
    policy: true,
    logger: true,
    audit: true,
    userHashKey: true,
    clock: true,
    fetch: true,
    replayStore: true,
    basePath: true,
    windows: true,
    unsafelyTrustUnsignedHeader: true,
    origins: true,
    endWithSignIn: true,
  });
  if (typeof accept === 'function') return options;
  throw new BatonError(
    'option_invalid',
    `${OWNER}: the first argument takes the connection over; it must be a function.`,
  );
}
