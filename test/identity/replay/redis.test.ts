import { redisReplayStore, type RedisReplayOptions, type RedisReplayStore } from '../../../src/identity/replay/redis';
import { codeOf } from '../../support/errors';
import { describeWithRedis, startRedis, type RedisServer } from '../../support/redis';
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
