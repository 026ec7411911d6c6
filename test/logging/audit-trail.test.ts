import { createHash, createHmac } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { currentContext, runInContext } from '../../src/context/storage';
import type { Identity } from '../../src/core/identity';
import type { AuditEvent } from '../../src/core/logger';
import { jwkSigner } from '../../src/jws/sign';
import type { AuditCheckpoint } from '../../src/logging/audit-checkpoints';
import { environmentTrail } from '../../src/logging/audit-environment';
import type { AuditTrailOptions } from '../../src/logging/audit-trail';
import { verifyAuditFiles } from '../../src/logging/audit-verify';
import { sinksOf } from '../../src/logging/sinks';
import { auditFolder, clock, eventOf, type AuditFields, type AuditFolder } from '../support/audit-files';
import { thrownBy } from '../support/errors';
import { recordingLogger } from '../support/recording-logger';
import { makeKey, NOW, transactionToken } from '../support/tokens';
import { waitFor } from '../support/wait';

let folder: AuditFolder;
beforeEach(() => (folder = auditFolder()));
afterEach(async () => {
  jest.restoreAllMocks();
  await folder.remove();
});

const access = (more: object = {}): AuditEvent => ({ event: 'access', outcome: 'allowed', ...more });
const lastOf = (lines: readonly AuditFields[]): AuditFields => lines.at(-1)!;

