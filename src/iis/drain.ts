import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../core/logger';
import { runDrainHooks, tellDraining } from '../core/process-hooks';

/** How a server is brought to its end. */
export interface DrainOptions {
  /** Open requests have this long, and so have the hooks after them. */
  readonly drainTimeoutMs: number;
  /** The app's own hook, after the last request. */
  readonly onDrain: (() => void | Promise<void>) | undefined;
  readonly logger: () => Logger | undefined;
}

/** How often connections are looked for whose last response has ended: no request pays for being watched. */
const LOOK_EVERY_MS = 25;

/**
 * Ends a server in good order, once, however often it is asked: takes no new connections, lets open requests finish,
 * then lets the app and Baton's own log and audit trail write what they hold.
 *
 * @returns ends when all is done, or when the time is up
 */
export function drainer(server: Server, options: DrainOptions): (reason: string) => Promise<void> {
  let ending: Promise<void> | undefined;
  return (reason) => (ending ??= drain(server, options, reason));
}

async function drain(server: Server, options: DrainOptions, reason: string): Promise<void> {
  const { drainTimeoutMs, onDrain, logger } = options;
  const startedAt = performance.now();
  logger()?.info('Draining', { type: 'draining', reason });
  const finished = finishRequests(server);
  tellDraining();
  const complete = await within(drainTimeoutMs, finished);
  if (!complete) server.closeAllConnections();
  const failed = (error: unknown): void => {
    logger()?.error('What was to be done at the end failed', { type: 'error', error });
  };
  const finish = async (): Promise<void> => {
    try {
      await onDrain?.();
    } catch (error) {
      failed(error);
    }
    await runDrainHooks(failed);
  };
  const durationMs = Math.round(performance.now() - startedAt);
  // Before the hooks: the log is one of the things that they close.
  const fields = { type: 'drained', reason, durationMs };
  if (complete) logger()?.info('Drained', fields);
  else logger()?.warn('Requests were cut off: they took longer than drainTimeoutMs', fields);
  await within(drainTimeoutMs, finish());
}

/** Node keeps a connection whose response ends after `close()` for the keep-alive time, which is endless under IIS. */
async function finishRequests(server: Server): Promise<void> {
  const looking = setInterval(() => server.closeIdleConnections(), LOOK_EVERY_MS);
  await new Promise<void>((done) => server.close(() => done()));
  clearInterval(looking);
}

/** Whether the work ended in time. */
async function within(timeoutMs: number, work: Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return inTime;
}
