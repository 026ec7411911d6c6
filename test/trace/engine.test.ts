import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DUCKDB_VERSION } from '../../src/trace/engine/duckdb';
import { openEngine } from '../../src/trace/engine/engine';
import { openParquet, writeParquet } from '../../src/trace/engine/parquet';
import { createTables, TABLE_NAMES } from '../../src/trace/engine/tables';
import { ingest, type IngestProgress } from '../../src/trace/ingest/ingest';
import { TABLES } from '../../src/trace/schema';
import { codeOf, thrownBy } from '../support/errors';
import { temporaryFolder } from '../support/example';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LOG = '#Fields: date time cs-method cs-uri-stem sc-status\n2026-03-01 00:00:01 GET /a 200\n';

describe('the engine', () => {
  it('gives plain values, takes parameters, and leaves nothing behind', async () => {
    const engine = await openEngine({ spillFolder: folder, memory: '200MB', threads: 1 });
    expect(readdirSync(folder)).toHaveLength(1);
    expect(
      await engine.rows('SELECT count(*) AS n, sum(x) AS s, ? AS p, [1, 2] AS l FROM range(3) AS t(x)', ["o'k"]),
    ).toEqual([{ n: 3, s: 3, p: "o'k", l: [1, 2] }]);
    await engine.close();
    await engine.close();
    expect(readdirSync(folder)).toEqual([]);
    await expect(engine.run('SELECT 1')).rejects.toThrow('closed');
  });

  it('ends what runs when it is interrupted or closed', async () => {
    const engine = await openEngine({ spillFolder: folder });
    const endless = 'SELECT sum(a.x * b.x) FROM range(10000000) AS a(x), range(10000000) AS b(x)';
    const first = expect(engine.rows(endless)).rejects.toMatchObject({
      message: expect.stringMatching(/interrupt/i) as string,
    });
    engine.interrupt();
    await first;
    const second = expect(engine.rows(endless)).rejects.toBeDefined();
    await engine.close();
    await second;
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a sealed engine touches no file, and stays sealed', async () => {
    const engine = await openEngine({ spillFolder: folder });
    writeFileSync(path.join(folder, 'a.csv'), 'a\n1\n');
    const read = `SELECT * FROM read_csv('${path.join(folder, 'a.csv')}')`;
    expect(await engine.rows(read)).toHaveLength(1);
    await engine.seal();
    for (const sql of [
      read,
      'SET enable_external_access = true',
      `COPY (SELECT 1) TO '${path.join(folder, 'b.csv')}'`,
    ]) {
      await expect(engine.run(sql)).rejects.toBeDefined();
    }
    await engine.close();
  });

  it('says what to do where the memory is not enough', async () => {
    const engine = await openEngine({ spillFolder: folder, memory: '30MB', threads: 1 });
    expect(await thrownBy(() => engine.rows('SELECT list(x) FROM range(10000000) AS t(x)'))).toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining('--memory') as string,
    });
    await engine.close();
  });

  it('downloads no extensions', async () => {
    const engine = await openEngine({ spillFolder: folder });
    const settings = `SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%_known_extensions' ORDER BY 1`;
    expect(await engine.rows(settings)).toEqual([
      { name: 'autoinstall_known_extensions', value: 'false' },
      { name: 'autoload_known_extensions', value: 'false' },
    ]);
    await engine.close();
  });

  it.each([
    [{ memory: 'much' }, 'much'],
    [{ memory: '512' }, '512'],
    [{ threads: 0 }, '0'],
  ])('refuses %j', async (options, quoted) => {
    expect(await thrownBy(() => openEngine(options))).toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining(quoted) as string,
    });
  });
});