describe('a line', () => {
  it('holds the hash of itself without that member, and that of the line before', () => {
    const trail = folder.trail();
    for (let i = 0; i < 20; i++) trail.record(eventOf(i));
    const lines = readFileSync(trail.path, 'utf8').split('\n').slice(0, -1);
    expect(lines).toHaveLength(21);
    let before = 'A'.repeat(43);
    lines.forEach((text, seq) => {
      const { hash, ...rest } = JSON.parse(text) as AuditFields;
      // As anybody would check it who knows docs/audit.md and nothing of this code.
      expect(hash).toBe(createHash('sha256').update(JSON.stringify(rest)).digest('base64url'));
      expect([rest.seq, rest.prev, rest.timestamp]).toEqual([seq, before, new Date(NOW * 1000).toISOString()]);
      before = String(hash);
    });
  });

  it('is in the file when record() returns', () => {
    const trail = folder.trail();
    for (let i = 0; i < 50; i++) {
      trail.record(eventOf(i));
      expect(lastOf(folder.lines())).toMatchObject({ type: 'audit', ...eventOf(i) });
    }
  });

  it('keeps its own members, whatever an event brings', () => {
    folder.trail().record(access({ seq: 99, prev: 'x', hash: 'x', timestamp: 'x', type: 'x' }));
    expect(lastOf(folder.lines())).toMatchObject({ seq: 1, type: 'audit', hash: expect.stringMatching(/^[\w-]{43}$/) });
  });

  it.each<[string, object, object]>([
    ['a token', { detail: transactionToken(makeKey()) }, { detail: '[redacted]' }],
    ['a password', { password: 'hush' }, { password: '[redacted]' }],
    ['a name', { name: 'Ada Lovelace' }, { name: '[personal]' }],
    ['an address', { clientAddress: '203.0.113.7' }, { clientAddress: '[personal]' }],
    [
      'an identity',
      { user: { subject: 'entra:1', name: 'Ada', clientAddress: '::1', kind: 'user' } },
      { user: { subject: 'entra:1', name: '[personal]', clientAddress: '[personal]', kind: 'user' } },
    ],
    ['a mail address in a path', { path: '/u/ada@example.com/x' }, { path: '/u/[personal]/x' }],
    ['one that is percent-encoded', { path: '/u/ada%40example.com' }, { path: '/u/[personal]' }],
    ['one with letters of other languages', { path: "/u/jörg.o'neill@bücher.de/x" }, { path: '/u/[personal]/x' }],
    ['one of those, percent-encoded', { path: '/u/j%C3%B6rg%40b%C3%BCcher.de/x' }, { path: '/u/[personal]/x' }],
    ['a mail address as subject', { subject: 'oidc:ada@example.com' }, { subject: 'oidc:ada@example.com' }],
    ['names that are none', { function: 'render', hostname: 'x' }, { function: 'render', hostname: 'x' }],
    ['a list', { users: [{ email: 'a@b.c' }, 1] }, { users: [{ email: '[personal]' }, 1] }],
  ])('shows of %s what it may', (_name, fields, shown) => {
    folder.trail().record(access(fields));
    expect(lastOf(folder.lines())).toMatchObject(shown);
  });

  it('keeps personal data where it is told to, and tokens out all the same', () => {
    folder.trail({ personalData: 'kept' }).record(access({ name: 'Ada', path: '/u/a@b.c', token: 'hush' }));
    expect(lastOf(folder.lines())).toMatchObject({ name: 'Ada', path: '/u/a@b.c', token: '[redacted]' });
  });

  it('is right whatever an event brings', async () => {
    const trail = folder.trail();
    const hostile = { toJSON: () => 'x', ['__proto__']: 1, 'a\nb': '\u2028\u001b[2K\r\n{"seq":1}', lone: '\ud800' };
    const unreadable = {
      get subject(): string {
        throw new Error('no');
      },
    };
    trail.record(access(Object.assign(JSON.parse('{"__proto__":{"x":1}}') as object, hostile)));
    trail.record(Object.defineProperties(access(), Object.getOwnPropertyDescriptors(unreadable)));
    await trail.close();
    expect(await verifyAuditFiles(folder.files())).toMatchObject({ ok: true, files: [{ lines: 4 }] });
    expect(folder.lines()[2]).toMatchObject({ event: 'access', outcome: 'allowed' });
  });

  it('takes no longer for a path that is all but a mail address', () => {
    const trail = folder.trail();
    const started = performance.now();
    for (const part of ['a', 'ü', '%41', 'a@', 'a@b.', '%40', '@.'])
      trail.record(access({ path: `@${part.repeat(50_000)}` }));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('that would be longer than 1 MiB keeps what says most', () => {
    folder.trail().record(access({ subject: 'entra:1', note: 'é'.repeat(600_000), deep: { x: 'y'.repeat(9e5) } }));
    expect(lastOf(folder.lines())).toMatchObject({ subject: 'entra:1', note: 'é'.repeat(1024), cutOff: true });
    expect(lastOf(folder.lines())).not.toHaveProperty('deep');
  });
});

describe('subjects', () => {
  const hashKey = 'k'.repeat(32);
  const hmac = (subject: string): string =>
    `hmac-sha256:${createHmac('sha256', hashKey).update(subject).digest('base64url')}`;
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
  });

  it('become keyed hashes, the same for the same caller, acting or not', () => {
    const trail = folder.trail({ subjects: 'hashed', hashKey });
    trail.record(access({ subject: 'entra:ada', actor: 'copilot', user: { subject: 'entra:ada' } }));
    trail.record(access({ subject: 'copilot' }));
    expect(folder.lines().slice(1)).toMatchObject([
      { subject: hmac('entra:ada'), actor: hmac('copilot'), user: { subject: hmac('entra:ada') } },
      { subject: hmac('copilot') },
    ]);
    expect(readFileSync(trail.path, 'utf8')).not.toMatch(/ada|copilot/);
  });

  it.each<[string, () => Partial<AuditTrailOptions>, string]>([
    ['a key of the environment', () => ((process.env.BATON_SUBJECT_HASH_KEY = hashKey), {}), hmac('entra:ada')],
    ['plain, said so', () => ((process.env.BATON_SUBJECT_HASH_KEY = hashKey), { subjects: 'plain' }), 'entra:ada'],
    [
      'a key in a file',
      () => {
        const file = join(folder.path, 'hash.key');
        fs.writeFileSync(file, `${hashKey}\n`);
        process.env.BATON_SUBJECT_HASH_KEY_FILE = file;
        return {};
      },
      hmac('entra:ada'),
    ],
    ['a key as option', () => ({ hashKey: Buffer.from(hashKey) }), hmac('entra:ada')],
    ['nothing', () => ({}), 'entra:ada'],
  ])('with %s are shown as told', (_name, options, shown) => {
    folder.trail(options()).record(access({ subject: 'entra:ada' }));
    expect(lastOf(folder.lines()).subject).toBe(shown);
  });
});

