import type { Redis } from 'ioredis';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import { checkOptionNames, wholeNumber } from '../../core/options';
import { optionalPeer } from '../../core/peers';
import type { ReplayStore } from '../../core/replay';
import { rememberedUntil } from './memory';

/** What {@link redisReplayStore} needs of a client: a connected `Redis` or `Cluster` of ioredis has it. */
export interface RedisCommands {
  set(key: string, value: string, unit: 'PX', milliseconds: number, condition: 'NX'): Promise<'OK' | null>;
}

/** Options of {@link redisReplayStore}: `url` or `client`. */
export interface RedisReplayOptions {
  /** `redis://` or, over a network, `rediss://` (TLS): who can answer in place of Redis decides what is a replay. */
  readonly url?: string;
  /** A client of the app's own; it stays the app's to close. */
  readonly client?: RedisCommands;
  /** What keys begin with. Default `baton:replay:`. */
  readonly keyPrefix?: string;
  /** How long an answer is waited for before the request gets 503: 10 to 60,000, default 1000. */
  readonly timeoutMs?: number;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

/** A {@link ReplayStore} that holds a connection. */
export interface RedisReplayStore extends ReplayStore {
  /** Ends the connection, if the store opened it. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 1000;

const invalid = (message: string): BatonError => new BatonError('option_invalid', `redisReplayStore(): ${message}`);

function connect(
  url: string,
  timeoutMs: number,
): { client: RedisCommands; close: () => void; lastError: () => unknown } {
  if (!/^rediss?:\/\/./.test(url)) throw invalid('option "url" must begin with redis:// or rediss://.');
  const { Redis } = optionalPeer('ioredis', 'redisReplayStore()', () => require('ioredis') as typeof import('ioredis'));
  let lastError: unknown;
  const client: Redis = new Redis(url, {
    connectTimeout: timeoutMs,
    // Fails what waits after one vain attempt to connect: a request gets its answer, and no queue grows.
    maxRetriesPerRequest: 1,
    // A command that is sent again after Redis has done it would call a first use the second.
    autoResendUnfulfilledCommands: false,
    disconnectTimeout: 100,
  });
  client.on('error', (error) => (lastError = error));
  client.on('ready', () => (lastError = undefined));
  // The app's servers keep the process alive; a store must not.
  client.on('connect', () => client.stream.unref());
  return { client, close: () => client.disconnect(), lastError: () => lastError };
}

/** Waits no longer than this, whatever the client's own patience is. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Remembers used tokens in Redis, for apps of more than one process. Needs the package `ioredis` (5 or 6) where no
 * `client` is handed in. One command a request, `SET key 1 PX milliseconds NX`, which is atomic in Redis.
 *
 * Redis holds digests of transaction IDs and nothing of the tokens. Where it fails over to a replica, what was written in
 * the last moment may be lost, and a token of that moment used again.
 *
 * Source: redis.io, "SET".
 *
 * @throws BatonError `option_invalid`, `option_unknown`, `peer_missing`
 *
 * @example
 * ```ts
 * app.use(baton({ replayStore: redisReplayStore({ url: 'rediss://cache.example.internal:6379' }) }));
 * ```
 */
export function redisReplayStore(options: RedisReplayOptions): RedisReplayStore {
  checkOptionNames('redisReplayStore()', options, {
    url: true,
    client: true,
    keyPrefix: true,
    timeoutMs: true,
    clock: true,
  });
  const { url, client, keyPrefix = 'baton:replay:', clock = systemClock } = options;
  const bounds = { fallback: DEFAULT_TIMEOUT_MS, min: 10, max: 60_000 };
  const timeoutMs = wholeNumber('redisReplayStore()', 'timeoutMs', options.timeoutMs, bounds);
  if ((url === undefined) === (client === undefined)) throw invalid('give either "url" or "client".');
  const connection =
    client === undefined ? connect(url ?? '', timeoutMs) : { client, close: () => {}, lastError: () => undefined };

  return {
    close: () => connection.close(),
    async firstUse(id, untilSeconds) {
      const now = clock();
      const lifetimeMs = Math.ceil(rememberedUntil(untilSeconds, now) - now);
      let answer: unknown;
      try {
        answer = await within(timeoutMs, connection.client.set(`${keyPrefix}${id}`, '1', 'PX', lifetimeMs, 'NX'));
      } catch (error) {
        throw unavailable(connection.lastError() ?? error);
      }
      // Exactly these two: a proxy that answers something else has not remembered anything.
      if (answer !== 'OK' && answer !== null)
        throw unavailable(new Error('Redis gave an answer that SET does not have.'));
      return answer === 'OK';
    },
  };
}

const unavailable = (cause: unknown): BatonError =>
  new BatonError('replay_store_unavailable', 'Redis, which remembers used tokens, could not be asked.', {
    cause,
    retryAfterSeconds: 1,
  });
