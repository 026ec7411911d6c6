import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase, type OutboxDatabase } from '../../../src/offload/outbox/database';
import type { SqliteEngine } from '../../../src/sqlite/database';
import { clockBehindMs, insertWork } from '../../../src/offload/outbox/insert';
import { countWork, dropWork, listWork, retryDead } from '../../../src/offload/outbox/keeping';
import {
  forgetDelivered,
  isAnyDue,
  leaseWork,
  LEASE_MS,
  markDead,
  markDelivered,
  markFailed,
} from '../../../src/offload/outbox/leases';
import type { WaitingWork } from '../../../src/offload/outbox/work';
import { OutboxWriter } from '../../../src/offload/outbox/writer';
import { codeOf, thrownBy } from '../../support/errors';
import { temporaryFolder } from '../../support/example';
import { itWithNode24, NODE_24 } from '../../support/node-24';
import { itOnPosix, runNode } from '../../support/processes';
import { NOW } from '../../support/tokens';
import { makeWork } from './support/rows';

const hasOwn = process.getBuiltinModule('node:sqlite') !== undefined;
const engines: readonly SqliteEngine[] = hasOwn ? ['libsql', 'node:sqlite'] : ['libsql'];

// Node 20 has no SQLite of its own: the same file is run by one that has.
if (!hasOwn) {
  itWithNode24(
    'the suite passes on a Node with node:sqlite',
    async () => {
      const jest = path.join(__dirname, '..', '..', '..', 'node_modules', 'jest', 'bin', 'jest.js');
      const args = [jest, '--runInBand', '--testTimeout=20000', __filename];
      const { exit, stderr } = await runNode(args, { command: NODE_24 ?? 'node' }, 60_000);
      expect(stderr).toMatch(/node:sqlite/);
      expect({ exit, failed: /[1-9]\d* failed/.exec(stderr)?.[0] }).toEqual({ exit: 0, failed: undefined });
    },
    60_000,
  );
}

