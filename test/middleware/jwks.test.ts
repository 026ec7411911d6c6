import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RequestHandler } from 'express';
import { keyRingText, newKeyRing, rotateKeyRing, type KeyRing } from '../../src/keys/key-ring';
import { keyFault, type Jwk } from '../../src/jws/keys';
import { publishedKeys } from '../../src/keys/published-keys';
import { ringSigner } from '../../src/keys/ring-signer';
import { jwks } from '../../src/middleware/jwks';
import { mintTransactionToken } from '../../src/token/transaction-token';
import { codeOf } from '../support/errors';
import { AUDIENCE, ISSUER, makeKey, NOW, travellingClaims } from '../support/tokens';
import { waitFor } from '../support/wait';
import { appWith, document, EXPRESSES, listen, memoryLog, policyOf, rawRequest, type RawAnswer } from './apps';

const MINUTE = 60_000;
const START = NOW * 1000;
const URL_PATH = '/.well-known/jwks.json';

let folder: string;
let ringFile: string;
let setFile: string;
let ring: KeyRing;
let now: number;
const clock = (): number => now;
beforeEach(async () => {
  now = START;
  folder = mkdtempSync(path.join(tmpdir(), 'baton-jwks-'));
  [ringFile, setFile] = [path.join(folder, 'ring.json'), path.join(folder, 'jwks.json')];
  ring = await newKeyRing(now);
  writeFileSync(ringFile, keyRingText(ring));
});
afterEach(() => rmSync(folder, { recursive: true }));

