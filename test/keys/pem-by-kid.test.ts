import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { BatonError } from '../../src/core/errors';
import type { KeySource } from '../../src/jws/keys';
import { pemByKidSource } from '../../src/keys/pem-by-kid';
import { codeOf, thrownBy } from '../support/errors';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { makeKey } from '../support/tokens';
import { waitFor } from '../support/wait';

const ours = makeKey('ES256', { kid: randomUUID() });
const next = makeKey('ES256', { kid: randomUUID() });
const SECOND = 1000;
const HOUR = 3600 * SECOND;

let server: KeyServer;
let now: number;
let source: KeySource;
beforeEach(async () => {
  server = await startKeyServer([ours.publicJwk]);
  now = 1_800_000_000_000;
  source = make();
});
afterEach(() => server.close());

const make = (): KeySource => pemByKidSource({ url: server.pemUrl, algorithms: ['ES256'], clock: () => now });
/** The kid of the key that is found, nothing, or the code of the error. */
const outcome = (kid: string): Promise<string | undefined> =>
  source.find(kid, 'ES256').then(
    (key) => key?.kid,
    (error: unknown) => (error as BatonError).code,
  );
const pem = makeKey('ES256').publicKey.export({ type: 'spki', format: 'pem' }) as string;

describe('what is never asked for', () => {
  it.each([
    ['a path', '../../latest/meta-data'],
    ['a UUID with a path behind it', `${ours.kid}/../x`],
    ['a UUID with a query', `${ours.kid}?x`],
    ['a UUID with a line break', `${ours.kid}\n`],
    ['a UUID in capitals', ours.kid.toUpperCase()],
    ['a UUID in braces', `{${ours.kid}}`],
    ['a percent-encoded UUID', ours.kid.replace('-', '%2d')],
    ['an address', 'http://evil.example/key'],
    ['nothing', ''],
    ['10 KB', 'a'.repeat(10_000)],
  ])('%s', async (_, kid) => {
    expect(await outcome(kid)).toBeUndefined();
    expect(server.fetches()).toBe(0);
  });

  it('an address that is not https', async () => {
    const url = 'http://public-keys.example.com';
    expect(await codeOf(() => pemByKidSource({ url, algorithms: ['ES256'] }))).toBe('option_invalid');
  });
});

describe('a flood of made-up keys', () => {
  /** 10,000 in 5 s, a hundred each 50 ms; gives how long `next` took from when it was published, in ms. */
  async function flood(repeats: number): Promise<{ delayMs: number | undefined; turns: number }> {
    let publishedAt: number | undefined;
    let delayMs: number | undefined;
    let turns = 0;
    for (let wave = 0; wave < 100; wave++, now += 50) {
      const madeUp = Array.from({ length: 100 / repeats }, () => randomUUID());
      const asked = Array.from({ length: repeats }, () => madeUp.map(outcome)).flat();
      expect(await outcome(ours.kid)).toBe(ours.kid);
      if (wave === 20) {
        server.keys = [...server.keys, next.publicJwk];
        publishedAt = now;
      }
      if (publishedAt !== undefined && delayMs === undefined) {
        turns++;
        if ((await outcome(next.kid)) === next.kid) delayMs = now - publishedAt;
      }
      await Promise.all(asked);
    }
    return { delayMs, turns };
  }

  it('causes ten fetches and two a second; a known key is not touched, a new one waits a second at most', async () => {
    expect(await outcome(ours.kid)).toBe(ours.kid);
    const { delayMs, turns } = await flood(1);
    expect(server.fetches()).toBeLessThanOrEqual(1 + 10 + 2 * 5);
    expect(delayMs).toBeLessThanOrEqual(1000);
    expect(turns).toBeGreaterThan(1);
  });

  it('is not served first where each made-up key is asked for twice', async () => {
    expect(await outcome(ours.kid)).toBe(ours.kid);
    const { delayMs } = await flood(2);
    expect(server.fetches()).toBeLessThanOrEqual(1 + 10 + 2 * 5);
    expect(delayMs).toBeLessThanOrEqual(1000);
  });

  it('answers "try again", not "wrong token", to whom it could not ask for', async () => {
    const asked = await Promise.all(Array.from({ length: 50 }, () => outcome(randomUUID())));
    expect(asked.filter((code) => code === undefined)).toHaveLength(10);
    expect(asked.filter((code) => code === 'keys_unavailable')).toHaveLength(40);
    expect(await thrownBy(() => source.find(next.kid, 'ES256'))).toMatchObject({ status: 503, retryAfterSeconds: 1 });
  });

  it('is over when it is over: what nobody asks for any more is not fetched', async () => {
    await Promise.all(Array.from({ length: 500 }, () => outcome(randomUUID())));
    now += 60 * SECOND;
    expect(await outcome(ours.kid)).toBe(ours.kid);
    expect(server.fetches()).toBe(11);
  });
});

