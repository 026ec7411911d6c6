import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import type { Clock } from '../core/clock';
import { asBatonError, type BatonError } from '../core/errors';
import type { AuditEvent, AuditSink, Logger } from '../core/logger';
import { definedMembers } from '../core/objects';
import { checkOptionNames } from '../core/options';
import type { ReplayStore } from '../core/replay';
import type { ContextRecord } from '../core/request-context';
import { describeCaller } from '../correlation/describe-work';
import type { EdgeOptions, VerifiedCaller, WindowsSignIn } from '../identity/assertion';
import { createEdge, type Edge } from '../identity/edge';
import { sharedReplayStore } from '../identity/replay/default-store';
import { showSignedAddress } from '../iis/client-connection';
import { checkWindowsSignIn } from '../iis/windows-sign-in';
import type { Fetch } from '../keys/fetch-json';
import { KnownKeySources } from '../keys/known';
import { environmentTrail } from '../logging/audit-environment';
import { sinksOf, type Sinks } from '../logging/sinks';
import { defaultLogger } from '../logging/winston-logger';
import type { LivePolicy, PolicyChange } from '../policy/live';
import { livePolicy } from '../policy/process-policy';
import type { Policy } from '../policy/policy';
import type { HttpRequest, Middleware } from './http';
import { refuse } from './problem';
import { requireRecord } from './record';
import { checkBasePath, routePath } from './route-path';
import { userHeader } from './user-header';
import { rememberKeys } from './verification-keys';

/** Options of {@link identity}. */
export interface IdentityOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /** Fetches key sets. Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /**
   * Where used tokens are remembered, for policies with `"replay": "reject"`. Default: the Redis that
   * `BATON_REPLAY_REDIS_URL` names, else the memory of this process.
   */
  readonly replayStore?: ReplayStore;
  /** As for `authorize()`; for policies with `"bind": "route"`. */
  readonly basePath?: string;
  /** For policies whose edge is `windows`: what `web.config` sees to. Needs iisnode. */
  readonly windows?: WindowsSignIn;
  /** For policies whose edge is `unsigned`: its header once more, by whoever knows that only the edge can send it. */
  readonly unsafelyTrustUnsignedHeader?: string;
  /** Told when the policy file is reloaded, or was not. Default: the process's logger, see `createLogger()`. */
  readonly logger?: Logger;
  /** Where reloads are recorded. Default: the logger. */
  readonly audit?: AuditSink;
  /**
   * With this key, 32 bytes or more, a keyed hash of the caller's subject is put into the response header `X-Baton-User`,
   * for a custom field of the log of IIS. With the key that `createLogger()` hashes callers with, it is the hash in the
   * app's lines. Default: `BATON_USER_HASH_KEY`, or the file that `BATON_USER_HASH_KEY_FILE` names; without one there is no
   * such header.
   */
  readonly userHashKey?: string | Uint8Array;
}

/** Tells once for each other digest that gateway and app hold different policies: `baton trace` reports it as drift. */
function driftWatch(policy: Policy): (caller: VerifiedCaller, logger: Logger) => void {
  const told = new Set<string>();
  return ({ identity }, logger) => {
    const theirs = identity.policyDigest;
    if (theirs === undefined || theirs === policy.digest || told.has(theirs) || told.size >= 100) return;
    told.add(theirs);
    const fields = { type: 'policy_drift', policy: policy.digest, gatewayPolicy: theirs };
    logger.warn('The gateway gave roles by another policy file than this app holds', fields);
  };
}

/** What follows from a policy, and is replaced with it. */
interface Admission {
  readonly policy: Policy;
  readonly edge: Edge;
  readonly watchDrift: (caller: VerifiedCaller, logger: Logger) => void;
  readonly known: KnownKeySources;
}

/** Another `identity()` came before, with another policy: its caller has no roles here, and is nobody's stand-in. */
function forgetCaller(record: ContextRecord): void {
  const { user: _, ...context } = record.context;
  record.context = Object.freeze(context);
  delete record.transaction;
  delete record.callerToken;
}

function setCaller(req: HttpRequest, record: ContextRecord, caller: VerifiedCaller | undefined): void {
  req.user = caller?.identity;
  if (record.context.user !== undefined) forgetCaller(record);
  if (caller === undefined) return;
  record.context = Object.freeze({ ...record.context, user: caller.identity });
  record.transaction = caller.transaction;
  if (caller.ownToken !== undefined) record.callerToken = caller.ownToken;
  showSignedAddress(req, caller.identity.clientAddress);
}