describe('the package', () => {
  it('is pinned to one version everywhere, with a binding for Windows in the lock file', () => {
    const read = (name: string): Record<string, Record<string, unknown>> =>
      JSON.parse(readFileSync(path.resolve(__dirname, '../..', name), 'utf8')) as Record<
        string,
        Record<string, unknown>
      >;
    const manifest = read('package.json');
    expect(manifest['peerDependencies']!['@duckdb/node-api']).toBe(DUCKDB_VERSION);
    expect(manifest['devDependencies']!['@duckdb/node-api']).toBe(DUCKDB_VERSION);
    const packages = read('package-lock.json')['packages'] as Record<
      string,
      { version: string; os?: string[]; cpu?: string[] }
    >;
    expect(packages['node_modules/@duckdb/node-bindings-win32-x64']).toMatchObject({
      version: DUCKDB_VERSION,
      os: ['win32'],
      cpu: ['x64'],
      optional: true,
    });
  });

  it('says what to install where it is missing', async () => {
    jest.doMock('@duckdb/node-api', () => {
      throw new Error("Cannot find module '@duckdb/node-bindings-win32-x64/duckdb.node'");
    });
    try {
      await jest.isolateModulesAsync(async () => {
        const missing = require('../../src/trace/engine/engine') as typeof import('../../src/trace/engine/engine');
        await expect(missing.openEngine({ spillFolder: folder })).rejects.toMatchObject({
          code: 'peer_missing',
          message: expect.stringContaining(`npm install @duckdb/node-api@${DUCKDB_VERSION}`) as string,
        });
      });
    } finally {
      jest.dontMock('@duckdb/node-api');
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('Parquet', () => {
  it('holds all tables, and gives them back', async () => {
    writeFileSync(path.join(folder, 'u_ex.log'), LOG);
    const parquet = path.join(folder, "it's parquet");
    const engine = await openEngine();
    await ingest(engine, { paths: [path.join(folder, '*.log')] });
    await writeParquet(engine, parquet);
    expect(readdirSync(parquet).sort()).toEqual([...TABLE_NAMES].sort());
    expect(await codeOf(() => writeParquet(engine, parquet))).toBe('option_invalid');
    await engine.close();

    const again = await openEngine();
    await openParquet(again, parquet);
    expect(await again.rows('SELECT path, status FROM iis')).toEqual([{ path: '/a', status: 200 }]);
    for (const table of TABLE_NAMES) {
      const described = await again.rows(`DESCRIBE ${table}`);
      expect(described.map((row) => [row['column_name'], String(row['column_type']).toLowerCase()])).toEqual(
        Object.entries(TABLES[table].columns).map(([name, { type }]) => [name, type]),
      );
    }
    await again.close();
  });

  it('of another version, or none at all', async () => {
    const engine = await openEngine();
    expect(await thrownBy(() => openParquet(engine, folder))).toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining('no Parquet') as string,
    });
    await engine.close();
    const other = await openEngine();
    mkdirSync(path.join(folder, 'iis'));
    await other.run(`COPY (SELECT 1 AS file_id) TO '${path.join(folder, 'iis', 'part-0.parquet')}' (FORMAT parquet)`);
    expect(await thrownBy(() => openParquet(other, folder))).toMatchObject({
      code: 'option_invalid',
      message: expect.stringContaining('no column') as string,
    });
    await other.close();
  });
});

describe('reading', () => {
  it('makes all tables, also where there is nothing to read', async () => {
    writeFileSync(path.join(folder, 'a.txt'), 'Hello.');
    const engine = await openEngine();
    await ingest(engine, { paths: [folder] });
    for (const table of TABLE_NAMES) await engine.rows(`SELECT * FROM ${table}`);
    expect(await engine.rows('SELECT kind, lines FROM files')).toEqual([{ kind: 'unread', lines: 0 }]);
    await engine.close();
    const made = await openEngine();
    await createTables(made);
    expect(await made.rows('SELECT * FROM gateway')).toEqual([]);
    await made.close();
  });

  it('says how far it has come, in bytes that add up', async () => {
    for (const name of ['a.log', 'b.log']) writeFileSync(path.join(folder, name), LOG);
    writeFileSync(path.join(folder, 'c.log'), LOG.replace(' cs-method', ' s-ip').replace('GET', '::1'));
    const told: IngestProgress[] = [];
    const engine = await openEngine();
    await ingest(engine, { paths: [folder], onProgress: (progress) => told.push(progress) });
    await engine.close();
    expect(told.map(({ bytesDone }) => bytesDone)).toEqual(
      [...told.map(({ bytesDone }) => bytesDone)].sort((a, b) => a - b),
    );
    expect(told.at(-1)).toMatchObject({ bytesDone: told[0]!.bytesTotal, bytesTotal: told[0]!.bytesTotal });
    expect(told[0]!.step).toMatch(/^iis logs: .*a\.log and 1 more$/);
  });

  it('ends when it is told to, with the reason, and nothing is left', async () => {
    writeFileSync(path.join(folder, 'a.log'), LOG + '2026-03-01 00:00:01 GET /a 200\n'.repeat(50_000));
    const temporary = path.join(folder, 'temporary');
    mkdirSync(temporary);
    const engine = await openEngine({ spillFolder: temporary });
    const reason = new Error('Ctrl-C');
    const controller = new AbortController();
    const reading = ingest(engine, {
      paths: [path.join(folder, 'a.log')],
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(reading).rejects.toBe(reason);
    await engine.close();
    expect(readdirSync(temporary)).toEqual([]);
    expect(existsSync(path.join(folder, 'a.log'))).toBe(true);
  });
});