describe('a key that is not there', () => {
  it('is asked for once in half a minute', async () => {
    for (const passed of [0, 10, 19, 2]) {
      now += passed * SECOND;
      expect(await outcome(next.kid)).toBeUndefined();
    }
    expect(server.fetches()).toBe(2);
    server.keys = [next.publicJwk];
    now += 31 * SECOND;
    expect(await outcome(next.kid)).toBe(next.kid);
  });

  it.each([400, 403, 404, 410])('is what the status %i says', async (status) => {
    server.answer = (response) => void response.writeHead(status).end(pem);
    expect(await outcome(ours.kid)).toBeUndefined();
  });
});

describe('answers that are not taken', () => {
  const answers: [string, (response: ServerResponse) => void][] = [
    ['503', (response) => response.writeHead(503).end()],
    ['429', (response) => response.writeHead(429).end()],
    ['407: a proxy that lets nobody through', (response) => response.writeHead(407).end()],
    ['401', (response) => response.writeHead(401).end()],
    ['a redirect', (response) => response.writeHead(302, { location: '/pem' }).end()],
    ['a page', (response) => response.end('<html>')],
    ['nothing', (response) => response.end()],
    ['a private key', (response) => response.end(ours.privateKey.export({ type: 'pkcs8', format: 'pem' }))],
    ['a damaged key', (response) => response.end(pem.replace(/[A-Za-z]{12}/, 'AAAAAAAAAAAA'))],
    ['two keys', (response) => response.end(pem + pem)],
    ['a key and a text', (response) => response.end(`${pem}x`)],
    ['more than 16 KiB', (response) => response.end(pem + ' '.repeat(16 * 1024))],
    ['a broken connection', (response) => response.destroy()],
  ];

  it.each(answers)('%s', async (_, answer) => {
    server.answer = answer;
    expect(await outcome(ours.kid)).toBe('keys_unavailable');
    server.answer = undefined;
    now += 60 * SECOND;
    expect(await outcome(ours.kid)).toBe(ours.kid);
  });

  it.each([
    ['of another type', 'RS256'],
    ['of another curve', 'ES384'],
  ])('a key %s is none', async (_, alg) => {
    server.keys = [makeKey(alg, { kid: ours.kid }).publicJwk];
    expect(await outcome(ours.kid)).toBeUndefined();
  });
});

describe('while the server is down', () => {
  it('it is asked again after a growing pause, however many keys are asked for', async () => {
    server.answer = (response) => void response.writeHead(503).end();
    const ask = async (): Promise<number> => {
      expect(await outcome(ours.kid)).toBe('keys_unavailable');
      return server.fetches();
    };
    let expected = 1;
    expect(await ask()).toBe(expected);
    for (const pause of [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      now += pause - 1;
      expect(await ask()).toBe(expected);
      now += 1;
      expect(await ask()).toBe(++expected);
    }
  });

  it('a known key serves for a day; then what it admitted is worth nothing', async () => {
    expect(await outcome(ours.kid)).toBe(ours.kid);
    const before = source.version();
    server.answer = (response) => void response.writeHead(503).end();
    for (const hours of [2, 12, 9.9]) {
      now += hours * HOUR;
      expect(await outcome(ours.kid)).toBe(ours.kid);
      expect(source.version()).toBe(before);
    }
    now += HOUR;
    expect(source.version()).not.toBe(before);
    expect(await outcome(ours.kid)).toBe('keys_unavailable');
  });
});

it('keys are fetched anew each hour, once, also where only their version is asked for', async () => {
  expect(await outcome(ours.kid)).toBe(ours.kid);
  now += HOUR - 1;
  source.version();
  expect(server.fetches()).toBe(1);
  now += 1;
  for (let turn = 0; turn < 100; turn++) source.version();
  await waitFor('the renewal', () => server.fetches() === 2);
  await waitFor('its end', async () => (await outcome(ours.kid)) === ours.kid);
  now += 30 * 60 * SECOND;
  source.version();
  expect(server.fetches()).toBe(2);
});

it('a hundred keys are held: the one that was not used for longest goes, and what it admitted', async () => {
  expect(await outcome(ours.kid)).toBe(ours.kid);
  const before = source.version();
  for (let n = 0; n < 100; n++, now += SECOND) {
    const other = { ...ours.publicJwk, kid: randomUUID() };
    server.keys = [other];
    expect(await outcome(other.kid)).toBe(other.kid);
  }
  expect(source.version()).toBe(before + 1);
});