const refusalEvent = ({ code, reason }: BatonError): AuditEvent => ({
  event: 'authenticate',
  outcome: 'denied',
  code,
  ...(reason !== undefined && { reason }),
});

const told = new WeakSet<LivePolicy>();

/** Watches the policy's file, and tells of what comes of it: once a process, however many middlewares use the policy. */
function tellOfReloads(live: LivePolicy, sinks: Sinks): void {
  if (told.has(live)) return;
  told.add(live);
  live.watch();
  live.onChange((change) => tell(change, sinks));
}

function tell(change: PolicyChange, { logger, audit }: Sinks): void {
  if (change.kind === 'refused') {
    const { error } = change;
    logger.error(`The policy file was changed and is not used; the one before stays. ${error.message}`, {
      type: 'policy_refused',
      code: error.code,
      problems: error.problems,
      error,
    });
    return;
  }
  const digests = { policy: change.policy.digest, previousPolicy: change.previous.digest };
  logger.info('The policy was reloaded', { type: 'policy_reloaded', ...digests });
  audit.record({ event: 'policy_reloaded', outcome: 'allowed', ...digests });
}

/** Answers a bad assertion. An audit sink that throws must end this request, and not the process. */
function turnAway(req: HttpRequest, res: ServerResponse, record: ContextRecord, thrown: unknown): void {
  const error = asBatonError(thrown);
  try {
    if (error.kind === 'caller') runInContext(record, () => record.audit.record(refusalEvent(error)));
    refuse(req, res, error);
  } catch (failure) {
    refuse(req, res, failure);
  }
}

/**
 * Verifies the identity that the gateway signed and puts it, frozen, on `req.user`. A request without identity passes as
 * anonymous (`authorize()` decides what that is worth); a bad one is answered at once and never counts as none.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `key_invalid`, `option_unknown`,
 *   `option_invalid`, `peer_missing`. Answers: `token_invalid` 401, `identity_header_invalid` 400, `keys_unavailable` and
 *   `replay_store_unavailable` 503.
 *
 * @example
 * ```ts
 * app.use(correlation(), identity({ policy: 'baton.policy.json' }));
 * ```
 */
export function identity(options: IdentityOptions = {}): Middleware {
  checkOptionNames('identity()', options, {
    policy: true,
    clock: true,
    fetch: true,
    replayStore: true,
    basePath: true,
    windows: true,
    unsafelyTrustUnsignedHeader: true,
    logger: true,
    audit: true,
    userHashKey: true,
  });
  const live = livePolicy(options.policy);
  const { clock, fetch, windows, unsafelyTrustUnsignedHeader } = options;
  if (windows !== undefined) checkWindowsSignIn();
  const basePath = checkBasePath(options.basePath);
  const showUser = userHeader(options.userHashKey);
  const sinks = sinksOf(options, defaultLogger, environmentTrail);
  const edgeOptions = {
    ...definedMembers<EdgeOptions>({ clock, fetch, windows, unsafelyTrustUnsignedHeader }),
    logger: sinks.logger,
    // One for all policies of this process: a reload must not forget which tokens were used.
    replayStore: sharedReplayStore(options.replayStore, clock, () => sinks.logger),
  };
  const admission = live.derive<Admission>((policy, before) => {
    const known = new KnownKeySources(before?.known);
    return { policy, edge: createEdge(policy, { ...edgeOptions, known }), watchDrift: driftWatch(policy), known };
  });
  rememberKeys(live, () => admission().known);
  tellOfReloads(live, sinks);

  return function identityMiddleware(req, res, next) {
    const record = requireRecord(req, 'identity()');
    const { policy, edge, watchDrift } = admission();
    record.policy = policy;
    const admit = (caller: VerifiedCaller | undefined): void => {
      setCaller(req, record, caller);
      const pseudonym = showUser?.(res, caller?.identity);
      describeCaller(record.context, pseudonym);
      if (caller !== undefined) watchDrift(caller, record.logger);
      runInContext(record, next);
    };
    let outcome: ReturnType<typeof edge.verify>;
    try {
      outcome = edge.verify(req.rawHeaders, () => ({ method: req.method ?? '', path: routePath(req, basePath) }));
    } catch (thrown) {
      turnAway(req, res, record, thrown);
      return;
    }
    if (!(outcome instanceof Promise)) {
      admit(outcome);
      return;
    }
    outcome
      .then(admit, (thrown: unknown) => turnAway(req, res, record, thrown))
      .catch((thrown: unknown) => {
        refuse(req, res, thrown);
      });
  };
}