it('a hash key of bytes that are no text is refused: read as text it could be guessed', async () => {
  const file = join(folder.path, 'hash.bin');
  fs.writeFileSync(file, Buffer.alloc(32, 0xfd));
  process.env.BATON_SUBJECT_HASH_KEY_FILE = file;
  try {
    expect(await thrownBy(() => folder.trail())).toMatchObject({
      code: 'key_invalid',
      message: expect.stringMatching(/is no text/),
    });
  } finally {
    delete process.env.BATON_SUBJECT_HASH_KEY_FILE;
  }
});

describe('files', () => {
  it('are named after process and chain, and the first line says whose they are', () => {
    const trail = folder.trail();
    const [opening] = folder.lines();
    const { chain } = opening as { chain: string };
    const start = new Date(NOW * 1000).toISOString().replace(/[-:.]/g, '');
    expect(basename(trail.path)).toBe(`audit.${start}-${process.pid}-${chain.slice(0, 8)}.0001.jsonl`);
    expect(opening).toMatchObject({ type: 'audit_chain', part: 1, host: hostname(), pid: process.pid, follows: [] });
  });

  it('are found again where the name has no extension', async () => {
    const file = join(folder.path, 'audit');
    await folder.trail({ file }).close();
    const { path } = folder.trail({ file, clock: () => clock() + 1000 });
    expect(basename(path)).toMatch(/^audit\.\d{8}T\d{9}Z-\d+-[\da-f]{8}\.0001$/);
    expect(folder.lines(path)[0]!.follows).toHaveLength(1);
  });

  it('of two trails in one folder never meet', () => {
    const trails = [folder.trail(), folder.trail()];
    for (let i = 0; i < 20; i++) trails[i % 2]!.record(eventOf(i));
    expect(folder.files().map((file) => folder.lines(file).length)).toEqual([11, 11]);
  });

  it('follow each other by size; the next one goes on in the chain and names the last hash', () => {
    const trail = folder.trail({ maxBytes: 4096 });
    for (let i = 0; i < 100; i++) trail.record(eventOf(i));
    const files = folder.files();
    expect(files.length).toBeGreaterThan(5);
    for (const file of files.slice(0, -1)) expect(statSync(file).size).toBeLessThan(4096 + 1024);
    files.slice(1).forEach((file, index) => {
      const { seq, hash } = lastOf(folder.lines(files[index]));
      expect(folder.lines(file)[0]).toMatchObject({
        part: index + 2,
        seq: Number(seq) + 1,
        prev: hash,
        follows: [{ file: basename(files[index]!), seq, hash }],
      });
    });
    expect(folder.lines().map(({ seq }) => seq)).toEqual(folder.lines().map((_, index) => index));
  });

  it('of earlier processes are named where a chain begins, half lines too', async () => {
    const first = folder.trail({ logger: recordingLogger() });
    first.record(eventOf(1));
    await first.close();
    const { seq, hash, chain } = { ...folder.lines()[0], ...lastOf(folder.lines()) };
    const file = openSync(first.path, 'a');
    writeSync(file, '{"seq":7,"times');
    closeSync(file);
    const second = folder.trail({ clock: () => clock() + 1000 });
    expect(folder.lines(second.path)[0]!.follows).toEqual([
      { file: basename(first.path), chain, seq, hash, halfLine: true },
    ]);
  });
});

