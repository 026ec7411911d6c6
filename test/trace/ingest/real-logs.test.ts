import path from 'node:path';
import { openEngine, type Engine } from '../../../src/trace/engine/engine';
import { ingest } from '../../../src/trace/ingest/ingest';

const FOLDER = path.resolve(__dirname, '../../vectors/data/iis-logs');

/** Kind, lines, rows, rejected, skipped: counted by hand. */
const ACCOUNTS: Readonly<Record<string, readonly [string, number, number, number, number]>> = {
  'httperr.log': ['httperr', 9, 5, 0, 4],
  'httperr_restart.log': ['httperr', 14, 6, 0, 8],
  'iis10.log': ['iis', 5, 1, 0, 4],
  'iis10_cookies.log': ['iis', 7, 3, 0, 4],
  'iis10_edge_cases.log': ['iis', 19, 15, 0, 4],
  'iis6.log': ['iis', 16, 12, 0, 4],
  'iis7_owa.log': ['iis', 5, 3, 0, 2],
  'iis7_sqli.log': ['iis', 6, 2, 0, 4],
  'iis_without_date.log': ['iis', 15, 11, 0, 4],
};

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine({ threads: 2 });
  await ingest(engine, { paths: [FOLDER] });
});
afterAll(() => engine?.close());

const fileIs = (name: string): string => `file_id = (SELECT file_id FROM files WHERE path LIKE '%${name}')`;
const inFile = (name: string, columns: string, table = 'iis'): Promise<Record<string, unknown>[]> =>
  engine.rows(`SELECT ${columns} FROM ${table} WHERE ${fileIs(name)} ORDER BY t_ms, ${table}`);

it('every line of the real logs of IIS and http.sys is accounted for, and every row is read', async () => {
  const files = await engine.rows(`SELECT path, kind, lines, rows_read, rows_rejected, rows_skipped FROM files
    WHERE kind <> 'unread' ORDER BY path`);
  expect(
    Object.fromEntries(files.map(({ path: file, ...counts }) => [path.basename(String(file)), Object.values(counts)])),
  ).toEqual(ACCOUNTS);
  expect(await engine.rows('SELECT path[-7:] AS name, reason FROM rejects JOIN files USING (file_id)')).toEqual([
    { name: 'LICENSE', reason: 'format not known' },
  ]);
});

it('two blanks where a value was lost, DOMAIN\\user, IPv6 and numbers beyond 32 bits', async () => {
  const rows = await inFile('iis10_edge_cases.log', 'username, client_ip, server_port, status, win32_status');
  const names = rows.slice(0, 6).map((row) => row['username']);
  expect(names.sort()).toEqual(['random/ranuser1', ...Array<string>(4).fill('random\\ranuser1'), 'ranuser1@random']);
  expect(rows).toContainEqual({
    username: 'random\\ranuser1',
    client_ip: '::1',
    server_port: 445,
    status: 500,
    win32_status: 0,
  });
  expect(Math.max(...rows.map((row) => Number(row['win32_status'])))).toBe(214784354254);
});

it('a quote in a cookie swallows no line', async () => {
  expect(await inFile('iis10_cookies.log', 'path, status, time_taken_ms')).toEqual(
    Array(3).fill({ path: '/foo/bar/baz.asp', status: 200, time_taken_ms: 65 }),
  );
});

it('rows without a date have that of #Date', async () => {
  const [first] = (await inFile('iis_without_date.log', 't_ms')) as { t_ms: number }[];
  expect(new Date(first!.t_ms).toISOString()).toBe('2013-07-30T00:00:00.000Z');
});

it('fields that change in the middle of an HTTPERR log, zones of IPv6 addresses', async () => {
  const rows = await inFile(
    'httperr_restart.log',
    'client_ip, method, path, status, site, reason, app_pool',
    'httperr',
  );
  expect(rows).toHaveLength(6);
  expect(rows[1]).toEqual({
    client_ip: '192.0.2.11',
    method: null,
    path: null,
    status: null,
    site: null,
    reason: 'Timer_ConnectionIdle',
    app_pool: null,
  });
  expect(rows[4]).toEqual({
    client_ip: '2001:db8::5',
    method: 'POST',
    path: '/api/upload',
    status: 413,
    site: '2',
    reason: 'Request_Too_Large',
    app_pool: 'MyAppPool',
  });
});

it('software and fields of each file', async () => {
  const [six] = await engine.rows(`SELECT software, fields, rows_read FROM iis_fields WHERE ${fileIs('iis6.log')}`);
  expect(six).toEqual({
    software: 'Microsoft Internet Information Services 6.0',
    fields: expect.stringMatching(/^date time s-sitename .* sc-win32-status$/) as string,
    rows_read: 12,
  });
});
