import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Algorithm } from '../../src/jws/algorithms';
import type { Jwk, KeySource } from '../../src/jws/keys';
import { keySourceAt, type KeyLocation } from '../../src/keys/source';
import { startAwsEndpoint, useAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint';
import { codeOf } from '../support/errors';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { makeKey } from '../support/tokens';
import { waitFor } from '../support/wait';

// UUIDs, because the sources of single keys take no other ID.
const kids = {
  ec: '7c9f1f52-0000-4000-8000-0000000000ec',
  rsa: '7c9f1f52-0000-4000-8000-000000000b5a',
  okp: '7c9f1f52-0000-4000-8000-0000000000ed',
};
const ec = makeKey('ES256', { kid: kids.ec });
const rsa = makeKey('RS256', { kid: kids.rsa });
const okp = makeKey('EdDSA', { kid: kids.okp });
const ecAnew = makeKey('ES256', { kid: kids.ec }).publicJwk;
const all = [ec.publicJwk, rsa.publicJwk, okp.publicJwk];

let server: KeyServer;
let aws: AwsEndpoint;
let folder: string;
let restore: () => void;
/** What the secret holds; undefined while Secrets Manager is down. */
let secret: string | undefined;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'baton-keys-'));
  aws = await startAwsEndpoint(() => {
    if (secret === undefined) throw new Error('down');
    return { SecretString: secret };
  });
  restore = useAwsEndpoint(aws.url);
});
beforeEach(async () => (server = await startKeyServer()));
afterEach(() => server.close());
afterAll(async () => {
  restore();
  rmSync(folder, { recursive: true });
  await aws.close();
});

const file = (): string => path.join(folder, 'jwks.json');
const serveByServer = (keys: readonly Jwk[] | undefined): void => {
  server.keys = keys ?? [];
  server.answer = keys ? undefined : (response) => void response.writeHead(503).end();
};

/** A place where keys can be: how they get there (undefined takes the place away) and how often it was asked. */
interface Place {
  readonly serve: (keys: readonly Jwk[] | undefined) => void;
  readonly location: () => KeyLocation;
  readonly asked?: () => number;
  /** Long enough for the source to look again. */
  readonly waitMs: number;
}

const MINUTE = 60_000;
const places: Record<string, Place> = {
  'a set by URL': {
    serve: serveByServer,
    location: () => ({ jwksUri: server.jwksUri }),
    asked: () => server.fetches(),
    waitMs: 11 * MINUTE,
  },
  'a set by discovery': {
    serve: serveByServer,
    location: () => ({ discover: server.issuer }),
    asked: () => server.hits.get('/jwks.json') ?? 0,
    waitMs: 11 * MINUTE,
  },
  'a set in a file': {
    serve: (keys) => {
      if (keys === undefined) return rmSync(file());
      writeFileSync(`${file()}.new`, JSON.stringify({ keys }));
      renameSync(`${file()}.new`, file());
    },
    location: () => ({ file: file() }),
    waitMs: 3000,
  },
  'a set in Secrets Manager': {
    serve: (keys) => {
      secret = keys && JSON.stringify({ keys });
      if (keys !== undefined) aws.calls.length = 0;
    },
    location: () => ({ secretId: 'app/keys' }),
    asked: () => aws.calls.length,
    waitMs: 11 * MINUTE,
  },
  'PEM by key ID': {
    serve: serveByServer,
    location: () => ({ pemUrl: server.pemUrl }),
    asked: () => server.fetches(),
    waitMs: 61 * MINUTE,
  },
};

type MakeSource = (keys: readonly Jwk[], algorithms: readonly Algorithm[], clock?: () => number) => KeySource;
const changing = Object.entries(places).map(([name, place]): [string, MakeSource, Place] => [
  name,
  (keys, algorithms, clock) => {
    place.serve(keys);
    return keySourceAt(place.location(), { algorithms, ...(clock && { clock }) });
  },
  place,
]);
const sources: [string, MakeSource][] = [
  ['a fixed set', (keys, algorithms) => keySourceAt({ jwks: { keys } }, { algorithms })],
  ...changing.map(([name, make]): [string, MakeSource] => [name, make]),
];

