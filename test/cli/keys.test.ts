import type { KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseKeyRing } from '../../src/keys/key-ring-text';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { BATON, temporaryFolder } from '../support/example';
import { itOnPosix, runNode } from '../support/processes';
import { makeKey } from '../support/tokens';

let folder: string;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => rmSync(folder, { recursive: true }));

const keys = (...args: string[]) => runNode([BATON, 'keys', ...args], { cwd: folder });
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const kidsIn = (text: string): unknown[] =>
  (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
const ringKids = (): unknown[] => parseKeyRing(read('ring.json')).keys.map(({ key }) => key.kid);

it('create, rotate, jwks and status, from the first key to the next', async () => {
  const created = await keys('create', 'ring.json', '--jwks', 'jwks.json');
  expect({ exit: created.exit, stderr: created.stderr }).toEqual({ exit: 0, stderr: '' });
  const [first] = ringKids();
  expect(created.stdout).toMatch(new RegExp(`^signing +${String(first)} +published .*Z, signs from .*Z\n$`));
  expect(kidsIn(read('jwks.json'))).toEqual([first]);

  const rotated = await keys('rotate', 'ring.json', '--jwks', 'jwks.json', '--publish-seconds', '600');
  expect(rotated.exit).toBe(0);
  const [, second] = ringKids();
  expect(kidsIn(read('jwks.json'))).toEqual([first, second]);
  const { keys: entries } = parseKeyRing(read('ring.json'));
  expect(entries[1]!.signsFrom - entries[1]!.publishedAt).toBe(600_000);
  expect(entries[0]!.withdrawnAt! - entries[1]!.signsFrom).toBe(3_900_000);

  const status = await keys('status', 'ring.json');
  expect(status.stdout).toMatch(
    new RegExp(`^signing +${String(first)} .*withdrawn .*\npublished +${String(second)} .*\n$`),
  );
  const printed = await keys('jwks', 'ring.json');
  expect(printed.stdout).toBe(read('jwks.json'));
  for (const text of [created, rotated, status, printed].map(({ stdout, stderr }) => stdout + stderr)) {
    for (const { key } of entries) expect(text).not.toContain(String(key.d));
  }
  expect(read('jwks.json')).not.toContain('"d"');
  expect(readdirSync(folder).sort()).toEqual(['jwks.json', 'ring.json']);
});

it('two rotations at a time end in one ring, and in its own key set', async () => {
  await keys('create', 'ring.json', '--jwks', 'jwks.json');
  const both = await Promise.all([1, 2].map(() => keys('rotate', 'ring.json', '--jwks', 'jwks.json')));
  expect(both.map(({ exit }) => exit).sort()).toEqual([0, 1]);
  expect(kidsIn(read('jwks.json'))).toEqual(ringKids());
  expect(readdirSync(folder).sort()).toEqual(['jwks.json', 'ring.json']);
});

it('a rotation that was cut off is said to be one, and nothing is changed', async () => {
  await keys('create', 'ring.json');
  const before = read('ring.json');
  writeFileSync(path.join(folder, 'ring.json.lock'), '');
  const { exit, stderr } = await keys('rotate', 'ring.json');
  expect({ exit, text: read('ring.json') }).toEqual({ exit: 1, text: before });
  expect(stderr).toMatch(/ring\.json\.lock cannot be made: it exists\..*delete it and try again/);
  expect(readdirSync(folder).sort()).toEqual(['ring.json', 'ring.json.lock']);
});

itOnPosix('nothing is published where the ring cannot be written', async () => {
  mkdirSync(path.join(folder, 'closed'));
  await keys('create', 'closed/ring.json', '--jwks', 'jwks.json');
  const before = read('jwks.json');
  // The disk is full when the draft of the ring is made; the lock had room.
  const rotating = path.join(folder, 'closed', 'ring.json');
  const code = `const fs = require('fs');
    const { openSync } = fs;
    fs.openSync = (path, ...more) => {
      if (/ring\\.json\\..*tmp$/.test(path)) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      return openSync(path, ...more);
    };
    process.argv = [process.argv[0], 'baton', 'keys', 'rotate', ${JSON.stringify(rotating)}, '--jwks', 'jwks.json'];
    require(${JSON.stringify(BATON)});`;
  const { exit, stderr } = await runNode(['-e', code], { cwd: folder });
  expect(stderr).toMatch(/ring\.json cannot be written \(ENOSPC/);
  expect({ exit, published: read('jwks.json') }).toEqual({ exit: 1, published: before });
});

it('a key that leaked is gone at once', async () => {
  await keys('create', 'ring.json');
  const [leaked] = ringKids();
  const { exit, stdout } = await keys('rotate', 'ring.json', '--publish-seconds', '0', '--token-seconds', '0');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^signing [^\n]*\n$/);
  expect(ringKids()).not.toContain(leaked);
});

itOnPosix('the ring is for its owner alone, also after a rotation, and the public set for everybody', async () => {
  const modeOf = (name: string): string => (statSync(path.join(folder, name)).mode & 0o777).toString(8);
  await keys('create', 'ring.json', '--jwks', 'jwks.json');
  expect(modeOf('ring.json')).toBe('600');
  await keys('rotate', 'ring.json', '--jwks', 'jwks.json');
  expect([modeOf('ring.json'), modeOf('jwks.json')]).toEqual(['600', '644']);
});

describe('baton keys kms', () => {
  const { publicKey, publicJwk } = makeKey('ES256', { kid: 'gateway-1' });
  const kms = async (key: KeyObject): Promise<Awaited<ReturnType<typeof keys>>> => {
    const der = key.export({ type: 'spki', format: 'der' });
    const aws = await startAwsEndpoint(() => ({ PublicKey: der.toString('base64') }));
    const env = { AWS_ENDPOINT_URL: aws.url, AWS_REGION: 'x', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
    try {
      return await runNode([BATON, 'keys', 'kms', 'alias/gateway', '--kid', 'gateway-1'], { cwd: folder, env });
    } finally {
      await aws.close();
    }
  };

  it('prints the public half as a key set', async () => {
    const { exit, stdout } = await kms(publicKey);
    expect({ exit, set: JSON.parse(stdout) as unknown }).toEqual({ exit: 0, set: { keys: [publicJwk] } });
  });

  it('refuses a key that cannot sign ES256', async () => {
    const { exit, stdout, stderr } = await kms(makeKey('ES384').publicKey);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
    expect(stderr).toContain('The key alias/gateway in AWS KMS cannot sign ES256: its curve is not P-256.');
  });
});

describe('what is refused leaves the ring as it is', () => {
  it.each<[string[], number, RegExp]>([
    [['create', 'ring.json'], 1, /ring\.json cannot be made \(EEXIST/],
    [['rotate', 'none.json'], 1, /none\.json cannot be read/],
    [['rotate', 'ring.json', '--jwks', 'none/jwks.json'], 1, /none\/jwks\.json cannot be written/],
    [['rotate', 'ring.json', '--token-seconds', '1.5'], 2, /--token-seconds must be a whole number/],
    [['rotate', 'ring.json', '--publish-seconds', 'soon'], 2, /--publish-seconds must be a whole number/],
    [['rotat', 'ring.json'], 2, /"rotat" is not known here; did you mean "rotate"/],
    [['jwks', 'ring.json', '--jwks', './ring.json'], 2, /--jwks names the ring itself/],
    [['kms', 'alias/gateway'], 2, /give one with --kid/],
    [['status', 'ring.json', '--publish-seconds', '9'], 2, /status has no option --publish-seconds/],
    [['rotate'], 2, /The <ring> is missing/],
    [['status', 'jwks.json'], 1, /no key ring/],
  ])('baton keys %j', async (args, code, words) => {
    await keys('create', 'ring.json', '--jwks', 'jwks.json');
    const before = read('ring.json');
    const { exit, stdout, stderr } = await keys(...args);
    expect({ exit, stdout }).toEqual({ exit: code, stdout: '' });
    expect(stderr).toMatch(words);
    expect(read('ring.json')).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(['jwks.json', 'ring.json']);
  });

  it('a rotation while the next key waits', async () => {
    await keys('create', 'ring.json');
    await keys('rotate', 'ring.json');
    const before = read('ring.json');
    const { exit, stderr } = await keys('rotate', 'ring.json');
    expect(exit).toBe(1);
    expect(stderr).toMatch(/its next key is published and signs from .*Z; wait until then/);
    expect(read('ring.json')).toBe(before);
  });
});
