import type { Clock } from '../../../src/core/clock';
import type { ReplayStore } from '../../../src/core/replay';
import { defaultReplayStore, sharedReplayStore } from '../../../src/identity/replay/default-store';
import { memoryReplayStore } from '../../../src/identity/replay/memory';
import type { RedisReplayStore } from '../../../src/identity/replay/redis';
import { thrownBy } from '../../support/errors';
import { recordingLogger } from '../../support/recording-logger';
import { freePort } from '../../support/redis';
import { NOW } from '../../support/tokens';

const VARIABLE = 'BATON_REPLAY_REDIS_URL';
const own = (): ReplayStore => ({ firstUse: () => Promise.resolve(true) });
const before = process.env[VARIABLE];
beforeEach(() => delete process.env[VARIABLE]);
afterAll(() => {
  if (before === undefined) delete process.env[VARIABLE];
  else process.env[VARIABLE] = before;
});

/** The store that a middleware gets, and the log of its logger. */
function shared(given?: ReplayStore, clock?: Clock): { store: ReplayStore; told: () => readonly object[] } {
  const logger = recordingLogger();
  return { store: sharedReplayStore(given, clock, () => logger)(), told: () => logger.lines };
}

it.each([undefined, ''])(
  'the default store is this process, by the clock at hand, where the environment names %j',
  async (url) => {
    let now = NOW * 1000;
    const store = defaultReplayStore(() => now, { [VARIABLE]: url });
    expect(await store.firstUse('a', NOW + 60)).toBe(true);
    expect(await store.firstUse('a', NOW + 60)).toBe(false);
    now += 60_000;
    expect(await store.firstUse('a', NOW + 120)).toBe(true);
  },
);

describe('the store of the middlewares', () => {
  it('is one for all of a process, and another one for a clock of its own', async () => {
    const { store } = shared();
    expect(shared().store).toBe(store);
    expect(await store.firstUse('of-the-process', Date.now() / 1000 + 60)).toBe(true);
    expect(await shared().store.firstUse('of-the-process', Date.now() / 1000 + 60)).toBe(false);
    const clock = (): number => NOW * 1000;
    expect(shared(undefined, clock).store).not.toBe(shared(undefined, clock).store);
  });

  it('is one for each Redis that the environment names', async () => {
    const memory = shared().store;
    const url = `redis://127.0.0.1:${await freePort()}`;
    const of = (named: string): ReturnType<typeof shared> => {
      process.env[VARIABLE] = named;
      return shared();
    };
    const stores = [url, `${url}/1`, url].map((named) => of(named).store as RedisReplayStore);
    for (const store of stores) store.close();
    expect(stores[2]).toBe(stores[0]);
    expect(new Set([memory, ...stores]).size).toBe(3);
    expect(of(url).told()).toEqual([]);
  });

  it('is made when it is first asked for, once', () => {
    const logger = recordingLogger();
    const storeOf = sharedReplayStore(
      undefined,
      () => NOW * 1000,
      () => logger,
    );
    expect(logger.lines).toEqual([]);
    expect(storeOf()).toBe(storeOf());
    expect(logger.lines).toHaveLength(1);
  });

  it('is the one that was handed in', () => {
    const given = own();
    expect(shared(given, () => 0).store).toBe(given);
    expect(shared(given).told()).toEqual([]);
  });

  it('is told of once where it covers this process alone', () => {
    const given = memoryReplayStore();
    expect(shared(given).told()).toMatchObject([
      {
        level: 'warn',
        type: 'replay_memory',
        message:
          'Used tokens are remembered in the memory of this process: each other process lets a token in once more. For more than one process set BATON_REPLAY_REDIS_URL, or pass the option "replayStore".',
      },
    ]);
    expect(shared(given).told()).toEqual([]);
  });

  it.each([null, {}, 7, 'redis://127.0.0.1', { firstUse: true }])('is not %j', async (given) => {
    expect(await thrownBy(() => shared(given as never))).toMatchObject({
      code: 'option_invalid',
      message: 'The option "replayStore" needs the method firstUse().',
    });
  });
});
