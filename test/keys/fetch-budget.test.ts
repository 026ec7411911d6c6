import { FetchBudget } from '../../src/keys/fetch-budget';

const LIMITS = { burst: 2, refillMs: 500, memoryMs: 10_000, maxWaiting: 100 };

/** The names that are taken while `names` are asked for, one after the other, at the same time. */
function ask(budget: FetchBudget, names: readonly string[], now: number): (string | undefined)[] {
  return names.map((name) => {
    budget.want(name, now);
    return budget.take(now, name);
  });
}

it('lets through what is asked for until the burst is spent, and one more each time that passes', () => {
  const budget = new FetchBudget(LIMITS);
  expect(ask(budget, ['a', 'b', 'c', 'd'], 0)).toEqual(['a', 'b', undefined, undefined]);
  expect(ask(budget, ['e'], 499)).toEqual([undefined]);
  expect(ask(budget, ['f', 'g'], 500)).toEqual(['f', undefined]);
});

it('saves no more than the burst while nobody asks', () => {
  const budget = new FetchBudget(LIMITS);
  expect(ask(budget, ['a', 'b', 'c'], 1_000_000).filter((name) => name !== undefined)).toHaveLength(2);
});

it('gives every other turn to the name that was asked for most often', () => {
  const budget = new FetchBudget(LIMITS);
  ask(budget, ['x', 'y', 'new', 'made-up', 'new'], 0);
  expect(ask(budget, ['other', 'more'], 1000)).toEqual(['new', 'more']);
});

it('forgets what nobody repeats, by time and by number', () => {
  const budget = new FetchBudget(LIMITS);
  ask(budget, ['x', 'y', 'old', 'old', 'old'], 0);
  expect(ask(budget, ['z'], 10_001)).toEqual(['z']);
  const full = new FetchBudget(LIMITS);
  ask(full, ['x', 'y', 'old', 'old', ...Array.from({ length: 100 }, (_, n) => `made-up-${n}`)], 0);
  expect(ask(full, ['z'], 500)).toEqual(['z']);
});

it('lets nobody keep a new key out by repeating made-up names more often than users ask for it', () => {
  const budget = new FetchBudget({ ...LIMITS, memoryMs: Infinity, maxWaiting: 10_000 });
  // By demand alone these come first for four minutes.
  const madeUp = Array.from({ length: 500 }, (_, n) => `made-up-${n}`);
  for (const name of madeUp) for (let times = 0; times < 1000; times++) budget.want(name, 0);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  let now = 0;
  let taken: string | undefined;
  // One request in ten is for the new key.
  for (; taken !== 'new' && now < 200_000; now += 25) {
    [taken] = ask(budget, [random(10) === 0 ? 'new' : madeUp[random(500)]!], now);
  }
  expect(taken).toBe('new');
  expect(now).toBeLessThan(60_000);
});
