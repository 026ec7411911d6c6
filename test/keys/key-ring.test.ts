import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { signerFromEnvironment } from '../../src/keys/environment-signer';
import {
  keyRingText,
  newKeyRing,
  phaseOf,
  publicKeySet,
  rotateKeyRing,
  signingKey,
  type KeyRing,
} from '../../src/keys/key-ring';
import { parseKeyRing } from '../../src/keys/key-ring-text';
import { ringSigner } from '../../src/keys/ring-signer';
import { codeOf, thrownBy } from '../support/errors';
import { makeKey } from '../support/tokens';
import { waitFor } from '../support/wait';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;
const HANDOVER = { publishMs: 15 * MINUTE, tokenMs: HOUR };

const phases = (ring: KeyRing, now: number): string[] => ring.keys.map((key) => phaseOf(key, ring, now));
const kidsOf = (ring: KeyRing, now: number): unknown[] => publicKeySet(ring, now).keys.map(({ kid }) => kid);

describe('a key ring', () => {
  let ring: KeyRing;
  beforeAll(async () => (ring = await newKeyRing(START)));

  it('begins with a key that signs at once', () => {
    expect(phases(ring, START)).toEqual(['signing']);
    expect(phases(ring, START + 1000 * HOUR)).toEqual(['signing']);
  });

  it('signs with its first key where a clock is behind', () => {
    expect(signingKey(ring, START - HOUR)).toBe(ring.keys[0]);
  });

  it('publishes a key before it signs and withdraws the one before after its last token', async () => {
    const rotated = await rotateKeyRing(ring, START, HANDOVER);
    const times: [number, string[]][] = [
      [0, ['signing', 'published']],
      [15 * MINUTE - 1, ['signing', 'published']],
      [15 * MINUTE, ['retired', 'signing']],
      [75 * MINUTE - 1, ['retired', 'signing']],
      [75 * MINUTE, ['withdrawn', 'signing']],
    ];
    for (const [passed, expected] of times) expect(phases(rotated, START + passed)).toEqual(expected);
    expect(kidsOf(rotated, START)).toHaveLength(2);
    expect(kidsOf(rotated, START + 2 * HOUR)).toEqual([rotated.keys[1]?.key.kid]);
  });

  it('drops withdrawn keys with the next rotation', async () => {
    const once = await rotateKeyRing(ring, START, HANDOVER);
    const twice = await rotateKeyRing(once, START + 3 * HOUR, HANDOVER);
    expect(twice.keys.map(({ key }) => key.kid)).toEqual([once.keys[1]?.key.kid, expect.any(String)]);
  });

  it('does not rotate while a key waits to sign, unless at once: then that one is gone', async () => {
    const once = await rotateKeyRing(ring, START, HANDOVER);
    expect(await codeOf(() => rotateKeyRing(once, START + MINUTE, HANDOVER))).toBe('key_invalid');
    const atOnce = await rotateKeyRing(once, START + MINUTE, { publishMs: 0, tokenMs: 0 });
    expect(atOnce.keys).toHaveLength(1);
    expect(kidsOf(atOnce, START + MINUTE)).not.toEqual(expect.arrayContaining(kidsOf(once, START)));
    expect(phases(atOnce, START + MINUTE)).toEqual(['signing']);
  });

  it('for another algorithm than new keys have is not rotated: a ring for two is refused by all who read it', async () => {
    const foreign = { keys: [{ ...ring.keys[0]!, key: makeKey('EdDSA').privateJwk }] };
    expect(await codeOf(() => rotateKeyRing(foreign, START, HANDOVER))).toBe('key_invalid');
  });

  it('is not rotated by a clock that is behind: the key before would take over from the new one', async () => {
    const rotating = rotateKeyRing(ring, START - HOUR, { publishMs: 0, tokenMs: HOUR });
    await expect(rotating).rejects.toMatchObject({ code: 'key_invalid', message: expect.stringContaining('behind') });
  });

  it('is the same after writing and reading, and shows nothing private', async () => {
    const rotated = await rotateKeyRing(ring, START, HANDOVER);
    expect(parseKeyRing(keyRingText(rotated))).toEqual(rotated);
    const text = JSON.stringify(publicKeySet(rotated, START));
    for (const { key } of rotated.keys) expect(text).not.toContain(String(key.d));
    expect(text).not.toContain('"d"');
  });

  const change = (edit: (document: { keys: Record<string, unknown>[] }) => unknown): (() => string) => {
    return () => JSON.stringify(edit(JSON.parse(keyRingText(ring)) as never));
  };
  const withMember = (members: object): (() => string) =>
    change((it) => ({ ...it, keys: [{ ...it.keys[0], ...members }] }));
  it.each<[string, () => string]>([
    ['text', () => 'x'],
    ['a JSON Web Key', () => JSON.stringify(makeKey().privateJwk)],
    ['another version', change((it) => ({ ...it, batonKeyRing: 2 }))],
    ['no keys', change((it) => ({ ...it, keys: [] }))],
    ['null for a key', change((it) => ({ ...it, keys: [null] }))],
    ['a key without its times', withMember({ signsFrom: undefined })],
    ['a time that is none', withMember({ publishedAt: 'soon' })],
    ['a key that signs before it is published', withMember({ signsFrom: '2020-01-01T00:00:00Z' })],
    ['an end of its last key', withMember({ withdrawnAt: '2099-01-01T00:00:00Z' })],
    ['a public key', withMember({ key: makeKey().publicJwk })],
    ['a key without ID', withMember({ key: { ...makeKey().privateJwk, kid: undefined } })],
    ['a key twice', change((it) => ({ ...it, keys: [it.keys[0], it.keys[0]] }))],
    [
      'keys for two algorithms',
      change((it) => ({ ...it, keys: [it.keys[0], { ...it.keys[0], key: makeKey('EdDSA').privateJwk }] })),
    ],
  ])('is refused with %s', async (_, text) => {
    const error = await thrownBy(() => parseKeyRing(text()));
    expect(error.code).toBe('key_invalid');
    expect(error.message).not.toContain(String(ring.keys[0]?.key.d));
  });
});

