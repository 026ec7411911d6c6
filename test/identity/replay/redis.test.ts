import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { defaultReplayStore } from '../../../src/identity/replay/default-store';
import { redisReplayStore, type RedisReplayOptions, type RedisReplayStore } from '../../../src/identity/replay/redis';
import { codeOf, thrownBy } from '../../support/errors';
import { describeWithRedis, freePort, startRedis, type RedisServer } from '../../support/redis';
import { waitFor } from '../../support/wait';

const UNTIL = Date.now() / 1000 + 3600;
let ids = 0;
const fresh = (): string => `id-${ids++}`;

const open: { close(): void }[] = [];
const opened = (options: RedisReplayOptions): RedisReplayStore => {
  const store = redisReplayStore(options);
  open.push(store);
  return store;
};
afterEach(() => open.splice(0).forEach((store) => store.close()));

describe('redisReplayStore()', () => {
  it.each<[string, object, string]>([
    ['neither URL nor client', {}, 'option_invalid'],
    ['both', { url: 'redis://127.0.0.1:1', client: { set: () => Promise.resolve('OK') } }, 'option_invalid'],
    ['another scheme', { url: 'http://127.0.0.1:6379' }, 'option_invalid'],
    ['no waiting at all', { url: 'redis://127.0.0.1:1', timeoutMs: 0 }, 'option_invalid'],
    ['an unknown option', { uri: 'redis://127.0.0.1:1' }, 'option_unknown'],
  ])('refuses %s', async (_what, options, code) => {
    expect(await codeOf(() => redisReplayStore(options as RedisReplayOptions))).toBe(code);
  });

  it('asks for what Redis does in one step: set, if it is not there, for a time', async () => {
    const set = jest.fn<Promise<'OK' | null>, unknown[]>().mockResolvedValueOnce('OK').mockResolvedValueOnce(null);
    const store = opened({ client: { set }, clock: () => 1_000_000 });
    expect(await store.firstUse('abc', 1090)).toBe(true);
    expect(await store.firstUse('abc', 1090)).toBe(false);
    expect(set.mock.calls[0]).toEqual(['baton:replay:abc', '1', 'PX', 90_000, 'NX']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a client that fails', () => Promise.reject(new Error('READONLY'))],
    ['a client that never answers', () => new Promise(() => {})],
    ['an answer that SET does not have', () => Promise.resolve('QUEUED')],
    ['no answer', () => Promise.resolve(undefined)],
  ])('takes %s for unavailable, never for a first use', async (_what, set) => {
    const store = opened({ client: { set: set as never }, timeoutMs: 20 });
    expect(await thrownBy(() => store.firstUse(fresh(), UNTIL))).toMatchObject({
      code: 'replay_store_unavailable',
      status: 503,
      retryAfterSeconds: 1,
    });
  });

  it('answers within its time where nothing listens, and where nothing answers', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    for (const port of [await freePort(), (mute.address() as AddressInfo).port]) {
      const store = opened({ url: `redis://127.0.0.1:${port}`, timeoutMs: 200 });
      const startedAt = performance.now();
      const { code, cause } = await thrownBy(() => store.firstUse(fresh(), UNTIL));
      expect(code).toBe('replay_store_unavailable');
      expect(String(cause)).toMatch(/^Error: /);
      expect(performance.now() - startedAt).toBeLessThan(2000);
    }
    for (const store of open.splice(0)) store.close();
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});

describe('defaultReplayStore()', () => {
  it('is the memory of the process where the environment names no Redis', async () => {
    const store = defaultReplayStore(undefined, {});
    expect(await store.firstUse('a', UNTIL)).toBe(true);
    expect(await store.firstUse('a', UNTIL)).toBe(false);
  });

  it('is the Redis that the environment names, and nothing else where that is down', async () => {
    const store = defaultReplayStore(undefined, { BATON_REPLAY_REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    open.push(store as RedisReplayStore);
    expect(await codeOf(() => store.firstUse(fresh(), UNTIL))).toBe('replay_store_unavailable');
  });
});

describeWithRedis('with Redis', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.stop());

  it('is unavailable while Redis stands still, and remembers what it knew', async () => {
    const store = opened({ url: redis.url, timeoutMs: 100 });
    const known = fresh();
    expect(await store.firstUse(known, UNTIL)).toBe(true);
    redis.signal('SIGSTOP');
    expect(await codeOf(() => store.firstUse(fresh(), UNTIL))).toBe('replay_store_unavailable');
    redis.signal('SIGCONT');
    const again = await waitFor('Redis to answer', () => store.firstUse(known, UNTIL).then(String, () => undefined));
    expect(again).toBe('false');
  });

  it('is unavailable while Redis is away, and works when it is back', async () => {
    const store = opened({ url: redis.url, timeoutMs: 200 });
    expect(await store.firstUse(fresh(), UNTIL)).toBe(true);
    await redis.stop();
    expect(await codeOf(() => store.firstUse(fresh(), UNTIL))).toBe('replay_store_unavailable');
    redis = await startRedis(redis.port);
    await waitFor('the store to connect again', () => store.firstUse(fresh(), UNTIL).catch(() => false));
  });
});
