import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { defaultReplayStore } from '../../../src/identity/replay/default-store';
import { redisReplayStore, type RedisReplayOptions, type RedisReplayStore } from '../../../src/identity/replay/redis';
import { thrownBy } from '../../support/errors';
import { freePort } from '../../support/redis';
import { NOW } from '../../support/tokens';
import { waitFor } from '../../support/wait';

// Without a Redis: what the store asks of one, and what it makes of each answer and of none. See redis.test.ts.
const clock = (): number => NOW * 1000;
const UNTIL = NOW + 90;

const open: { close(): unknown }[] = [];
const opened = (options: RedisReplayOptions): RedisReplayStore => {
  const store = redisReplayStore({ clock, ...options });
  open.push(store);
  return store;
};
afterEach(() => open.splice(0).forEach((one) => one.close()));

/** Speaks as much of Redis as a client needs to be ready, and does with each SET as it is told. */
async function fakeRedis(
  onSet: (socket: Socket) => unknown,
  port = 0,
): Promise<{ url: string; sets: string[][]; sockets: Set<Socket> }> {
  const [sets, sockets]: [string[][], Set<Socket>] = [[], new Set()];
  const server = createServer((socket) => {
    sockets.add(socket.unref());
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const command of text.split(/(?=\*\d+\r\n)/)) {
        const words = command.split('\r\n').filter((word, index) => index % 2 === 0 && index > 0 && word !== '');
        if (words[0]?.toUpperCase() !== 'SET') socket.write('+OK\r\n');
        else if (sets.push(words.slice(1))) onSet(socket);
      }
    });
  }).listen(port, '127.0.0.1');
  await once(server.unref(), 'listening');
  open.push({ close: () => [server.close(), ...[...sockets].map((socket) => socket.destroy())] });
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, sets, sockets };
}
const say = (answer: string) => (socket: Socket) => socket.write(`${answer}\r\n`);
const unavailable = {
  code: 'replay_store_unavailable',
  status: 503,
  message: 'Redis, which remembers used tokens, could not be asked.',
  retryAfterSeconds: 1,
};
const client = { set: (): Promise<'OK'> => Promise.resolve('OK') };

it.each<[string, string, object]>([
  ['option_invalid', 'redisReplayStore(): give either "url" or "client".', {}],
  ['option_invalid', 'redisReplayStore(): give either "url" or "client".', { url: 'redis://127.0.0.1:1', client }],
  ...['http://127.0.0.1:6379', 'xredis://127.0.0.1', 'redis:/127.0.0.1', 'redis://', ''].map(
    (url): [string, string, object] => [
      'option_invalid',
      'redisReplayStore(): option "url" must begin with redis:// or rediss://.',
      { url },
    ],
  ),
  ...[9, 60_001, 20.5].map((timeoutMs): [string, string, object] => [
    'option_invalid',
    `redisReplayStore(): option "timeoutMs" must be a whole number from 10 to 60000, not ${timeoutMs}.`,
    { client, timeoutMs },
  ]),
  [
    'option_unknown',
    'redisReplayStore(): option "uri" is not known here; did you mean "url"?',
    { uri: 'redis://127.0.0.1:1' },
  ],
])('redisReplayStore() refuses as %s: %s', async (code, message, options) => {
  expect(await thrownBy(() => redisReplayStore(options as RedisReplayOptions))).toMatchObject({ code, message });
});

it.each([
  [{}, 'option_invalid'],
  [{ url: 'redis://127.0.0.1:1' }, 'peer_missing'],
])('without ioredis %j needs none that was not asked for', async (options, code) => {
  jest.doMock('ioredis', () => {
    throw new Error("Cannot find module 'ioredis'");
  });
  const error = await thrownBy(() => redisReplayStore(options));
  jest.dontMock('ioredis');
  expect(error.code).toBe(code);
  if (code === 'peer_missing')
    expect(error.message).toBe('redisReplayStore() needs the package "ioredis". Install it: npm install ioredis');
});

