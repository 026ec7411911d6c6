import { memoryReplayStore } from '../../../src/identity/replay/memory';
import { codeOf, thrownBy } from '../../support/errors';
import { NOW } from '../../support/tokens';

describe('memoryReplayStore()', () => {
  it('refuses to answer when it is full of tokens that are still valid, and goes on when they are not', async () => {
    let now = NOW * 1000;
    const store = memoryReplayStore({ maxEntries: 3, clock: () => now });
    for (const id of ['a', 'b', 'c']) expect(await store.firstUse(id, NOW + 60)).toBe(true);
    expect(await codeOf(() => store.firstUse('d', NOW + 60))).toBe('replay_store_unavailable');
    // What it knows it knows.
    expect(await store.firstUse('a', NOW + 60)).toBe(false);
    now += 59_999;
    expect(await codeOf(() => store.firstUse('d', NOW + 120))).toBe('replay_store_unavailable');
    now += 1;
    expect(await store.firstUse('d', NOW + 120)).toBe(true);
    expect(await store.firstUse('a', NOW + 120)).toBe(true);
  });

  it('finds room behind an entry that outlives the others', async () => {
    let now = NOW * 1000;
    const store = memoryReplayStore({ maxEntries: 4, clock: () => now });
    await store.firstUse('long', NOW + 9000);
    for (let i = 0; i < 50; i++) {
      now += 2000;
      expect(await store.firstUse(`short-${i}`, now / 1000 + 3)).toBe(true);
    }
    expect(await store.firstUse('long', NOW + 9000)).toBe(false);
  });

  it('forgets an ID when its time has come, to the millisecond, but no sooner than after a second', async () => {
    let now = NOW * 1000;
    const store = memoryReplayStore({ clock: () => now });
    const useAt = (seconds: number, until: number): Promise<boolean> => {
      now = (NOW + seconds) * 1000;
      return store.firstUse('a', NOW + until);
    };
    expect([await useAt(0, 2), await useAt(1.999, 2), await useAt(2, 2)]).toEqual([true, false, true]);
    expect([await useAt(2.999, 2), await useAt(3, 2)]).toEqual([false, true]);
  });

  it('looks for room behind one that outlives the others when it is full, and at most once a second', async () => {
    let now = 0;
    const store = memoryReplayStore({ maxEntries: 3, clock: () => now });
    const useAt = (ms: number, id: string, untilMs: number): Promise<boolean> => {
      now = ms;
      return store.firstUse(id, untilMs / 1000);
    };
    const isFullAt = async (ms: number): Promise<boolean> => {
      const answer = await useAt(ms, `at ${ms}`, 1e6).catch((error: unknown) => error);
      return answer !== true;
    };
    await useAt(0, 'long', 1e6);
    await useAt(100, 'short', 1100);
    await useAt(1050, 'longer', 1e6);
    // Not full until now, so nothing was searched before: what ends in this very millisecond makes room.
    expect(await useAt(1100, 'short too', 2400)).toBe(true);
    expect([await isFullAt(1200), await isFullAt(2100), await isFullAt(2400), await isFullAt(3099)]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(await isFullAt(3100)).toBe(false);
  });

  it('says how full it is', async () => {
    const store = memoryReplayStore({ maxEntries: 1, clock: () => NOW * 1000 });
    await store.firstUse('a', NOW + 60);
    expect(await thrownBy(() => store.firstUse('b', NOW + 60))).toMatchObject({
      code: 'replay_store_unavailable',
      reason: 'full',
      message: 'The memory of used tokens is full: 1 are still valid. Raise "maxEntries".',
    });
  });

  it('holds no more than what is valid, through a million tokens', async () => {
    let now = NOW * 1000;
    const store = memoryReplayStore({ maxEntries: 2000, clock: () => now });
    for (let i = 0; i < 1_000_000; i++) {
      if (i % 10 === 0) now += 10;
      // 1000 a second, each for a second: never more than 1000 valid at once, or this throws.
      if (!(await store.firstUse(`token-${i}`, now / 1000 + 1))) throw new Error(`token-${i} was taken for used`);
    }
  });

  const range = 'memoryReplayStore(): option "maxEntries" must be a whole number from 1 to 10000000, not';
  it.each<[string, string, object]>([
    [
      'option_unknown',
      'memoryReplayStore(): option "max_entries" is not known here; did you mean "maxEntries"?',
      { max_entries: 1 },
    ],
    ['option_invalid', `${range} 0.`, { maxEntries: 0 }],
    ['option_invalid', `${range} 10000001.`, { maxEntries: 10_000_001 }],
    ['option_invalid', `${range} 1.5.`, { maxEntries: 1.5 }],
  ])('refuses as %s: %s', async (code, message, options) => {
    const error = await thrownBy(() => memoryReplayStore(options));
    expect(error).toMatchObject({ code, message });
  });
});