const replace = (file: string, text: string): void => {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};
let log = memoryLog();
beforeEach(() => (log = memoryLog()));
const kidsIn = ({ body }: RawAnswer): unknown[] =>
  (JSON.parse(body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

describe.each(EXPRESSES)('jwks() on %s', (_, express) => {
  const start = async (): Promise<number> => {
    const policy = policyOf({ routes: [{ path: URL_PATH, public: true }] });
    const handler = jwks({ ring: ringFile, clock, logger: log.logger }) as RequestHandler;
    const { app } = appWith(express, { policy, clock, routes: (routes) => routes.use(URL_PATH, handler) });
    return listen(app);
  };

  it('serves the public halves of a ring, to be kept for five minutes', async () => {
    const answer = await rawRequest(await start(), `GET ${URL_PATH}`);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' },
    });
    expect(kidsIn(answer)).toEqual([ring.keys[0]?.key.kid]);
    expect(answer.body).not.toContain(String(ring.keys[0]?.key.d));
    expect(answer.body).not.toContain('"d"');
  });

  it('answers 304 to whom has it, and HEAD without a body', async () => {
    const port = await start();
    const { headers } = await rawRequest(port, `GET ${URL_PATH}`);
    for (const tag of [headers.etag, `W/${headers.etag}`, `"other", ${headers.etag}`, '*']) {
      const answer = await rawRequest(port, `GET ${URL_PATH}`, [`If-None-Match: ${tag}`]);
      expect(answer).toMatchObject({ status: 304, body: '', headers: { etag: headers.etag } });
    }
    expect((await rawRequest(port, `GET ${URL_PATH}`, ['If-None-Match: "other"'])).status).toBe(200);
    const head = await rawRequest(port, `HEAD ${URL_PATH}`);
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': headers['content-length'] } });
  });

  it('takes GET and HEAD only', async () => {
    const answer = await rawRequest(await start(), `DELETE ${URL_PATH}`);
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('follows the ring, in its file and by the time, and keeps the last good one', async () => {
    const port = await start();
    const rotated = await rotateKeyRing(ring, now, { publishMs: 15 * MINUTE, tokenMs: 60 * MINUTE });
    const [first, second] = rotated.keys.map(({ key }) => key.kid);
    replace(ringFile, keyRingText(rotated));
    const look = async (): Promise<unknown[]> => {
      now += 2000;
      return kidsIn(await rawRequest(port, `GET ${URL_PATH}`));
    };
    await waitFor('the next key', async () => (await look()).length === 2);
    replace(ringFile, '{');
    expect(await look()).toEqual([first, second]);
    expect(await look()).toEqual([first, second]);
    await waitFor('the line that says so', () => log.of('key_renewal').length > 0);
    expect(log.of('key_renewal')).toMatchObject([{ level: 'warn', outcome: 'failing', source: ringFile }]);
    now += 80 * MINUTE;
    expect(await look()).toEqual([second]);
  });
});

describe('jwks()', () => {
  const withFile = (value: unknown): (() => unknown) => {
    return () => {
      writeFileSync(setFile, typeof value === 'string' ? value : JSON.stringify(value));
      return jwks({ file: setFile });
    };
  };

  it('serves a set from a file without what is private in it', async () => {
    const { privateJwk, publicJwk } = makeKey();
    writeFileSync(setFile, JSON.stringify({ keys: [privateJwk] }));
    const { app } = appWith(EXPRESSES[0]![1], {
      policy: policyOf({ routes: [{ path: '/{rest+}', public: true }] }),
      routes: (routes) => routes.use(jwks({ file: setFile }) as RequestHandler),
    });
    const { body } = await rawRequest(await listen(app), 'GET /keys');
    expect(JSON.parse(body)).toEqual({ keys: [publicJwk] });
  });

  it('does not make a key for something else one for signatures', async () => {
    const { publicJwk } = makeKey();
    const given = [
      { ...publicJwk, kid: 'enc', use: 'enc' },
      { ...publicJwk, kid: 'derive', use: undefined, key_ops: ['deriveBits'] },
      { ...publicJwk, kid: 'signs', use: undefined, key_ops: ['sign'] },
    ];
    writeFileSync(setFile, JSON.stringify({ keys: given }));
    const { body } = publishedKeys(setFile, clock)();
    const [enc, derive, signs] = (JSON.parse(body) as { keys: Jwk[] }).keys;
    expect([enc!, derive!, signs!].map((jwk) => keyFault(jwk, 'ES256') ?? 'none')).toEqual([
      'its use is not "sig"',
      'its operations (key_ops) do not include "verify"',
      'none',
    ]);
  });

  it.each<[string, string, () => unknown]>([
    ['no file', 'option_invalid', () => jwks({})],
    ['two files', 'option_invalid', () => jwks({ file: setFile, ring: ringFile })],
    ['a negative age', 'option_invalid', () => jwks({ ring: ringFile, maxAgeSeconds: -1 })],
    ['an unknown option', 'option_unknown', () => jwks({ path: setFile } as never)],
    ['a file that is not there', 'key_invalid', () => jwks({ file: path.join(folder, 'none') })],
    ['text', 'key_invalid', withFile('x')],
    ['an object', 'key_invalid', withFile({})],
    ['a key without ID', 'key_invalid', withFile({ keys: [{ ...makeKey().publicJwk, kid: undefined }] })],
    ['a shared secret', 'key_invalid', withFile({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a' }] })],
    ['a broken ring', 'key_invalid', withFile({ batonKeyRing: 1, keys: [] })],
  ])('does not start with %s', async (_, code, start) => {
    expect(await codeOf(start)).toBe(code);
  });
});

it('a rotation under load: no request fails, from the first key to the last token that it signed', async () => {
  const [, express] = EXPRESSES[0]!;
  const keyServer = express();
  keyServer.use(jwks({ ring: ringFile, clock }) as RequestHandler);
  const jwksUri = `http://127.0.0.1:${await listen(keyServer)}/`;
  const policy = policyOf({ edge: { ...document.edge, maxLifetimeSeconds: 3600, keys: { jwksUri } } });
  const port = await listen(appWith(express, { policy, clock }).app);
  const signer = ringSigner(ringFile, { clock });
  const terms = { issuer: ISSUER, audience: AUDIENCE, requestingWorkload: 'apigateway', lifetimeSeconds: 360 };
  const transaction = { ...travellingClaims, rctx: {} };
  const mint = (): Promise<string> => mintTransactionToken(transaction, terms, signer, Math.floor(now / 1000));
  const statusOf = async (token: string): Promise<number> =>
    (await rawRequest(port, 'GET /invoices/7', [`Txn-Token: ${token}`])).status;

  const first = ring.keys[0]?.key.kid;
  const leftover = await mintTransactionToken(transaction, { ...terms, lifetimeSeconds: 3600 }, signer, NOW + 20 * 60);
  const signedBy = new Set<string>();
  const statuses = new Set<number>();
  let tokens: { token: string; until: number }[] = [];
  // Two hours in half minutes; rotated after five minutes: signs after 20, the first is withdrawn after 35.
  for (let turn = 0; turn < 240; turn++, now += 30_000) {
    if (turn === 10) {
      ring = await rotateKeyRing(ring, now, { publishMs: 15 * MINUTE, tokenMs: 15 * MINUTE });
      replace(ringFile, keyRingText(ring));
    }
    tokens = tokens.filter(({ until }) => until > now);
    tokens.push({ token: await mint(), until: now + 360_000 });
    signedBy.add((await signer.current!()).keyId);
    for (const status of await Promise.all(tokens.map(({ token }) => statusOf(token)))) statuses.add(status);
    if (turn === 50) expect(await statusOf(leftover)).toBe(200);
    // What the first key signed is worth nothing now, whatever it says of its end.
    if (turn === 150) expect(await statusOf(leftover)).toBe(401);
  }
  expect([...signedBy]).toEqual([first, ring.keys[1]?.key.kid]);
  expect([...statuses]).toEqual([200]);
}, 60_000);