describe('ringSigner', () => {
  let folder: string;
  let file: string;
  let now: number;
  beforeEach(() => {
    now = START;
    folder = mkdtempSync(path.join(tmpdir(), 'baton-ring-'));
    file = path.join(folder, 'ring.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const kidOfRing = (ring: KeyRing, index: number): unknown => ring.keys[index]?.key.kid;

  it('changes its key by the time alone', async () => {
    const ring = await rotateKeyRing(await newKeyRing(START), START, HANDOVER);
    write(keyRingText(ring));
    const signer = ringSigner(file, { clock: () => now });
    expect(signer.keyId).toBe(kidOfRing(ring, 0));
    now += HANDOVER.publishMs;
    expect(signer.keyId).toBe(kidOfRing(ring, 1));
    expect((await signer.current!()).keyId).toBe(kidOfRing(ring, 1));
  });

  it('takes a rotated ring over while it runs, and no broken or foreign one', async () => {
    const ring = await newKeyRing(START);
    write(keyRingText(ring));
    const signer = ringSigner(file, { clock: () => now });
    const look = async (): Promise<string> => {
      now += 1000;
      return (await signer.current!()).keyId;
    };
    const okp = { ...ring, keys: ring.keys.map((key) => ({ ...key, key: makeKey('EdDSA').privateJwk })) };
    for (const bad of ['', 'x', keyRingText(okp), JSON.stringify(makeKey().privateJwk)]) {
      write(bad);
      for (let turn = 0; turn < 20; turn++) {
        expect(await look()).toBe(kidOfRing(ring, 0));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const rotated = await rotateKeyRing(ring, now, { publishMs: 0, tokenMs: HOUR });
    write(keyRingText(rotated));
    await waitFor('the new key', async () => (await look()) === kidOfRing(rotated, 1));
  });

  it('is what the environment gives where its file, or its text, is a ring', async () => {
    const ring = await newKeyRing(Date.now());
    write(keyRingText(ring));
    for (const env of [{ KEY_FILE: file }, { KEY: keyRingText(ring) }]) {
      expect(signerFromEnvironment('KEY', env)).toMatchObject({ algorithm: 'ES256', keyId: kidOfRing(ring, 0) });
    }
  });

  it('looks again though the clock was set back', async () => {
    write(keyRingText(await newKeyRing(START)));
    const signer = ringSigner(file, { clock: () => now });
    const other = await newKeyRing(START);
    write(keyRingText(other));
    now -= 1000 * HOUR;
    await signer.current!();
    await waitFor('the other ring', async () => {
      now += 1000;
      return (await signer.current!()).keyId === kidOfRing(other, 0);
    });
  });

  it.each([
    ['is not there', undefined],
    ['is no ring', '{}'],
    ['has a damaged key', 'damaged'],
  ])('does not start with a file that %s', async (_, text) => {
    const ring = await newKeyRing(START);
    if (text === 'damaged') write(keyRingText(ring).replace(/"d": "....../, '"d": "AAAAAA'));
    else if (text !== undefined) write(text);
    expect(await codeOf(() => ringSigner(file))).toBe('key_invalid');
  });
});
