import { gzipSync } from 'node:zlib';
import { readLogs, withLogs, type Reading } from './reading';

const FIELDS =
  'date time s-ip cs-method cs-uri-stem s-port c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken';
const HEADER = `#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-03-01 00:00:00\n#Fields: ${FIELDS}\n`;
const DAY = Date.parse('2026-03-01T00:00:00Z');

const row = (second: number, stem = '/a', end = 'GET'): string =>
  `2026-03-01 00:00:${String(second).padStart(2, '0')} 10.0.0.1 ${end} ${stem} 443 10.9.9.9 UA+1 200 0 0 ${second}`;
const log = (...rows: readonly string[]): string => HEADER + rows.map((one) => `${one}\n`).join('');

it('columns by name, times, blanks for pluses, zones cut off, dashes as nothing', async () => {
  const fields =
    'sc-status date c-ip cs(User-Agent) x-unknown time cs-correlation-id sc-correlation-id cs-username s-ip cs-method cs-uri-stem time-taken s-computername sc-user-hash';
  const line =
    '404 2026-03-01 fe80::1%3 Mozilla/5.0+(X;+Y) "a 00:01:02 abc= - - ::1%0 PUT /ü/%20/${#context[ 12 WEB7 h_-9';
  await withLogs({ 'u_ex260301_x.log': `#Fields:  ${fields} \n${line}\n` }, async ({ rows, accounts }) => {
    expect(await rows('SELECT * EXCLUDE (file_id) FROM iis')).toEqual([
      {
        server: 'WEB7',
        t_ms: DAY + 62_000,
        method: 'PUT',
        path: '/ü/%20/${#context[',
        status: 404,
        substatus: null,
        win32_status: null,
        time_taken_ms: 12,
        client_ip: 'fe80::1',
        server_ip: '::1',
        server_port: null,
        user_agent: 'Mozilla/5.0 (X; Y)',
        username: null,
        sent_id: 'abc=',
        sent_logged: true,
        answered_logged: true,
        answered_id: null,
        correlation_id: 'abc=',
        user_hash: 'h_-9',
      },
    ]);
    expect(await accounts()).toEqual({ 'u_ex260301_x.log': ['iis', 2, 1, 0, 1] });
  });
});

