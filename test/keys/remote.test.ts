import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { KeySource } from '../../src/jws/keys';
import { keySourceAt, type KeyLocation } from '../../src/keys/source';
import { codeOf, thrownBy } from '../support/errors';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { makeKey } from '../support/tokens';

const one = makeKey('ES256', { kid: 'one' }).publicJwk;
const two = makeKey('ES256', { kid: 'two' }).publicJwk;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let server: KeyServer;
let now: number;
beforeEach(async () => {
  server = await startKeyServer([one]);
  now = 1_800_000_000_000;
});
afterEach(() => server.close());

const remote = (location: KeyLocation = { jwksUri: server.jwksUri }): KeySource =>
  keySourceAt(location, { algorithms: ['ES256'], clock: () => now });
const kidOf = async (source: KeySource, kid: string): Promise<string | undefined> =>
  (await source.find(kid, 'ES256'))?.kid;
const down = (response: ServerResponse): void => void response.writeHead(503).end();

/** Resolves when the server has been asked `count` times and the answer has been worked in. */
async function fetched(source: KeySource, count: number, kid: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (server.fetches() < count || (await kidOf(source, kid).catch(() => undefined)) === undefined) {
    if (Date.now() > deadline) throw new Error(`There were ${server.fetches()} fetches, not ${count}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('how often the server is asked', () => {
  it('not before a key is needed', () => {
    remote();
    expect(server.fetches()).toBe(0);
  });

  it('once for 50 who come at once, and not again for those after them', async () => {
    const source = remote();
    const found = await Promise.all(Array.from({ length: 50 }, () => kidOf(source, 'one')));
    expect(new Set(found)).toEqual(new Set(['one']));
    expect(server.fetches()).toBe(1);
    now += 9 * MINUTE;
    await kidOf(source, 'one');
    expect(server.fetches()).toBe(1);
  });

  it('once a window for 10,000 unknown keys', async () => {
    const source = remote();
    await kidOf(source, 'one');
    now += 2 * SECOND;
    for (let round = 0; round < 100; round++) {
      const kids = Array.from({ length: 100 }, (_, n) => `unknown-${round}-${n}`);
      const found = await Promise.all(kids.map((kid) => kidOf(source, kid)));
      expect(found.every((kid) => kid === undefined)).toBe(true);
    }
    expect(server.fetches()).toBe(2);
    now += 2 * SECOND;
    await kidOf(source, 'unknown');
    expect(server.fetches()).toBe(3);
    expect(await kidOf(source, 'one')).toBe('one');
  });

  it('once for 50 who come at once while it is down, and again only after a growing pause', async () => {
    server.answer = down;
    const source = remote();
    const ask = async (): Promise<number> => {
      const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(() => source.find('one', 'ES256'))));
      expect(new Set(codes)).toEqual(new Set(['keys_unavailable']));
      return server.fetches();
    };
    const pauses = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    let expected = 1;
    expect(await ask()).toBe(expected);
    for (const pause of pauses) {
      now += pause - 1;
      expect(await ask()).toBe(expected);
      now += 1;
      expect(await ask()).toBe(++expected);
    }
    server.answer = undefined;
    now += 60_000;
    expect(await kidOf(source, 'one')).toBe('one');
    server.answer = down;
    now += 2 * SECOND;
    expect(await codeOf(() => source.find('x', 'ES256'))).toBe('keys_unavailable');
    // The pause is short again, but not shorter than the window for unknown keys.
    for (const [passed, fetches] of [
      [500, 2],
      [1000, 3],
    ] as const) {
      now += passed;
      expect(await codeOf(() => source.find('x', 'ES256'))).toBe('keys_unavailable');
      expect(server.fetches()).toBe(expected + fetches);
    }
  });
});

describe('keys that change', () => {
  it('a new key is found, also in the middle of a flood of unknown ones', async () => {
    const source = remote();
    await kidOf(source, 'one');
    now += 2 * SECOND;
    await kidOf(source, 'bogus');
    server.keys = [one, two];
    expect(await kidOf(source, 'two')).toBeUndefined();
    now += 1500;
    expect(await Promise.all([kidOf(source, 'bogus'), kidOf(source, 'two')])).toEqual([undefined, 'two']);
    expect(server.fetches()).toBe(3);
  });

  it('a rotation is accepted within 2 s of a flood of 10,000 made-up keys, at one fetch a window', async () => {
    const source = remote();
    await kidOf(source, 'one');
    const [startedAt, waves] = [(now += 10 * SECOND), 100];
    let acceptedAt: number | undefined;
    for (let wave = 0; wave < waves; wave++, now += 50) {
      if (wave === 20) server.keys = [one, two];
      const flood = Array.from({ length: 100 }, (_, n) => kidOf(source, `made-up-${wave}-${n}`));
      const [known, rotated] = await Promise.all([kidOf(source, 'one'), kidOf(source, 'two'), ...flood]);
      expect(known).toBe('one');
      if (rotated !== undefined) acceptedAt ??= now;
    }
    expect(acceptedAt).toBeLessThanOrEqual(startedAt + 20 * 50 + 2 * SECOND);
    // The first, and one in each 1.5 s of the 5 s that the flood took.
    expect(server.fetches()).toBeLessThanOrEqual(1 + Math.ceil((waves * 50) / 1500));
  });

  it('a withdrawn key is refused after the renewal', async () => {
    const source = remote();
    await kidOf(source, 'one');
    server.keys = [two];
    now += 11 * MINUTE;
    expect(await kidOf(source, 'one')).toBe('one');
    await fetched(source, 2, 'two');
    expect(await kidOf(source, 'one')).toBeUndefined();
  });

  it('a key that was replaced under its ID is the new one after the renewal', async () => {
    const source = remote();
    const before = await source.find('one', 'ES256');
    server.keys = [{ ...two, kid: 'one' }, { ...two }];
    now += 2 * SECOND;
    expect(await kidOf(source, 'two')).toBe('two');
    expect((await source.find('one', 'ES256'))?.key).not.toBe(before?.key);
  });

  it('an empty set takes every key away', async () => {
    const source = remote();
    await kidOf(source, 'one');
    server.keys = [];
    now += 2 * SECOND;
    await kidOf(source, 'two');
    expect(await kidOf(source, 'one')).toBeUndefined();
  });
});

describe('while the server is down', () => {
  it('known keys serve for a day, and not longer', async () => {
    const source = remote();
    await kidOf(source, 'one');
    server.answer = down;
    for (const hours of [1, 12, 23.9]) {
      now = 1_800_000_000_000 + hours * HOUR;
      expect(await kidOf(source, 'one')).toBe('one');
    }
    now = 1_800_000_000_000 + 24 * HOUR + 1;
    expect(await codeOf(() => source.find('one', 'ES256'))).toBe('keys_unavailable');
    server.answer = undefined;
    now += MINUTE;
    expect(await kidOf(source, 'one')).toBe('one');
  });

  it('an unknown key is no wrong token: it may be a new one', async () => {
    const source = remote();
    await kidOf(source, 'one');
    server.answer = down;
    now += 2 * SECOND;
    expect(await thrownBy(() => source.find('two', 'ES256'))).toMatchObject({
      code: 'keys_unavailable',
      status: 503,
      retryAfterSeconds: 5,
    });
    expect(await kidOf(source, 'one')).toBe('one');
  });
});

describe('answers that are not taken', () => {
  const answers: [string, (response: ServerResponse) => void][] = [
    ['503', down],
    ['404', (response) => response.writeHead(404).end('{"keys":[]}')],
    ['204', (response) => response.writeHead(204).end()],
    ['a redirect', (response) => response.writeHead(302, { location: server.jwksUri }).end()],
    ['a page', (response) => response.end('<html>')],
    ['nothing', (response) => response.end()],
    ['a list', (response) => response.end('[]')],
    ['null', (response) => response.end('null')],
    ['an object without keys', (response) => response.end('{}')],
    ['keys that are no list', (response) => response.end('{"keys":{}}')],
    ['101 keys', (response) => response.end(JSON.stringify({ keys: Array(101).fill(one) }))],
    ['more than 256 KiB', (response) => response.end(JSON.stringify({ keys: [one], x: 'x'.repeat(256 * 1024) }))],
    ['a broken connection', (response) => response.destroy()],
    [
      'half an answer',
      (response) => response.writeHead(200, { 'content-length': 500 }).write('{"keys":[', () => response.destroy()),
    ],
  ];

  it.each(answers)('%s', async (_, answer) => {
    server.answer = answer;
    const source = remote();
    const error = await thrownBy(() => source.find('one', 'ES256'));
    expect(error).toMatchObject({ code: 'keys_unavailable', retryAfterSeconds: 5 });
    expect(error.message).toContain('/jwks.json');
    expect(server.fetches()).toBe(1);
    // And a good answer afterwards is.
    server.answer = undefined;
    now += MINUTE;
    expect(await kidOf(source, 'one')).toBe('one');
  });

  it('what is no JSON is not quoted: it may be a private key', async () => {
    server.answer = (response) => response.end('{"d":s3cret');
    const error = await thrownBy(() => remote().find('one', 'ES256'));
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
  });

  it('100 keys are not too many', async () => {
    server.keys = [...Array.from({ length: 99 }, (_, n) => ({ ...two, kid: `k${n}` })), one];
    expect(await kidOf(remote(), 'one')).toBe('one');
  });

  it('a body without end is cut off', async () => {
    let written = 0;
    const closed = new Promise<void>((resolve) => {
      server.answer = (response) => {
        const more = (): void => {
          for (let free = true; free && !response.destroyed; written += 65_536)
            free = response.write(' '.repeat(65_536));
        };
        response.on('drain', more).on('close', resolve);
        more();
      };
    });
    expect(await codeOf(() => remote().find('one', 'ES256'))).toBe('keys_unavailable');
    await closed;
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('discovery', () => {
  const discover = (): KeySource => remote({ discover: server.issuer });

  it('is done once, and again where the key set has moved', async () => {
    const source = discover();
    expect(await kidOf(source, 'one')).toBe('one');
    now += 2 * SECOND;
    await kidOf(source, 'x');
    expect([...server.hits.values()]).toEqual([1, 2]);
    server.metadata = { issuer: server.issuer, jwks_uri: `${server.issuer}/moved.json` };
    server.answer = (response, path) =>
      path === '/jwks.json'
        ? down(response)
        : void response.end(JSON.stringify(path === '/moved.json' ? { keys: [two] } : server.metadata));
    now += 2 * SECOND;
    expect(await codeOf(() => source.find('two', 'ES256'))).toBe('keys_unavailable');
    now += 2 * SECOND;
    expect(await kidOf(source, 'two')).toBe('two');
  });

  it.each([
    ['another issuer', { issuer: 'https://evil.example' }],
    ['its issuer with a slash more', { issuer: 'SLASH' }],
    ['no issuer', { issuer: undefined }],
    ['a list of issuers', { issuer: ['ISSUER'] }],
    ['no key set', { jwks_uri: undefined }],
    ['a key set that is no text', { jwks_uri: 7 }],
    ['a key set that is no URL', { jwks_uri: 'jwks.json' }],
    ['a key set over http', { jwks_uri: 'http://keys.example.com/jwks.json' }],
    ['a key set in a file', { jwks_uri: 'file:///etc/passwd' }],
  ])('refuses metadata with %s, and asks nobody else', async (_, members) => {
    const text = JSON.stringify({ ...server.metadata, ...members });
    server.metadata = JSON.parse(text.replace('SLASH', `${server.issuer}/`).replace('"ISSUER"', `"${server.issuer}"`));
    const error = await thrownBy(() => discover().find('one', 'ES256'));
    expect(error).toMatchObject({ code: 'keys_unavailable', status: 503, retryAfterSeconds: 5 });
    expect([...server.hits.keys()]).toEqual(['/.well-known/openid-configuration']);
  });

  it('is done again each hour: an issuer that moved may leave its old set where it was', async () => {
    const source = discover();
    await kidOf(source, 'one');
    server.metadata = { issuer: server.issuer, jwks_uri: `${server.issuer}/moved.json` };
    server.answer = (response, path) =>
      void response.end(
        JSON.stringify(path.startsWith('/.well') ? server.metadata : { keys: [path === '/moved.json' ? two : one] }),
      );
    now += 59 * MINUTE;
    expect(await kidOf(source, 'two')).toBeUndefined();
    now += 2 * MINUTE;
    expect(await kidOf(source, 'two')).toBe('two');
  });

  it('that fails then changes nothing while the old set answers', async () => {
    const source = discover();
    await kidOf(source, 'one');
    server.metadata = { issuer: 'https://evil.example', jwks_uri: server.jwksUri };
    server.keys = [one, two];
    now += 61 * MINUTE;
    expect(await kidOf(source, 'two')).toBe('two');
  });

  it('leads from https to no http, not even on this machine', async () => {
    const asked: string[] = [];
    const issuer = 'https://login.example.com';
    const fetch = async ({ href }: URL): Promise<Response> => {
      asked.push(href);
      return Response.json({ issuer, jwks_uri: server.jwksUri });
    };
    const source = keySourceAt({ discover: issuer }, { algorithms: ['ES256'], fetch });
    expect(await codeOf(() => source.find('one', 'ES256'))).toBe('keys_unavailable');
    expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`]);
  });

  it('appends to the path of an issuer', async () => {
    await codeOf(() => remote({ discover: `${server.issuer}/tenant/v2.0/` }).find('one', 'ES256'));
    await codeOf(() => remote({ discover: `${server.issuer}/tenant/v2.0` }).find('one', 'ES256'));
    expect([...server.hits]).toEqual([['/tenant/v2.0/.well-known/openid-configuration', 2]]);
  });
});

describe('where keys may be', () => {
  it.each([
    { jwksUri: 'http://keys.example.com/jwks.json' },
    { jwksUri: 'http://169.254.169.254/latest' },
    { jwksUri: 'file:///etc/keys.json' },
    { jwksUri: 'keys.json' },
    { jwksUri: '' },
    { discover: 'http://login.example.com' },
    { discover: 'entra' },
    { jwksUri: 'https://ada:s3cretpassword@keys.example.com/' },
    { pemUrl: 'https://s3cretpassword@keys.example.com/' },
  ])('not %j', async (location) => {
    const error = await thrownBy(() => remote(location));
    expect(error.code).toBe('option_invalid');
    expect(error.message).not.toContain('s3cret');
  });
});

it('keys of two issuers with the same ID do not meet', async () => {
  const elsewhere = await startKeyServer([{ ...two, kid: 'one' }]);
  const ours = await remote().find('one', 'ES256');
  const theirs = await remote({ jwksUri: elsewhere.jwksUri }).find('one', 'ES256');
  await elsewhere.close();
  const exported = [ours, theirs].map((it) => it!.key.export({ format: 'jwk' }));
  expect(exported.map(({ x }) => x)).toEqual([one.x, two.x]);
});