describe("a client of the app's own", () => {
  it('is asked for what Redis does in one step: set, if it is not there, for a time', async () => {
    const set = jest.fn<Promise<'OK' | null>, unknown[]>().mockResolvedValueOnce('OK').mockResolvedValue(null);
    const store = opened({ client: { set } });
    expect(await store.firstUse('abc', UNTIL)).toBe(true);
    expect(await store.firstUse('abc', UNTIL)).toBe(false);
    expect(set.mock.calls[0]).toEqual(['baton:replay:abc', '1', 'PX', 90_000, 'NX']);
    await opened({ client: { set }, keyPrefix: 'x:', clock: () => NOW * 1000 + 0.5 }).firstUse('abc', NOW);
    expect(set.mock.calls[2]).toEqual(['x:abc', '1', 'PX', 1000, 'NX']);
    await opened({ client: { set }, clock: () => NOW * 1000 + 0.5 }).firstUse('abc', UNTIL);
    expect(set.mock.calls[3]?.[3]).toBe(90_000);
  });

  const down = new Error('READONLY');
  it.each<[string, () => Promise<unknown>, unknown]>([
    ['a client that fails', () => Promise.reject(down), down],
    ['a client that never answers', () => new Promise(() => {}), new Error('Redis did not answer within 20 ms.')],
    ...['QUEUED', undefined, true, 'ok'].map((answer): [string, () => Promise<unknown>, unknown] => [
      `the answer ${answer}`,
      () => Promise.resolve(answer),
      new Error('Redis gave an answer that SET does not have.'),
    ]),
  ])('takes %s for unavailable, never for a first use', async (_what, set, cause) => {
    const store = opened({ client: { set: set as never }, timeoutMs: 20 });
    const error = await thrownBy(() => store.firstUse('abc', UNTIL));
    expect(error).toMatchObject(unavailable);
    expect(error.cause).toEqual(cause);
  });

  it('leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await opened({ client, timeoutMs: 60_000 }).firstUse('abc', UNTIL);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('a connection to Redis', () => {
  it('asks, keeps no process alive, and ends with the store', async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = sockets();
    const redis = await fakeRedis(say('+OK'));
    const store = defaultReplayStore(clock, { BATON_REPLAY_REDIS_URL: redis.url }) as RedisReplayStore;
    open.push(store);
    expect(await store.firstUse('abc', UNTIL)).toBe(true);
    expect(redis.sets).toEqual([['baton:replay:abc', '1', 'PX', '90000', 'NX']]);
    expect(sockets()).toBeLessThanOrEqual(before);
    store.close();
    await waitFor('the connection to end', () => redis.sockets.size === 0);
  });

  it('is asked once, though it breaks before the answer: Redis may have done it', async () => {
    const redis = await fakeRedis((socket) => (redis.sets.length === 1 ? socket.destroy() : socket.write('$-1\r\n')));
    const store = opened({ url: redis.url, timeoutMs: 200, keyPrefix: '' });
    expect(await thrownBy(() => store.firstUse('lost', UNTIL))).toMatchObject(unavailable);
    const next = await waitFor('the next connection', () => store.firstUse('next', UNTIL).then(String, () => false));
    expect([next, redis.sets.filter(([id]) => id === 'lost').length]).toEqual(['false', 1]);
  });

  it('that cannot be opened says why, and says something else when it was open since', async () => {
    const port = await freePort();
    const store = opened({ url: `redis://127.0.0.1:${port}`, timeoutMs: 100 });
    const causeOf = async (): Promise<unknown> => (await thrownBy(() => store.firstUse('abc', UNTIL))).cause;
    expect(await causeOf()).toMatchObject({ code: 'ECONNREFUSED' });
    let isMute = false;
    await fakeRedis((socket) => isMute || socket.write('+OK\r\n'), port);
    await waitFor('the store to connect', () => store.firstUse('abc', UNTIL).catch(() => false));
    isMute = true;
    expect(await causeOf()).toEqual(new Error('Redis did not answer within 100 ms.'));
  });

  it('is not replaced by the memory of this process where Redis is down', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const store = defaultReplayStore(clock, { BATON_REPLAY_REDIS_URL: url }) as RedisReplayStore;
    open.push(store);
    expect(await thrownBy(() => store.firstUse('abc', UNTIL))).toMatchObject(unavailable);
  });

  it('answers within its time where nothing answers', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    open.push({ close: () => [mute.close(), ...[...sockets].map((socket) => socket.destroy())] });
    const store = opened({ url: `redis://127.0.0.1:${(mute.address() as AddressInfo).port}`, timeoutMs: 100 });
    expect(await thrownBy(() => store.firstUse('abc', UNTIL))).toMatchObject(unavailable);
  });
});