/** What every source of keys has to do, wherever its keys come from. */
describe.each(sources)('%s', (_, make) => {
  it.each([
    ['ec', 'ES256'],
    ['rsa', 'RS256'],
    ['okp', 'EdDSA'],
  ] as const)('finds the key %s for %s', async (name, algorithm) => {
    const found = await make(all, ['ES256', 'RS256', 'EdDSA']).find(kids[name], algorithm);
    expect(found).toMatchObject({ kid: kids[name], algorithm });
    expect(found?.key.type).toBe('public');
  });

  it('gives the same key to everybody who asks', async () => {
    const source = make(all, ['ES256', 'RS256', 'EdDSA']);
    const found = await Promise.all(Array.from({ length: 20 }, () => source.find(kids.ec, 'ES256')));
    expect(new Set(found).size).toBe(1);
  });

  it.each([
    [kids.rsa, 'ES256'],
    [kids.ec, 'RS256'],
    [kids.ec, 'ES384'],
    [kids.rsa, 'PS256'],
    [kids.ec.toUpperCase(), 'ES256'],
    ['', 'ES256'],
    [`ES256 ${kids.ec}`, 'ES256'],
    ['__proto__', 'ES256'],
    ['constructor', 'ES256'],
    [`../${kids.ec}`, 'ES256'],
  ] as const)('finds nothing for "%s" and %s', async (kid, algorithm) => {
    expect(await make(all, ['ES256', 'RS256', 'EdDSA']).find(kid, algorithm)).toBeUndefined();
  });

  it('finds nothing for an algorithm that is not accepted', async () => {
    const source = make([{ ...rsa.publicJwk, alg: undefined }], ['RS256']);
    expect(await source.find(kids.rsa, 'RS256')).toBeDefined();
    expect(await source.find(kids.rsa, 'RS384')).toBeUndefined();
  });

  it('never hands out a private key', async () => {
    const found = await make([ec.privateJwk], ['ES256']).find(kids.ec, 'ES256');
    expect(found?.key.type).toBe('public');
  });

  it('keeps its version while its keys are the same', async () => {
    const source = make([ec.publicJwk], ['ES256']);
    await source.find(kids.ec, 'ES256');
    const version = source.version();
    await source.find(kids.ec, 'ES256');
    expect(source.version()).toBe(version);
    expect(version).toBeGreaterThanOrEqual(0);
  });
});

/** What every source has to do whose keys can change while the app runs. */
describe.each(changing)('%s', (_, make, { serve, asked, waitMs }) => {
  let now: number;
  beforeEach(() => (now = 1_800_000_000_000));
  const start = async (keys: readonly Jwk[]): Promise<{ source: KeySource; before: number }> => {
    const source = make(keys, ['ES256'], () => now);
    expect(await source.find(kids.ec, 'ES256')).toBeDefined();
    return { source, before: source.version() };
  };
  const newVersion = (source: KeySource, before: number): Promise<boolean> =>
    waitFor('another version', () => source.version() !== before);

  // A file is read at the start, before anybody asks.
  if (asked !== undefined)
    it('asks once for 50 who come at once', async () => {
      const source = make(all, ['ES256'], () => now);
      const found = await Promise.all(Array.from({ length: 50 }, () => source.find(kids.ec, 'ES256')));
      expect(new Set(found.map((key) => key?.kid))).toEqual(new Set([kids.ec]));
      expect(asked()).toBe(1);
    });

  it('a withdrawn key stops working, and what it admitted does too', async () => {
    const { source, before } = await start([ec.publicJwk]);
    serve([]);
    now += waitMs;
    await newVersion(source, before);
    expect(await source.find(kids.ec, 'ES256')).toBeUndefined();
  });

  it('a key that was replaced under its ID is the new one, in another version', async () => {
    const { source, before } = await start([ec.publicJwk]);
    const old = await source.find(kids.ec, 'ES256');
    serve([ecAnew]);
    now += waitMs;
    await newVersion(source, before);
    const found = await source.find(kids.ec, 'ES256');
    expect(found).toBeDefined();
    expect(found?.key).not.toBe(old?.key);
  });

  it('a place that is down takes no known key away, and is used again when it is back', async () => {
    const { source, before } = await start([ec.publicJwk]);
    serve(undefined);
    now += waitMs;
    for (let turn = 0; turn < 20; turn++) {
      expect(source.version()).toBe(before);
      expect(await source.find(kids.ec, 'ES256')).toBeDefined();
      await new Promise((resolve) => setImmediate(resolve));
    }
    serve([ecAnew]);
    await waitFor('the new key', () => {
      now += MINUTE;
      return source.version() !== before;
    });
    expect(await source.find(kids.ec, 'ES256')).toBeDefined();
  });

  it('a clock that is set back keeps nobody from looking again', async () => {
    const { source, before } = await start([ec.publicJwk]);
    now -= 30 * 24 * 60 * MINUTE;
    expect(source.version()).toBe(before);
    serve([]);
    now += waitMs;
    await newVersion(source, before);
    expect(await source.find(kids.ec, 'ES256')).toBeUndefined();
  });

  it('an unknown key is no wrong token while the place is down', async () => {
    const { source } = await start([ec.publicJwk]);
    serve(undefined);
    now += waitMs;
    expect(await codeOf(() => source.find(kids.okp, 'ES256'))).toBe('keys_unavailable');
  });
});