describe('checkpoints', () => {
  const key = makeKey();
  const signer = jwkSigner(key.privateJwk);
  const claimsOf = (jws: unknown): AuditFields =>
    JSON.parse(Buffer.from(String(jws).split('.')[1]!, 'base64url').toString()) as AuditFields;

  it('are taken after so many lines, signed, shipped and logged', async () => {
    const shipped: AuditCheckpoint[] = [];
    const logger = recordingLogger();
    const trail = folder.trail({ signer, checkpointEvery: 10, onCheckpoint: (one) => shipped.push(one), logger });
    await waitFor('the checkpoint of the opening', () => shipped.length === 1);
    for (let i = 0; i < 10; i++) trail.record(eventOf(i));
    await waitFor('the second checkpoint', () => shipped.length === 2);
    const lines = folder.lines();
    const written = lines.filter(({ type }) => type === 'audit_checkpoint');
    expect(written.map(({ jws }) => jws)).toEqual(shipped.map(({ jws }) => jws));
    for (const { jws, chain, seq, hash } of shipped) {
      expect(claimsOf(jws)).toEqual({ chain, seq, hash, iat: NOW });
      expect(lines.find((line) => line.seq === seq)?.hash).toBe(hash);
    }
    expect(logger.ofType('audit_checkpoint').map(({ seq }) => seq)).toEqual(shipped.map(({ seq }) => seq));
    expect(logger.handed.join()).not.toContain(String(shipped[0]!.jws).split('.')[2]);
  });

  it('are taken some time after a line, and not again while nothing happens', async () => {
    const seqs: number[] = [];
    const trail = folder.trail({ signer, checkpointSeconds: 1, onCheckpoint: ({ seq }) => seqs.push(seq) });
    await waitFor('the checkpoint of the opening', () => seqs.length === 1);
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      trail.record(eventOf(1));
      await jest.advanceTimersByTimeAsync(999);
      expect(seqs).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(1);
      while (seqs.length < 2) await new Promise(setImmediate);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
    expect(lastOf(folder.lines())).toMatchObject({ type: 'audit_checkpoint', seq: seqs[1]! + 1 });
  });

  it('that fail are logged and tried again after the time, not at once', async () => {
    const logger = recordingLogger();
    let broken = true;
    const sign: typeof signer.sign = (data) => (broken ? Promise.reject(new Error('KMS is away')) : signer.sign(data));
    const failures = (): number => logger.lines.filter(({ level }) => level === 'error').length;
    const trail = folder.trail({ signer: { ...signer, sign }, logger, checkpointEvery: 1, checkpointSeconds: 1 });
    await waitFor('the failure', () => failures() === 1);
    trail.record(eventOf(1));
    await waitFor('the second failure', () => failures() === 2);
    broken = false;
    const line = await waitFor('the next try', () => folder.lines().find(({ type }) => type === 'audit_checkpoint'));
    expect([claimsOf(line.jws).seq, failures()]).toEqual([1, 2]);
  });

  it.each([
    ['after so many lines', { checkpointEvery: 2 }],
    ['some time after a line', { checkpointSeconds: 1 }],
  ])('taken %s are nobody’s, and not of the request that wrote the line', async (_when, options) => {
    const logger = recordingLogger();
    const callers: unknown[] = [];
    const trail = folder.trail({ logger, ...options, onCheckpoint: () => callers.push(currentContext()) });
    await waitFor('the checkpoint of the opening', () => callers.length === 1);
    const context = { correlationId: 'gw-1', user: { subject: 'entra:ada' } as Identity };
    runInContext({ context, logger, audit: trail }, () => {
      trail.record(eventOf(1));
      trail.record(eventOf(2));
    });
    await waitFor('the checkpoint', () => callers.length === 2);
    expect(callers).toEqual([undefined, undefined]);
    for (const line of logger.ofType('audit_checkpoint')) expect(line).not.toHaveProperty('correlationId');
  });

  it('one at a time, and each caller gets one of its own', async () => {
    const trail = folder.trail({ signer });
    const all = await Promise.all(Array.from({ length: 5 }, () => trail.checkpoint()));
    expect(new Set(all.map(({ seq }) => seq)).size).toBe(5);
  });

  it('end a trail that is closed, with a last line', async () => {
    const seqs: number[] = [];
    const trail = folder.trail({ signer, onCheckpoint: ({ seq }) => seqs.push(seq) });
    trail.record(eventOf(1));
    await Promise.all([trail.close(), trail.close()]);
    const types = folder.lines().map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['audit_checkpoint', 'audit_end']);
    expect(seqs.at(-1)).toBe(types.length - 1);
  });
});

it('lines that come while a trail is being closed stand before its last line, or are lost', async () => {
  const logger = recordingLogger();
  const trail = folder.trail({ signer: jwkSigner(makeKey().privateJwk), checkpointEvery: 2, logger });
  trail.record(eventOf(1));
  let closed = false;
  const closing = trail.close().then(() => (closed = true));
  for (let i = 2; !closed; i++) {
    trail.record(eventOf(i));
    await new Promise(setImmediate);
  }
  await closing;
  const types = folder.lines().map(({ type }) => type);
  expect([types.indexOf('audit_end'), types.at(-1)]).toEqual([types.length - 1, 'audit_end']);
});

