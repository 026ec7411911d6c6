import type { ServerResponse } from 'node:http';
import { runInContext } from '../context/storage';
import type { Clock } from '../core/clock';
import { asBatonError, BatonError } from '../core/errors';
import type { AuditEvent, AuditSink, Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import type { ReplayStore } from '../core/replay';
import type { ContextRecord } from '../core/request-context';
import type { VerifiedCaller, WindowsSignIn } from '../identity/assertion';
import { createEdge } from '../identity/edge';
import { sharedReplayStore } from '../identity/replay/default-store';
import { detectHostMode } from '../iis/host-mode';
import type { KeySource } from '../jws/keys';
import type { Fetch } from '../keys/fetch-json';
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

function setCaller(req: HttpRequest, record: ContextRecord, caller: VerifiedCaller | undefined): void {
  req.user = caller?.identity;
  if (caller === undefined) return;
  record.context = Object.freeze({ ...record.context, user: caller.identity });
  record.transaction = caller.transaction;
}

const refusalEvent = ({ code, reason }: BatonError): AuditEvent => ({
  event: 'authenticate',
  outcome: 'denied',
  code,
  ...(reason !== undefined && { reason }),
});

const told = new WeakSet<LivePolicy>();

/** Watches the policy's file, and tells of what comes of it: once a process, however many middlewares use the policy. */
function tellOfReloads(live: LivePolicy, options: IdentityOptions): void {
  if (told.has(live)) return;
  told.add(live);
  live.watch();
  const sinks = sinksOf(options, defaultLogger, environmentTrail);
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

/** Under every other host a header that looks like iisnode's was sent by a client. */
function checkIsIisnode(): void {
  const mode = detectHostMode(process.env);
  if (mode === 'iisnode') return;
  throw new BatonError(
    'option_invalid',
    `identity(): option "windows" needs iisnode, and this process was started by something else (${mode}).`,
  );
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
  });
  const live = livePolicy(options.policy);
  const { clock, fetch, windows, unsafelyTrustUnsignedHeader } = options;
  if (windows !== undefined) checkIsIisnode();
  const basePath = checkBasePath(options.basePath);
  const edgeOptions = {
    ...(clock && { clock }),
    ...(fetch && { fetch }),
    ...(windows && { windows }),
    ...(unsafelyTrustUnsignedHeader !== undefined && { unsafelyTrustUnsignedHeader }),
    known: new Map<string, KeySource>(),
    // One for all policies of this process: a reload must not forget which tokens were used.
    replayStore: sharedReplayStore(options.replayStore, clock),
  };
  const admission = live.derive((policy) => ({
    policy,
    edge: createEdge(policy, edgeOptions),
    watchDrift: driftWatch(policy),
  }));
  tellOfReloads(live, options);

  return function identityMiddleware(req, res, next) {
    const record = requireRecord(req, 'identity()');
    const { policy, edge, watchDrift } = admission();
    record.policy = policy;
    const admit = (caller: VerifiedCaller | undefined): void => {
      setCaller(req, record, caller);
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
