import { BatonError } from '../../src/core/errors';
import type { GrantedToken } from '../../src/entra/exchange';
import { TokenCache } from '../../src/entra/token-cache';
import { codeOf } from '../support/errors';

const START = 1_800_000_000_000;
const MINUTE = 60_000;

let now: number;
let loads: number;
let fails: BatonError | undefined;
let cache: TokenCache;
beforeEach(() => {
  [now, loads, fails] = [START, 0, undefined];
  cache = new TokenCache(() => now, 3);
});

const load =
  (extra: Partial<GrantedToken> = {}) =>
  async (): Promise<GrantedToken> => {
    loads++;
    if (fails !== undefined) throw fails;
    return { token: `token-${loads}`, lifetimeSeconds: 3600, ...extra };
  };
const take = async (name = 'a', extra?: Partial<GrantedToken>): Promise<string> =>
  (await cache.get(name, load(extra))).token;

it.each<[string, Partial<GrantedToken>, number, number]>([
  ['an hour', {}, 55, 59],
  ['a day, and is asked to come at noon', { lifetimeSeconds: 86_400, refreshInSeconds: 43_200 }, 720, 1439],
  ['four minutes', { lifetimeSeconds: 240 }, 2, 3],
  ['one minute', { lifetimeSeconds: 60 }, 0.5, 0.5],
])('a token that lives %s serves, is renewed beside, and serves no more', async (_, extra, renewedAfter, endsAfter) => {
  expect(await take('a', extra)).toBe('token-1');
  now = START + renewedAfter * MINUTE - 1;
  expect([await take('a', extra), loads]).toEqual(['token-1', 1]);
  fails = new BatonError('entra_unavailable', 'down');
  if (renewedAfter < endsAfter) {
    now = START + renewedAfter * MINUTE;
    expect([await take('a', extra), loads]).toEqual(['token-1', 2]);
  }
  now = START + endsAfter * MINUTE - 1;
  expect(await take('a', extra)).toBe('token-1');
  now = START + endsAfter * MINUTE;
  expect(await codeOf(() => take('a', extra))).toBe('entra_unavailable');
});

it('a renewed token takes the place of the old one without anybody waiting', async () => {
  await take();
  now += 56 * MINUTE;
  expect(await take()).toBe('token-1');
  expect([await take(), loads]).toEqual(['token-2', 2]);
});

it('a renewal that fails is tried again after half a minute, not with each call', async () => {
  await take();
  now += 55 * MINUTE;
  fails = new BatonError('entra_unavailable', 'down');
  for (let i = 0; i < 100; i++) await take();
  expect(loads).toBe(2);
  now += 30_000;
  await take();
  expect(loads).toBe(3);
});

it('says when the token ends', async () => {
  now += 999;
  expect((await cache.get('a', load())).expiresAt).toBe(START / 1000 + 3600);
});

it('a clock that is set back makes no token younger', async () => {
  await take();
  now += 30 * MINUTE;
  await take();
  now -= 1000 * MINUTE;
  await take();
  now += 29 * MINUTE;
  await take();
  expect(await take()).toBe('token-2');
});

it('is bounded: what was got first goes first, and what has ended before that', async () => {
  await take('short', { lifetimeSeconds: 120 });
  await take('a');
  await take('b');
  now += 2 * MINUTE;
  await take('c');
  expect(loads).toBe(4);
  await Promise.all(['a', 'b', 'c'].map((name) => take(name)));
  expect(loads).toBe(4);
  await take('d');
  await Promise.all(['b', 'c', 'd'].map((name) => take(name)));
  expect(loads).toBe(5);
  await take('a');
  expect(loads).toBe(6);
});

it('throttling ends at five minutes at the latest, whatever was asked for', async () => {
  fails = new BatonError('entra_unavailable', 'busy', { retryAfterSeconds: 1e9 });
  await codeOf(() => take());
  fails = undefined;
  now += 5 * MINUTE - 1;
  expect(await codeOf(() => take())).toBe('entra_unavailable');
  now += 1;
  expect(await take()).toBe('token-2');
});
