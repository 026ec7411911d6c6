import { VerdictCache } from '../../src/identity/verdict-cache';

const LONG = 1e9;
const VERSION = 3;
/** A token of a certain length; names differ in the tail, by which verdicts are looked up. */
const token = (name: string, length = 40): string => name.padStart(length, '-');
const cacheOf = (maxEntries: number, maxBytes = LONG): VerdictCache<string> =>
  new VerdictCache({ maxEntries, maxBytes });
const set = (cache: VerdictCache<string>, ...tokens: string[]): void =>
  tokens.forEach((one) => cache.set(one, `of ${one}`, LONG, VERSION));
const isKnown = (cache: VerdictCache<string>, one: string): boolean => {
  const verdict = cache.get(one, 0, VERSION);
  if (verdict !== undefined) expect(verdict).toBe(`of ${one}`);
  return verdict !== undefined;
};
const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => token(name)) as [
  string,
  string,
  string,
  string,
  string,
];

describe('a verdict', () => {
  it('lasts until its time, and holds for the keys that admitted it alone', () => {
    const cache = cacheOf(10);
    cache.set(a, 'verdict', 1000, VERSION);
    expect(cache.get(a, 999, VERSION)).toBe('verdict');
    expect(cache.get(a, 1000, VERSION)).toBeUndefined();
    for (const other of [VERSION - 1, VERSION + 1, -1]) expect(cache.get(a, 999, other)).toBeUndefined();
    cache.set(a, 'newer', 2000, VERSION + 1);
    expect([cache.get(a, 999, VERSION), cache.get(a, 1999, VERSION + 1)]).toEqual([undefined, 'newer']);
  });

  it('is never that of another token, though both end in the same signature', () => {
    const cache = cacheOf(2);
    const twin = `x${a}`;
    set(cache, a);
    expect(isKnown(cache, twin)).toBe(false);
    expect(isKnown(cache, a)).toBe(true);
    // The twin is asked for when it lies in the old generation: it makes room, and gets nothing that is not its own.
    set(cache, b);
    expect(isKnown(cache, twin)).toBe(false);
    expect(cache.size).toBe(1);
    set(cache, twin);
    expect([isKnown(cache, twin), isKnown(cache, a)]).toEqual([true, false]);
  });
});

describe('two generations', () => {
  it('hold half of the entries each; what is used stays, what is not goes', () => {
    const cache = cacheOf(4);
    set(cache, a, b);
    expect(cache.size).toBe(2);
    set(cache, c);
    expect(cache.size).toBe(3);
    // Used, so it moves on: twice, since the first look takes it out of the old generation.
    expect([isKnown(cache, a), isKnown(cache, a), cache.size]).toEqual([true, true, 3]);
    set(cache, d);
    expect(cache.size).toBe(3);
    expect([a, b, c, d].map((one) => isKnown(cache, one))).toEqual([true, false, true, true]);
  });

  it.each([
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 2],
    [6, 6],
  ])('of %i entries at most hold %i', (maxEntries, held) => {
    const cache = cacheOf(maxEntries);
    let most = 0;
    for (let i = 0; i < 50; i++) {
      set(cache, token(`${i}`));
      most = Math.max(most, cache.size);
    }
    expect(most).toBe(held);
    expect(isKnown(cache, token('49'))).toBe(true);
  });

  it('hold half of the bytes each, to the byte', () => {
    const cache = cacheOf(100, 241);
    set(cache, a, b, c);
    expect(cache.size).toBe(3);
    // 120 of 120 bytes are taken: a, b and c are the old generation now, and gone with the next one.
    set(cache, d);
    expect(cache.size).toBe(4);
    set(cache, e, token('f', 41));
    expect([cache.size, isKnown(cache, a), isKnown(cache, d)]).toEqual([3, false, true]);
  });

  it('count a token once, however often its verdict is set', () => {
    const cache = cacheOf(100, 240);
    set(cache, b);
    for (let i = 0; i < 20; i++) set(cache, a);
    expect([cache.size, isKnown(cache, b)]).toEqual([2, true]);
  });

  it('hold one that is larger than a generation, and nothing beside it', () => {
    const cache = cacheOf(100, 100);
    const large = token('large', 99);
    set(cache, a, large);
    expect([isKnown(cache, large), isKnown(cache, large), cache.size]).toEqual([true, true, 2]);
    set(cache, b);
    expect([isKnown(cache, a), cache.size]).toEqual([false, 2]);
  });
});