describe.each(engines)('the outbox on %s', (engine) => {
  const now = NOW * 1000;
  const limits = { maxPieces: 1000, maxBytes: 10_000_000 };
  let folder: string;
  let file: string;
  let database: OutboxDatabase;
  let writer: OutboxWriter;

  const open = (): OutboxDatabase => {
    database = openDatabase(file, engine);
    writer = new OutboxWriter(database);
    return database;
  };
  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder, 'outbox.db');
    open();
  });
  afterEach(async () => {
    await writer.close();
    try {
      database.close();
    } catch {
      // The test has closed it.
    }
    rmSync(folder, { recursive: true });
  });

  const put = (changes: Partial<WaitingWork> = {}, within = limits): Promise<{ id: string; isKnown: boolean }> =>
    writer.write(insertWork(makeWork(changes), within));
  const lease = async (owner = 'me', at = now, except: readonly string[] = []): Promise<string[]> => {
    const request = { owner, now: at, limit: 100, exceptFunctions: except };
    const expected = isAnyDue(database, request);
    const taken = await writer.write(leaseWork(request));
    expect(taken.length > 0).toBe(expected);
    return taken.map(({ idempotencyKey }) => idempotencyKey);
  };
  const keys = (): string[] => listWork(database, { limit: 5000 }).map(({ idempotencyKey }) => idempotencyKey);

  it('is that engine, writes ahead, and is on disk with each commit', () => {
    expect(database.engine).toBe(engine);
    expect(Object.values(database.all('PRAGMA journal_mode')[0]!)).toContain('wal');
    expect(Object.values(database.all('PRAGMA synchronous')[0]!)[0]).toBe(2);
  });

  it('is opened also while another process holds it', () => {
    database.exec('BEGIN IMMEDIATE');
    const another = openDatabase(file, engine);
    expect(listWork(another, { limit: 1 })).toEqual([]);
    another.close();
    database.exec('ROLLBACK');
  });

  itOnPosix('is for nobody else to read', async () => {
    await put();
    expect(['', '-wal', '-shm'].map((end) => statSync(file + end).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  });

  it('keeps every value as it was', async () => {
    const work = makeWork({ orderingKey: 'k', payload: '"ü\u2028\\u0000"', trace: '{"traceId":"x"}', notBefore: now });
    await writer.write(insertWork(work, limits));
    const [taken] = await writer.write(leaseWork({ owner: 'me', now, limit: 1, exceptFunctions: [] }));
    expect(taken).toEqual({ ...work, attempts: 0 });
  });

  it('knows the same key of the same caller, and of no other', async () => {
    const first = await put({ idempotencyKey: 'a' });
    expect(await put({ idempotencyKey: 'a' })).toMatchObject({ id: first.id, isKnown: true });
    expect(await put({ idempotencyKey: 'a', caller: '["entra:other"]' })).toMatchObject({ isKnown: false });
    expect(await put({ idempotencyKey: 'a', function: 'other' })).toMatchObject({ isKnown: false });
    expect(await codeOf(() => put({ idempotencyKey: 'a', payloadSha256: 'another' }))).toBe('idempotency_conflict');
    expect(keys()).toEqual(['a', 'a', 'a']);
  });

  it('commits what comes at once together, and refuses each piece on its own', async () => {
    const commits = jest.spyOn(database, 'exec');
    const all = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => put({ idempotencyKey: `k${i % 199}`, payloadSha256: `${i}` })),
    );
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(commits.mock.calls.filter(([sql]) => sql === 'COMMIT').length).toBeLessThan(5);
    expect(keys()).toEqual(Array.from({ length: 199 }, (_, i) => `k${i}`));
  });

  it.each([
    ['pieces', { maxPieces: 2 }],
    ['bytes', { maxBytes: 20 }],
  ])('is full when it holds as many %s as it may, until one is gone', async (reason, few) => {
    const within = { ...limits, ...few };
    const { id } = await put({}, within);
    await put({}, within);
    expect(await thrownBy(() => put({}, within))).toMatchObject({ code: 'outbox_full', reason, status: 503 });
    await lease();
    await writer.write(markDelivered(id, 'me', now));
    expect(await put({}, within)).toMatchObject({ isKnown: false });
  });

  it('gives each piece to one owner, oldest first, and to another when the lease has run out', async () => {
    for (const key of ['a', 'b']) await put({ idempotencyKey: key });
    expect(await lease('one')).toEqual(['a', 'b']);
    expect(await lease('two')).toEqual([]);
    expect(await lease('two', now + LEASE_MS - 1)).toEqual([]);
    expect(await lease('two', now + LEASE_MS)).toEqual(['a', 'b']);
  });

  it('keeps the order of a key, and lets nothing else wait for it', async () => {
    const first = await put({ idempotencyKey: 'a1', orderingKey: 'a' });
    for (const key of ['a2', 'b1', 'a3']) await put({ idempotencyKey: key, orderingKey: key[0]! });
    await put({ idempotencyKey: 'other', orderingKey: 'a', function: 'other' });
    expect(await lease()).toEqual(['a1', 'b1', 'other']);
    expect(await lease()).toEqual([]);
    await writer.write(markFailed(first.id, 'me', 'function_failed', now + 50));
    expect(await lease()).toEqual([]);
    expect(await lease('me', now + 50)).toEqual(['a1']);
    await writer.write(markDead(first.id, 'me', 'token_invalid', now));
    expect(await lease('me', now + 50)).toEqual(['a2']);
  });

  it('gives nothing before its time, and nothing for functions that are left alone', async () => {
    await put({ idempotencyKey: 'later', notBefore: now + 1000 });
    await put({ idempotencyKey: 'paused', function: 'paused' });
    expect(await lease('me', now, ['paused'])).toEqual([]);
    expect(await lease('me', now)).toEqual(['paused']);
    expect(await lease('me', now + 1000)).toEqual(['later']);
  });

  it('leaves nothing lying when the clock was set back by an hour', async () => {
    const { id } = await put({ idempotencyKey: 'leased' });
    const failed = await put({ idempotencyKey: 'failed' });
    await lease('gone');
    await writer.write(markFailed(failed.id, 'gone', 'function_failed', now + 30_000));
    const earlier = now - 3_600_000;
    expect(clockBehindMs(database, earlier)).toBe(3_600_000);
    expect(await lease('me', earlier)).toEqual(['leased', 'failed']);
    expect(await writer.write(markDelivered(id, 'gone', earlier))).toBe(false);
    expect(await put({ idempotencyKey: 'new', leftAt: earlier })).toMatchObject({ isKnown: false });
  });

  it('keeps of what was delivered the key alone, for its time', async () => {
    const { id } = await put({ idempotencyKey: 'a', payload: '"secret"', seal: 'seal' });
    await lease();
    expect(await writer.write(markDelivered(id, 'another', now))).toBe(false);
    expect(await writer.write(markDelivered(id, 'me', now))).toBe(true);
    const [row] = database.all('SELECT * FROM work');
    expect(JSON.stringify(row)).not.toMatch(/secret|"seal":"s/);
    expect(countWork(database)).toEqual({ waiting: 0, dead: 0, delivered: 1, bytes: 0 });
    expect(await put({ idempotencyKey: 'a' })).toMatchObject({ id, isKnown: true });
    await writer.write(forgetDelivered(now));
    expect(await put({ idempotencyKey: 'a' })).toMatchObject({ isKnown: true });
    await writer.write(forgetDelivered(now + 1));
    expect(await put({ idempotencyKey: 'a' })).toMatchObject({ isKnown: false });
  });

  it('has dead work delivered after all, or drops it', async () => {
    const { id } = await put({ idempotencyKey: 'a', deadline: now + 1000 });
    expect(await writer.write(retryDead(id, now))).toBe('not_dead');
    await lease();
    await writer.write(markDead(id, 'me', 'permission_denied', now));
    expect(listWork(database, { limit: 1 })).toMatchObject([{ state: 'dead', code: 'permission_denied', attempts: 1 }]);
    expect(await writer.write(retryDead(id, now + 1000))).toBe('work_expired');
    expect(await writer.write(retryDead(id, now))).toBe('done');
    expect(await lease()).toEqual(['a']);
    expect(await writer.write(dropWork(id))).toBe('done');
    expect([await writer.write(dropWork(id)), await writer.write(retryDead(id, now))]).toEqual([
      'not_found',
      'not_found',
    ]);
    expect(countWork(database)).toEqual({ waiting: 0, dead: 0, delivered: 0, bytes: 0 });
  });

  it('waits for another process that writes', async () => {
    const other = openDatabase(file, engine);
    other.exec('BEGIN IMMEDIATE');
    const written = put({ idempotencyKey: 'a' });
    await delay(60);
    expect(keys()).toEqual([]);
    other.exec('COMMIT');
    other.close();
    expect(await written).toMatchObject({ isKnown: false });
  });

  it('says that the disk is full, keeps what it had, and takes in what finds room', async () => {
    await put({ idempotencyKey: 'before' });
    const [{ pages }] = database.all('SELECT page_count AS pages FROM pragma_page_count') as [{ pages: number }];
    database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const large = put({ idempotencyKey: 'large', payload: 'x'.repeat(50_000) });
    const small = put({ idempotencyKey: 'small' });
    expect(await thrownBy(() => large)).toMatchObject({ code: 'outbox_full', reason: 'disk' });
    expect(await small).toMatchObject({ isKnown: false });
    database.exec(`PRAGMA max_page_count = ${pages + 1000}`);
    await put({ idempotencyKey: 'after' });
    expect(keys()).toEqual(['before', 'small', 'after']);
  });

  it('refuses a damaged file, changes nothing in it, and has lost nothing when it is whole again', async () => {
    for (let i = 0; i < 50; i++) await put({ idempotencyKey: `k${i}`, payload: 'x'.repeat(500) });
    await writer.close();
    database.close();
    const whole = readFileSync(file);
    const damages: readonly (readonly [string, Buffer])[] = [
      ['not a database', Buffer.concat([Buffer.from('not a database at all'), whole.subarray(21)])],
      ['holes in the middle', Buffer.from(whole).fill(0xee, 4096 * 3, 4096 * 5)],
      ['cut off', whole.subarray(0, 4096 * 4)],
    ];
    for (const [name, bytes] of damages) {
      writeFileSync(file, bytes);
      for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
      expect([name, await codeOf(() => openDatabase(file, engine))]).toEqual([name, 'outbox_damaged']);
      expect([name, readFileSync(file).equals(bytes)]).toEqual([name, true]);
    }
    writeFileSync(file, whole);
    open();
    expect(keys()).toHaveLength(50);
    expect(await lease()).toHaveLength(50);
  });

  it('says that the file is damaged when that happens while it is open, and takes nothing in that would be lost', async () => {
    for (let i = 0; i < 50; i++) await put({ payload: 'x'.repeat(500) });
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.from(whole).fill(0xee, 4096), { flag: 'r+' });
    const other = new OutboxWriter(database);
    database.exec('PRAGMA cache_size = 0');
    expect(await codeOf(() => other.write(insertWork(makeWork(), limits)))).toBe('outbox_damaged');
    writeFileSync(file, whole, { flag: 'r+' });
  });

  it('leaves files alone that are no outbox, or a newer one', async () => {
    for (const change of ['user_version = 99', 'application_id = 7']) {
      const other = path.join(folder, `${change}.db`);
      const made = openDatabase(other, engine);
      made.exec(`PRAGMA ${change}`);
      made.close();
      expect([change, await codeOf(() => openDatabase(other, engine))]).toEqual([change, 'option_invalid']);
    }
  });

  it.each([
    ['no folder', '/nowhere/outbox.db', 'outbox_unavailable'],
    ['a share', '\\\\server\\share\\outbox.db', 'option_invalid'],
    ['no name', '', 'option_invalid'],
  ])('cannot be at %s', async (_what, place, code) => {
    expect(await codeOf(() => openDatabase(place, engine))).toBe(code);
  });

  it('takes nothing more when it is closed, and has written what it took', async () => {
    const last = put({ idempotencyKey: 'last' });
    await writer.close();
    expect(await last).toMatchObject({ isKnown: false });
    expect(await codeOf(() => put())).toBe('outbox_unavailable');
  });
});

if (hasOwn) {
  it.each([
    ['libsql', 'node:sqlite'],
    ['node:sqlite', 'libsql'],
  ] as const)('what %s wrote is read by %s', async (one, another) => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'outbox.db');
    const first = openDatabase(file, one);
    const second = openDatabase(file, another);
    await new OutboxWriter(first).write(
      insertWork(makeWork({ idempotencyKey: 'a' }), { maxPieces: 9, maxBytes: 9999 }),
    );
    expect(listWork(second, { limit: 9 })).toMatchObject([{ idempotencyKey: 'a' }]);
    first.close();
    second.close();
    rmSync(folder, { recursive: true });
  });
}
