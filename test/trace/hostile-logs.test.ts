import { appendFileSync, chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { analyse } from '../../src/trace/analysis/analyse';
import { traceOne } from '../../src/trace/analysis/trace-one';
import { openEngine } from '../../src/trace/engine/engine';
import { ingest } from '../../src/trace/ingest/ingest';
import { findInputs } from '../../src/trace/inputs/inputs';
import { htmlPage } from '../../src/trace/report/html/page';
import { terminalFinding } from '../../src/trace/report/terminal/finding';
import { terminalSummary } from '../../src/trace/report/terminal/summary';
import { terminalWaterfall } from '../../src/trace/report/terminal/waterfall';
import { temporaryFolder } from '../support/example';
import { itOnPosix } from '../support/processes';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file below the folder; its folders are made. */
function write(name: string, text: string | Buffer): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A file as it was read: its name, and the account of its lines. */
interface Read {
  readonly name: string;
  /** Rows, rejected and skipped lines; these must be all of its lines. */
  readonly account: readonly number[];
  readonly bytes: number;
  readonly rejects: readonly { readonly reason: string; readonly rows: number; readonly sample: string }[];
}

const FILES_SQL = `SELECT file_id, path, bytes, lines, rows_read, rows_rejected, rows_skipped FROM files ORDER BY path`;
const REJECTS_SQL = `SELECT reason, rows_rejected AS rows, sample FROM rejects WHERE file_id = $1 ORDER BY reason`;

async function read(paths = [folder], whileReading?: () => void): Promise<Read[]> {
  const engine = await openEngine({ threads: 2 });
  try {
    await ingest(engine, { paths, ...(whileReading && { onProgress: whileReading }) });
    const files: Read[] = [];
    for (const file of await engine.rows(FILES_SQL)) {
      const account = [file['rows_read'], file['rows_rejected'], file['rows_skipped']] as number[];
      expect(account.reduce((sum, lines) => sum + lines)).toBe(file['lines']);
      const rejects = (await engine.rows(REJECTS_SQL, [file['file_id'] as number])) as never;
      files.push({
        name: path.relative(folder, file['path'] as string),
        account,
        bytes: file['bytes'] as number,
        rejects,
      });
    }
    return files;
  } finally {
    await engine.close();
  }
}

const gatewayLine = (id: string, more: object = {}): string =>
  `${JSON.stringify({
    ...{
      requestId: id,
      extendedRequestId: id,
      requestTimeEpoch: '1772409600000',
      httpMethod: 'GET',
      path: '/invoices/7',
    },
    ...{ routeKey: 'GET /invoices/{id}', status: '200', responseLatency: '9', integrationLatency: '7' },
    ...more,
  })}\n`;

const FIELDS = '#Fields: date time cs-method cs-uri-stem cs(User-Agent) sc-status time-taken cs-correlation-id';
const iisLog = (...rows: string[]): string => `${[FIELDS, ...rows].join('\r\n')}\r\n`;

/** What terminals, pages, databases, spreadsheets and line readers obey. */
const HOSTILE = [
  '\u001b[2J\u001b]0;owned\u0007',
  '</script><script>alert(1)</script>',
  "'); DROP TABLE gateway; --",
  '=cmd|/c+calc!A0',
  '\u2028\u2029\u0085',
  '${jndi:ldap://example.com/a}',
];

it('text that somebody obeys is text, and no sample holds a control character', async () => {
  const lines = HOSTILE.map((text, index) => gatewayLine(`id-${index}`, { path: `/${text}` }));
  write('gateway.jsonl', `${lines.join('')}${HOSTILE.map((text) => `{"requestId":"${text}\n`).join('')}`);
  const rows = HOSTILE.map((text) => `2026-03-02 00:00:00 GET /${text.replace(/\s/g, '+')} x 200 5 id`);
  write('u_ex260302_x.log', iisLog(...rows, ...HOSTILE.map((text) => `2026-03-02 ${text}`)));
  const [gateway, iis] = await read();
  expect([gateway!.account, iis!.account]).toEqual([
    [HOSTILE.length, HOSTILE.length, 0],
    [HOSTILE.length, HOSTILE.length, 1],
  ]);
  const samples = [gateway!, iis!].flatMap(({ rejects }) => rejects.map(({ sample }) => sample));
  expect(samples.length).toBeGreaterThan(1);
  for (const sample of samples) expect(sample).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
});

it('in report, page and terminal hostile text stays text', async () => {
  // All that a log has from outside: paths, agents, errors, callers, and names of files.
  const lines = HOSTILE.map((text, index) =>
    gatewayLine(`id-${index}`, {
      routeKey: `GET /${text}`,
      integrationError: text,
      authorizerPrincipalId: text,
      status: '502',
    }),
  );
  write(
    process.platform === 'win32' ? 'gateway.jsonl' : 'gateway<script>alert(1)<script>\u001b[2J.jsonl',
    `${lines.join('')}{"${HOSTILE.join('')}`,
  );
  const agents = HOSTILE.map((text) => text.replace(/\s/g, '+'));
  write('u_ex260302_x.log', iisLog(...agents.map((text) => `2026-03-02 00:00:00 GET /${text} ${text} 200 5 -`)));
  const engine = await openEngine({ threads: 2 });
  try {
    await ingest(engine, { paths: [folder] });
    const report = await analyse(engine, {});
    const screen = { columns: 120, color: false };
    const terminal = [
      terminalSummary(report, screen),
      ...report.findings.map((finding) => terminalFinding(finding, screen)),
      ...report.slowest.map((waterfall) => terminalWaterfall(waterfall, screen)),
    ].join('\n');
    expect(terminal).toContain('alert(1)');
    expect(terminal.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    const page = htmlPage(report);
    expect(page).toContain('alert(1)');
    expect(page.match(/<script>alert|[\u0000-\u0008\u000e-\u001f\u007f\u2028\u2029]/g)).toBeNull();
    // What closes a script or opens one is only the page's own.
    expect(page.match(/<\/script/gi)?.length).toBe(page.match(/<script/gi)?.length);
  } finally {
    await engine.close();
  }
});

// Of more than its buffer DuckDB's reader says nothing, and leaves out what comes behind.
it.each([3e6, 8e6, 20e6])('a line of %d bytes is rejected by itself', async (length) => {
  const long = gatewayLine('b'.repeat(16), { path: `/${'x'.repeat(length)}` });
  write('gateway.jsonl', gatewayLine('a'.repeat(16)) + long + gatewayLine('c'.repeat(16)));
  const row = (agent: string): string => `2026-03-02 00:00:00 GET /invoices/7 ${agent} 200 5 ${'a'.repeat(16)}`;
  write('u_ex260302_x.log', iisLog(row('x'), row('y'.repeat(length)), row('z')));
  const files = await read();
  expect(files.map(({ account }) => account)).toEqual([
    [2, 1, 0],
    [2, 1, 1],
  ]);
  for (const { rejects } of files) expect(rejects.map(({ reason, rows }) => [reason, rows])).toEqual([['too_long', 1]]);
});

it('a packed file that fills disks is read no further than a packed log could go, and that is said', async () => {
  // Members one behind the other, 1000 times what they take.
  const member = gzipSync(gatewayLine('a'.repeat(16)) + `${'x'.repeat(9_999_999)}\n`, { level: 9 });
  write('bomb.jsonl.gz', Buffer.concat(Array<Buffer>(30).fill(member)));
  write('gateway.jsonl', gatewayLine('b'.repeat(16)));
  const [bomb, other] = await read();
  expect(bomb!.bytes).toBeLessThan(110_000_000);
  expect(bomb!.rejects.map(({ reason }) => reason)).toContain('unpacks to more than 200 times its size');
  expect(bomb!.account[0]).toBeGreaterThan(1);
  expect(other!.account).toEqual([1, 0, 0]);
});

it('a packed file that was cut off gives what it holds, and says so', async () => {
  const lines = Array.from({ length: 2000 }, (_, index) => gatewayLine(`id-${String(index).padStart(12, '0')}=`));
  const packed = gzipSync(lines.join(''));
  write('cut.jsonl.gz', packed.subarray(0, packed.length / 2));
  const [cut] = await read();
  expect(cut!.account[0]).toBeGreaterThan(100);
  expect(cut!.account[1]).toBeLessThanOrEqual(1);
  expect(cut!.rejects.map(({ reason }) => reason).join()).toContain('gzip');
  const engine = await openEngine({ threads: 2 });
  try {
    await ingest(engine, { paths: [folder] });
    const summary = terminalSummary(await analyse(engine), { columns: 120, color: false });
    expect(summary).toMatch(/^\d warnings? in these logs$/m);
    expect(summary).toMatch(/^gateway .* lines {2}1 file incomplete \(gzip: unexpected end of file\)/m);
    expect(summary).toMatch(
      /^warning {2}1 file could not be read to the end, 0 of them not at all {2}file-incomplete$/m,
    );
  } finally {
    await engine.close();
  }
});

itOnPosix('links in a circle end, and a file counts once however it is reached', async () => {
  const file = write('web-1/gateway.jsonl', gatewayLine('a'.repeat(16)));
  symlinkSync(folder, path.join(folder, 'web-1', 'around'));
  symlinkSync(file, path.join(folder, 'same.jsonl'));
  symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'broken.jsonl'));
  const files = await read();
  expect(files.filter(({ account }) => account[0] === 1)).toHaveLength(1);
  expect(files.find(({ name }) => name === 'broken.jsonl')?.rejects[0]?.reason).toBe('ENOENT');
  expect(files).toHaveLength(2);
});

it('files may be called anything', async () => {
  const names = [
    "it's.jsonl",
    'two  blanks.jsonl',
    'a;b--.jsonl',
    "'); DROP TABLE app; --.jsonl",
    '100%_[x]{y,z}.jsonl',
  ];
  // Windows has no such name.
  if (process.platform !== 'win32') names.push('what?*".jsonl', 'line\nend.jsonl');
  const files = names.map((name) => write(path.join("fol'der", name), gatewayLine('a'.repeat(16))));
  files.push(write('ü日.jsonl', gatewayLine('a'.repeat(16))));
  for (const paths of [[folder], files]) {
    const found = await read(paths);
    expect(found.map(({ name }) => path.join(folder, name)).sort()).toEqual([...files].sort());
    expect(found.every(({ account }) => account[0] === 1)).toBe(true);
  }
});

it('files that go while others are read are named with the reason, and the others are read', async () => {
  write('a/gateway.jsonl', gatewayLine('a'.repeat(16)));
  const row = '2026-03-02 00:00:00 GET /invoices/7 x 200 5 id';
  write('a/u_ex260302_x.log', iisLog(row));
  const going = [
    write('b/gateway.jsonl', gatewayLine('b'.repeat(16))),
    write('b/gateway.jsonl.gz', gzipSync(gatewayLine('c'.repeat(16)))),
    write('b/u_ex260302_x.log', iisLog(row)),
    write('b/u_ex260303_x.log.gz', gzipSync(iisLog(row))),
  ];
  const files = await read([folder], () => going.forEach((file) => rmSync(file, { force: true })));
  const told = files.map(({ account, rejects }) => [account[0], rejects.map(({ reason }) => reason).join()]);
  expect(told).toEqual([...Array(2).fill([1, '']), ...Array(4).fill([0, 'unreadable'])]);
});

it('one line that tells an impossible time or duration ends nothing', async () => {
  const far = '9223372036854775807';
  write('gateway.jsonl', gatewayLine('a'.repeat(16)) + gatewayLine('b'.repeat(16), { requestTimeEpoch: far }));
  write('u_ex260302_x.log', iisLog('2026-03-02 00:00:00 GET /socket x 101 216000000 -'));
  const said = (durationMs: unknown, timestamp = '2026-03-02T00:00:00.000Z'): string =>
    `${JSON.stringify({
      ...{ timestamp, level: 'info', message: 'm', type: 'request', correlationId: 'a'.repeat(16) },
      ...{ method: 'GET', path: '/', status: 200, durationMs },
    })}\n`;
  write(
    'app.jsonl',
    [1e300, -1e300, 'NaN', 'infinity'].map((ms) => said(ms)).join('') + said(1, '294000-01-01T00:00:00Z'),
  );
  const event = (timestamp: number, message: string): object => ({ id: '1', timestamp, message });
  const events = [event(1e300, said(2)), event(1_772_409_600_000, said(3))];
  write('cloudwatch.json', JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents: events }));
  const engine = await openEngine({ threads: 2 });
  try {
    await ingest(engine, { paths: [folder] });
    expect(await engine.rows('SELECT duration_ms AS ms, count(*) AS n FROM app GROUP BY 1 ORDER BY 1')).toEqual([
      { ms: 2, n: 1 },
      { ms: 3, n: 1 },
      { ms: null, n: 4 },
    ]);
    expect(await engine.rows('SELECT reason, rows_rejected AS n FROM rejects ORDER BY file_id')).toEqual([
      { reason: 'time', n: 1 },
      { reason: 'time', n: 1 },
    ]);
    const report = await analyse(engine, {});
    expect(report.hops.find(({ hop }) => hop === 'total')?.maxMs).toBe(216_000_000);
    const waterfall = await traceOne(engine, 'a'.repeat(16));
    expect(terminalWaterfall(waterfall!, { columns: 120, color: false })).toContain('2026-03-02 00:00:00');
    expect(terminalSummary(report, { columns: 120, color: false })).toMatch(/^Total +1 +2\.5 d/m);
    expect(htmlPage(report)).toContain('/socket');
  } finally {
    await engine.close();
  }
});