describe('while the file cannot be written', () => {
  const full = (): never => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  /** A disk that takes the beginning of a line and no more. */
  const takesHalf = (fd: number, text: unknown): number => realWrite(fd, String(text).slice(0, 20));
  const realWrite = fs.writeSync as (fd: number, text: string) => number;

  it.each([
    ['nothing', full, 'ENOSPC: the disk is full'],
    ['half a line', takesHalf, /^Only 20 of \d+ bytes were written\.$/],
  ])(
    'and the disk takes %s, requests go on, and the trail says later how many lines are lost',
    async (_name, write, why) => {
      const logger = recordingLogger();
      const trail = folder.trail({ logger });
      await trail.checkpoint();
      trail.record(eventOf(1));
      const spy = jest.spyOn(fs, 'writeSync').mockImplementation(write);
      for (let i = 2; i < 5; i++) trail.record(eventOf(i));
      spy.mockRestore();
      trail.record(eventOf(5));
      expect(folder.lines().slice(1)).toMatchObject([
        { seq: 1, correlationId: 'c-1' },
        { seq: 2, type: 'audit_lost', lost: 3 },
        { seq: 3, correlationId: 'c-5' },
      ]);
      const [told, ...more] = logger.ofType('audit_lost');
      expect(more).toEqual([]);
      expect(/^Audit lines are being lost \((.*)\)$/.exec(String(told!.message))?.[1]).toEqual(
        typeof why === 'string' ? why : expect.stringMatching(why),
      );
    },
  );

  it('refuses instead, where it is told to', async () => {
    const trail = folder.trail({ whenUnwritable: 'refuse', logger: recordingLogger() });
    const spy = jest.spyOn(fs, 'writeSync').mockImplementation(full);
    const thrown = await thrownBy(() => trail.record(eventOf(1)));
    spy.mockRestore();
    expect([thrown.code, thrown.status]).toEqual(['audit_unwritable', 503]);
    expect(() => trail.record(eventOf(2))).not.toThrow();
  });

  it('a closed trail loses lines and says so', async () => {
    const logger = recordingLogger();
    const trail = folder.trail({ logger });
    await trail.close();
    trail.record(eventOf(1));
    expect(logger.ofType('audit_lost')).toMatchObject([{ level: 'error' }]);
    expect(folder.files()).toHaveLength(1);
  });

  it.each([
    ['a line', 2, 4096],
    ['the first line of the next file', 40, 4096],
  ])('and %s cannot be brought to the disk, the chain goes on without it', async (_name, count, maxBytes) => {
    const trail = folder.trail({ logger: recordingLogger(), fsync: 'line', maxBytes });
    for (let i = 1; statSync(trail.path).size < maxBytes && i < count; i++) trail.record(eventOf(i));
    const before = folder.lines().length;
    const spy = jest.spyOn(fs, 'fsyncSync').mockImplementation(full);
    trail.record(eventOf(1000));
    spy.mockRestore();
    expect(folder.lines()).toHaveLength(before);
    trail.record(eventOf(1001));
    await trail.close();
    expect((await verifyAuditFiles(folder.files())).files.map(({ fault }) => fault)).toEqual(
      folder.files().map(() => undefined),
    );
    expect(folder.lines()).toContainEqual(expect.objectContaining({ type: 'audit_lost', lost: 1 }));
  });

  it('and the beginning of the next file cannot be taken away either, lines go on once it can', async () => {
    const trail = folder.trail({ logger: recordingLogger(), maxBytes: 4096 });
    while (statSync(trail.path).size < 4096) trail.record(eventOf(1));
    const spies = [
      jest.spyOn(fs, 'writeSync').mockImplementation(full),
      jest.spyOn(fs, 'unlinkSync').mockImplementation(full),
    ];
    for (let i = 0; i < 2; i++) trail.record(eventOf(2));
    for (const spy of spies) spy.mockRestore();
    trail.record(eventOf(3));
    await trail.close();
    expect(folder.lines(folder.files()[1])).toMatchObject([
      { type: 'audit_chain', part: 2 },
      { type: 'audit_lost', lost: 2 },
      { correlationId: 'c-3' },
      { type: 'audit_end' },
    ]);
    expect(await verifyAuditFiles(folder.files())).toMatchObject({ ok: true });
  });

  it('half a line that cannot be taken back is left behind in its file', () => {
    const trail = folder.trail({ logger: recordingLogger() });
    const first = trail.path;
    const spies = [
      jest.spyOn(fs, 'writeSync').mockImplementation(takesHalf),
      jest.spyOn(fs, 'ftruncateSync').mockImplementation(full),
    ];
    trail.record(eventOf(1));
    for (const spy of spies) spy.mockRestore();
    trail.record(eventOf(2));
    expect(folder.lines(trail.path)).toMatchObject([
      { type: 'audit_chain', part: 2, seq: 1, follows: [{ file: basename(first), seq: 0, halfLine: true }] },
      { type: 'audit_lost', lost: 1 },
      { correlationId: 'c-2' },
    ]);
  });
});