const READ: readonly (readonly [string, string | Buffer, readonly number[]])[] = [
  ['LF', log(row(1), row(2)), [6, 2, 0, 4]],
  ['CR LF', log(row(1), row(2)).replaceAll('\n', '\r\n'), [6, 2, 0, 4]],
  [
    'LF and CR LF in one file',
    log(row(1), row(2))
      .replace(/\n(?=#D)/, '\r\n')
      .replace(/1\n/, '1\r\n'),
    [6, 2, 0, 4],
  ],
  ['CR CR LF', log(row(1)).replaceAll('\n', '\r\r\n'), [5, 1, 0, 4]],
  ['a mark at the beginning (BOM)', `\ufeff${log(row(1))}`, [5, 1, 0, 4]],
  ['a mark at the beginning, and mixed line ends', `\ufeff${log(row(1))}\r\n`, [6, 1, 0, 5]],
  ['no line end at the end, all values there', log(row(1)).trimEnd(), [5, 1, 0, 4]],
  ['blank lines', log(row(1), '', '  ', '\t', row(2)), [9, 2, 0, 7]],
  ['blanks at the end of rows', log(`${row(1)} `), [5, 1, 0, 4]],
  ['a return inside a row', log(row(1, '/a\rb')), [5, 1, 0, 4]],
  ['a NUL inside a row', log(row(1, '/a\0b')), [5, 1, 0, 4]],
  [
    'control characters that the reader takes for the end of a column',
    log(row(1, '/a\u0001\u0002\u0003\u0004b')),
    [5, 1, 0, 4],
  ],
  ['no rows', HEADER, [4, 0, 0, 4]],
  ['UTF-16, as PowerShell writes it', Buffer.from(`\ufeff${log(row(1))}`, 'utf16le'), [5, 1, 0, 4]],
  ['packed', gzipSync(log(row(1), row(2))), [6, 2, 0, 4]],
  ['packed in two parts', Buffer.concat([gzipSync(HEADER), gzipSync(`${row(1)}\n`)]), [5, 1, 0, 4]],
  ['the same fields again, after a restart', log(row(1)) + log(row(2)), [10, 2, 0, 8]],
];

const REJECTED: readonly (readonly [string, string | Buffer, Readonly<Record<string, number>>])[] = [
  ['too few values', log(row(1).replace(' UA+1', ''), row(2)), { width: 1 }],
  ['too many values', log(`${row(1)} more`, row(2), '2026-03-01'), { width: 2 }],
  ['a last row that is not finished', log(row(1)) + row(2).slice(0, 60), { truncated: 1 }],
  ['a row that is torn in the middle of the file', log(row(1), row(2).slice(0, 60), row(3)), { width: 1 }],
  ['no time', log(row(1).replace('00:00:01', '00:61:01'), row(2).replace('2026-03-01', 'infinity++')), { time: 2 }],
  ['a status that is none', log(row(1).replace(' 200 ', ' OK ')), { status: 1 }],
  ['rows above the first fields', `${row(1)}\n${row(2)}\n${log(row(3))}`, { fields: 2 }],
  ['no fields at all', `${row(1)}\n${row(2)}\n`, { fields: 2 }],
  ['a line beyond the limit', log(row(1, `/${'a'.repeat(2_000_001)}`), row(2)), { too_long: 1 }],
  [
    'an end that was cut off a packed file',
    gzipSync(log(row(1), row(2)), { level: 0 }).subarray(0, -40),
    { truncated: 1, 'gzip: unexpected end of file': 0 },
  ],
];

describe('files that are not as they should be, all read at once', () => {
  let reading: Reading;

  beforeAll(async () => {
    const files = [...READ, ...REJECTED].map(([what, content]) => [`${what}.log`, content] as const);
    reading = await readLogs(Object.fromEntries(files));
  });
  afterAll(() => reading?.close());

  it.each(READ)('%s', async (what, _, counts) => {
    expect((await reading.accounts())[`${what}.log`]).toEqual(['iis', ...counts]);
    expect((await reading.rejects())[`${what}.log`]).toBeUndefined();
    const isFile = `file_id = (SELECT file_id FROM files WHERE path LIKE '%/${what}.log')`;
    expect(await reading.rows(`SELECT fields, rows_read FROM iis_fields WHERE ${isFile}`)).toEqual([
      { fields: FIELDS, rows_read: counts[1] },
    ]);
  });

  it.each(REJECTED)('rejected and counted: %s', async (what, _, expected) => {
    expect((await reading.rejects())[`${what}.log`]).toEqual(expected);
  });

  it('no row that was read holds what belongs elsewhere', async () => {
    const wrong = `status <> 200 OR path IS NULL OR t_ms IS NULL OR client_ip <> '10.9.9.9' OR user_agent <> 'UA 1'`;
    expect(await reading.rows(`SELECT * FROM iis WHERE ${wrong} OR time_taken_ms > 9`)).toEqual([]);
  });
});

it('bytes that are no UTF-8 are read as Windows-1252, the other lines as they are', async () => {
  const bytes = Buffer.concat([Buffer.from(log(row(1, '/ü'))), Buffer.from(`${row(2, '/\u00fc')}\n`, 'latin1')]);
  await withLogs({ 'u_ex.log': bytes }, async ({ rows }) => {
    expect(await rows('SELECT path FROM iis ORDER BY t_ms')).toEqual([{ path: '/ü' }, { path: '/ü' }]);
  });
});

it('fields that change in the middle of a file, and back', async () => {
  const other = 'time date cs-uri-stem sc-status sc-correlation-id';
  const rows = (minute: number): string => `00:0${minute}:00 2026-03-01 /b 201 id${minute}\n`;
  const text = `${log(row(1))}#Software: IIS 11\n#Fields: ${other}\n${rows(1)}${rows(2)}${log(row(5))}`;
  await withLogs({ 'web1/W3SVC1/u_ex.log': text, 'web1/W3SVC1/u_ex_x.log': log(row(7)) }, async (reading) => {
    expect(
      await reading.rows('SELECT path, correlation_id, answered_logged, sent_logged FROM iis ORDER BY t_ms'),
    ).toEqual([
      { path: '/a', correlation_id: null, answered_logged: false, sent_logged: false },
      { path: '/a', correlation_id: null, answered_logged: false, sent_logged: false },
      { path: '/a', correlation_id: null, answered_logged: false, sent_logged: false },
      { path: '/b', correlation_id: 'id1', answered_logged: true, sent_logged: false },
      { path: '/b', correlation_id: 'id2', answered_logged: true, sent_logged: false },
    ]);
    expect(await reading.accounts()).toEqual({
      'web1/W3SVC1/u_ex.log': ['iis', 14, 4, 0, 10],
      'web1/W3SVC1/u_ex_x.log': ['iis', 5, 1, 0, 4],
    });
    const lists = await reading.rows(
      'SELECT server, from_ms, fields, software, rows_read FROM iis_fields WHERE file_id = 1',
    );
    expect(lists).toEqual([
      { server: 'web1', from_ms: DAY + 1000, fields: FIELDS, software: expect.any(String) as string, rows_read: 1 },
      { server: 'web1', from_ms: DAY + 60_000, fields: other, software: 'IIS 11', rows_read: 2 },
      { server: 'web1', from_ms: DAY + 5000, fields: FIELDS, software: expect.any(String) as string, rows_read: 1 },
    ]);
  });
});

it('the server: its own name, else the folder below what was asked for, else its address', async () => {
  const named = log(row(1)).replace('s-ip', 's-computername').replace(' 10.0.0.1 ', ' WEB9 ');
  const files = { 'web1/W3SVC1/a.log': log(row(1)), 'W3SVC2/b.log': log(row(2)), 'web1/W3SVC1/c.log': named };
  await withLogs(files, async ({ rows }) => {
    expect(await rows('SELECT DISTINCT server FROM iis ORDER BY 1')).toEqual([
      { server: '10.0.0.1' },
      { server: 'WEB9' },
      { server: 'web1' },
    ]);
    expect(await rows('SELECT server FROM files ORDER BY path')).toEqual([
      { server: null },
      { server: 'web1' },
      { server: 'web1' },
    ]);
  });
});
