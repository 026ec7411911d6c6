import { memoryReplayStore, type MemoryReplayOptions } from '../../../src/identity/replay/memory';
import { codeOf } from '../../support/errors';
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

  it('holds no more than what is valid, through a million tokens', async () => {
    let now = NOW * 1000;
    const store = memoryReplayStore({ maxEntries: 2000, clock: () => now });
    for (let i = 0; i < 1_000_000; i++) {
      if (i % 10 === 0) now += 10;
      // 1000 a second, each for a second: never more than 1000 valid at once, or this throws.
      if (!(await store.firstUse(`token-${i}`, now / 1000 + 1))) throw new Error(`token-${i} was taken for used`);
    }
  });

  it.each<[string, object, string]>([
    ['an unknown option', { maxEntry: 1 }, 'option_unknown'],
    ['no room at all', { maxEntries: 0 }, 'option_invalid'],
    ['half an entry', { maxEntries: 1.5 }, 'option_invalid'],
  ])('refuses %s', async (_what, options, code) => {
    expect(await codeOf(() => memoryReplayStore(options as MemoryReplayOptions))).toBe(code);
  });
});