describe('createAuditTrail() refuses', () => {
  it.each<[string, object, string]>([
    ['an unknown option', { flie: 'x' }, 'option_unknown'],
    ['a file that is none', { file: '' }, 'option_invalid'],
    ['a folder that cannot be made', { file: join(__filename, 'audit.jsonl') }, 'option_invalid'],
    ['a checkpoint after no line', { checkpointEvery: 0 }, 'option_invalid'],
    ['a checkpoint after no time', { checkpointSeconds: 0 }, 'option_invalid'],
    ['files of no size', { maxBytes: 10 }, 'option_invalid'],
    ['another fsync', { fsync: 'always' }, 'option_invalid'],
    ['another behaviour', { whenUnwritable: 'stop' }, 'option_invalid'],
    ['another form of subjects', { subjects: 'hash' }, 'option_invalid'],
    ['personal data in another way', { personalData: true }, 'option_invalid'],
    ['hashes without a key', { subjects: 'hashed' }, 'key_invalid'],
    ['a key that is short', { hashKey: 'k'.repeat(31) }, 'key_invalid'],
  ])('%s', async (_name, options, code) => {
    expect((await thrownBy(() => folder.trail(options as Partial<AuditTrailOptions>))).code).toBe(code);
  });
});

describe('BATON_AUDIT_FILE', () => {
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
  });

  it('makes one trail for the process, signed with the key of the environment, with the request in each line', async () => {
    const key = makeKey();
    const logger = recordingLogger();
    expect(environmentTrail(logger)).toBeUndefined();
    Object.assign(process.env, { BATON_AUDIT_FILE: folder.file, BATON_AUDIT_KEY: JSON.stringify(key.privateJwk) });
    const sinks = [1, 2].map(() => sinksOf({ logger }, () => logger, environmentTrail));
    const context = { correlationId: 'gw-1', user: { subject: 'entra:ada' } as Identity };
    for (const { audit } of sinks) runInContext({ context, ...sinks[0]! }, () => audit.record(access()));
    const trail = environmentTrail(logger)!;
    await trail.close();
    expect(folder.files()).toEqual([trail.path]);
    const lines = folder.lines();
    expect(lines.filter(({ type }) => type === 'audit')).toMatchObject([
      { correlationId: 'gw-1', subject: 'entra:ada' },
      { correlationId: 'gw-1', subject: 'entra:ada' },
    ]);
    expect(lines.some(({ type }) => type === 'audit_checkpoint')).toBe(true);
    expect(logger.ofType('audit')).toEqual([]);
  });

  it('gives way to an audit sink that is handed in', () => {
    process.env.BATON_AUDIT_FILE = join(folder.path, 'unused.jsonl');
    const given: AuditEvent[] = [];
    const logger = recordingLogger();
    const { audit } = sinksOf(
      { logger, audit: { record: (event) => given.push(event) } },
      () => logger,
      environmentTrail,
    );
    audit.record(access());
    expect([given.length, folder.files().length]).toEqual([1, 0]);
  });
});

describe('while it writes, a file', () => {
  it.each<[string, (file: string) => void, number]>([
    ['removed', rmSync, 2],
    ['changed', (file) => fs.appendFileSync(file, 'x'), 1],
  ])('that is %s is noticed with the next checkpoint', async (what, disturb, part) => {
    const logger = recordingLogger();
    const trail = folder.trail({ logger });
    await trail.checkpoint();
    disturb(trail.path);
    await trail.checkpoint();
    expect(logger.ofType('audit_checkpoint').map(({ message }) => message)).toContain(
      `The audit file was ${what} by somebody else`,
    );
    trail.record(eventOf(1));
    expect(trail.path).toContain(`.000${part}.jsonl`);
  });
});