it('a file that grows while it is read is accounted for as far as it was read', async () => {
  const file = write('gateway.jsonl', gatewayLine('a'.repeat(16)).repeat(20_000));
  let added = 0;
  const [grown] = await read([folder], () => {
    if (added++ < 20) appendFileSync(file, `${gatewayLine('b'.repeat(16))}{"requestId":"half`);
  });
  expect(added).toBeGreaterThan(0);
  const [rows = 0, rejected = 0] = grown!.account;
  expect(rows).toBeGreaterThanOrEqual(20_000);
  expect(rows + rejected).toBeLessThanOrEqual(20_000 + 2 * added);
});

itOnPosix('a file that must not be read is named with the reason, and the others are read', async () => {
  write('gateway.jsonl', gatewayLine('a'.repeat(16)));
  const secret = write('secret.jsonl', gatewayLine('b'.repeat(16)));
  chmodSync(secret, 0o000);
  chmodSync(folder, 0o755);
  // Nothing is forbidden to root.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid!(65_534);
  const found = await findInputs([folder]).finally(() => isRoot && process.seteuid!(0));
  expect(found.read.map(({ path: name }) => path.basename(name))).toEqual(['gateway.jsonl']);
  expect(found.unread.map(({ path: name, reason }) => [path.basename(name), reason])).toEqual([
    ['secret.jsonl', 'EACCES'],
  ]);
});

it('what is no log is named with the reason', async () => {
  write('gateway.jsonl', gatewayLine('a'.repeat(16)));
  write('picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 2]));
  write('access.log', '203.0.113.7 - - [02/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5\n');
  write('notes.txt', 'buy milk\n');
  write('empty.log', '');
  const { unread } = await findInputs([folder]);
  const reasons = Object.fromEntries(unread.map(({ path: name, reason }) => [path.basename(name), reason]));
  expect(reasons).toEqual({
    'picture.png': 'binary file',
    'access.log': expect.stringContaining('baton logs gateway-format'),
    'notes.txt': 'format not known',
    'empty.log': 'empty file',
  });
});
