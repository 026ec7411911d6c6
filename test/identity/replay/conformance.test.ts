import { randomBytes, randomUUID } from 'node:crypto';
import type { ReplayStore } from '../../../src/core/replay';
import { memoryReplayStore } from '../../../src/identity/replay/memory';
import { redisReplayStore, type RedisReplayStore } from '../../../src/identity/replay/redis';
import { describeWithRedis, startRedis, type RedisServer } from '../../support/redis';
import { waitFor } from '../../support/wait';

const id = (): string => randomBytes(32).toString('base64url');
const inSeconds = (seconds: number): number => Date.now() / 1000 + seconds;

/** What every store has to do, wherever it remembers. */
function itKeepsItsPromises(make: () => ReplayStore): void {
  it('lets an ID in once', async () => {
    const [store, one, other] = [make(), id(), id()];
    expect(await store.firstUse(one, inSeconds(60))).toBe(true);
    expect(await store.firstUse(one, inSeconds(60))).toBe(false);
    expect(await store.firstUse(other, inSeconds(60))).toBe(true);
    expect(await store.firstUse(one, inSeconds(600))).toBe(false);
  });

  it('lets one of a hundred at once in', async () => {
    const [store, one] = [make(), id()];
    const answers = await Promise.all(Array.from({ length: 100 }, () => store.firstUse(one, inSeconds(60))));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('keeps a thousand apart', async () => {
    const store = make();
    const ids = Array.from({ length: 1000 }, id);
    const use = (): Promise<boolean[]> => Promise.all(ids.map((one) => store.firstUse(one, inSeconds(60))));
    expect(new Set(await use())).toEqual(new Set([true]));
    expect(new Set(await use())).toEqual(new Set([false]));
  });

  it.each(['__proto__', 'constructor', '', 'a b', 'x\r\nFLUSHALL\r\n', 'ä'])('is not confused by %j', async (odd) => {
    const store = make();
    expect(await store.firstUse(odd, inSeconds(60))).toBe(true);
    expect(await store.firstUse(odd, inSeconds(60))).toBe(false);
  });

  it('counts an ID once even where its time seems to be over', async () => {
    const [store, one] = [make(), id()];
    expect(await store.firstUse(one, inSeconds(-30))).toBe(true);
    expect(await store.firstUse(one, inSeconds(-30))).toBe(false);
  });

  it('forgets when the time has come, and not before', async () => {
    const [store, one, until] = [make(), id(), inSeconds(1.5)];
    expect(await store.firstUse(one, until)).toBe(true);
    await waitFor('the ID to be forgotten', () => store.firstUse(one, until));
    // Clocks that tick in whole milliseconds may be one apart.
    expect(Date.now() / 1000).toBeGreaterThan(until - 0.01);
  });
}

describe('the memory store', () => {
  itKeepsItsPromises(() => memoryReplayStore());
});

describeWithRedis('the Redis store', () => {
  let redis: RedisServer;
  const open: RedisReplayStore[] = [];
  const make = (keyPrefix = `test:${randomUUID()}:`): RedisReplayStore => {
    const store = redisReplayStore({ url: redis.url, keyPrefix });
    open.push(store);
    return store;
  };
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    for (const store of open) store.close();
    await redis.stop();
  });

  itKeepsItsPromises(() => make());

  it('is one memory for all that share it, and two for two prefixes', async () => {
    const one = id();
    const [here, there, elsewhere] = [make('shared:'), make('shared:'), make('other:')];
    const answers = await Promise.all(
      [here, there].flatMap((store) => [0, 1, 2].map(() => store.firstUse(one, inSeconds(60)))),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await elsewhere.firstUse(one, inSeconds(60))).toBe(true);
  });
});
