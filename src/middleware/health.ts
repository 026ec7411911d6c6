import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { checkOptionNames, wholeNumber, type OptionNames } from '../core/options';
import { defaultLogger } from '../logging/winston-logger';
import type { Offload } from '../offload/offload';
import type { OutboxState } from '../offload/outbox/keeping';
import type { LivePolicy } from '../policy/live';
import type { Policy } from '../policy/policy';
import { livePolicy } from '../policy/process-policy';
import type { Middleware } from './http';
import { recordOf } from './record';
import { verificationKeys } from './verification-keys';

/** Resolves, or returns, where what it looks at works; throws, rejects or says `false` where it does not. */
export type HealthCheck = () => unknown;

/** Options of {@link health}. */
export interface HealthOptions {
  /** The policy whose state is told. Default: the one that the process works by. */
  readonly policy?: string | Policy;
  /** What the app itself needs, by name. The names are shown to whoever may call the route; errors go to the log. */
  readonly checks?: Readonly<Record<string, HealthCheck>>;
  /** Whose outbox is told: how much waits there, and for how long. Default: none. */
  readonly offload?: Pick<Offload, 'outboxState'>;
  /** A check that takes longer has failed, in milliseconds. Default 2000. */
  readonly timeoutMs?: number;
  /** An answer serves this long, in milliseconds, so that nobody can load the app by asking. Default 1000. */
  readonly maxAgeMs?: number;
}

/** What the health route answers. */
export interface HealthReport {
  readonly status: 'ok' | 'failing';
  /** Digest of the policy in force. */
  readonly policy: string;
  /** Whether the keys that verify identities are there: all of them, some, or none. Absent without `identity()`. */
  readonly keys?: 'ready' | 'some' | 'unavailable';
  /** The outbox, or that it cannot be read. Absent where the app has none. What waits, or is dead, makes nobody unhealthy. */
  readonly outbox?: OutboxState | 'failing';
  readonly checks: Readonly<Record<string, 'ok' | 'failing'>>;
}

const OPTION_NAMES: OptionNames<HealthOptions> = {
  policy: true,
  checks: true,
  offload: true,
  timeoutMs: true,
  maxAgeMs: true,
};

async function keysOf(live: LivePolicy): Promise<HealthReport['keys']> {
  const known = verificationKeys(live);
  if (known === undefined) return undefined;
  const { usable, all } = await known.ready();
  return usable === all ? 'ready' : usable > 0 ? 'some' : 'unavailable';
}

function outboxOf(offload: HealthOptions['offload'], logger: Logger): HealthReport['outbox'] {
  try {
    return offload?.outboxState();
  } catch (error) {
    logger.warn('The outbox cannot be read', { type: 'health', check: 'outbox', error });
    return 'failing';
  }
}

async function succeeds(name: string, check: HealthCheck, timeoutMs: number, logger: Logger): Promise<boolean> {
  const timer = new AbortController();
  try {
    const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`The check took longer than ${timeoutMs} ms.`);
    });
    late.catch(() => undefined);
    const result = await Promise.race([(async () => check())(), late]);
    if (result === false) throw new Error('The check said false.');
    return true;
  } catch (error) {
    logger.warn('A health check failed', { type: 'health', check: name, error });
    return false;
  } finally {
    timer.abort();
  }
}

function checkChecks(checks: Readonly<Record<string, HealthCheck>>): [string, HealthCheck][] {
  const entries = Object.entries(checks);
  const wrong = entries.find(([, check]) => typeof check !== 'function');
  if (wrong !== undefined) {
    throw new BatonError('option_invalid', `health(): the check "${wrong[0]}" must be a function.`);
  }
  return entries;
}

function send(res: ServerResponse, report: HealthReport): void {
  const body = JSON.stringify(report);
  res.statusCode = report.status === 'ok' ? 200 : 503;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  res.end(body);
}

/**
 * A handler that says whether the app can do its work: 200 or 503, with the policy's digest, the state of the keys and the
 * checks of the app, and the outbox of `offload`. It needs no identity, so its route must be public in the policy. Keys that were never needed are
 * fetched by it: a load balancer, or IIS's application initialization, can warm the app up with it.
 *
 * @throws BatonError at start: `option_unknown`, `option_invalid`, `policy_missing`, `policy_unreadable`, `policy_invalid`
 *
 * @example
 * ```ts
 * app.get('/health', health({ checks: { database: () => pool.query('SELECT 1') } }));
 * ```
 */
export function health(options: HealthOptions = {}): Middleware {
  checkOptionNames('health()', options, OPTION_NAMES);
  const timeoutMs = wholeNumber('health()', 'timeoutMs', options.timeoutMs, { fallback: 2000, min: 1, max: 60_000 });
  const maxAgeMs = wholeNumber('health()', 'maxAgeMs', options.maxAgeMs, { fallback: 1000, min: 0, max: 60_000 });
  const checks = checkChecks(options.checks ?? {});
  const live = livePolicy(options.policy);

  const look = async (logger: Logger): Promise<HealthReport> => {
    const [keys, ...results] = await Promise.all([
      keysOf(live),
      ...checks.map(([name, check]) => succeeds(name, check, timeoutMs, logger)),
    ]);
    const outbox = outboxOf(options.offload, logger);
    const good = results.every((result) => result) && keys !== 'unavailable' && outbox !== 'failing';
    return {
      status: good ? 'ok' : 'failing',
      policy: live.current.digest,
      ...(keys !== undefined && { keys }),
      ...(outbox !== undefined && { outbox }),
      checks: Object.fromEntries(checks.map(([name], index) => [name, results[index] === true ? 'ok' : 'failing'])),
    };
  };

  let latest: Promise<HealthReport> | undefined;
  let validUntil = 0;
  return function healthMiddleware(req, res, next) {
    if (latest === undefined || performance.now() > validUntil) {
      validUntil = Infinity;
      latest = look(recordOf(req)?.logger ?? defaultLogger()).finally(
        () => (validUntil = performance.now() + maxAgeMs),
      );
    }
    latest.then((report) => send(res, report), next);
  };
}
