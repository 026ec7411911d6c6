import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { trace } from '../../src/cli/trace';
import { readTraceArguments } from '../../src/cli/trace/arguments';
import { LeftHalfWritten, loadLogs } from '../../src/cli/trace/load';
import { ProgressBar, readingLine } from '../../src/cli/trace/progress';
import { readTime } from '../../src/cli/trace/time';
import { untilInterrupted } from '../../src/cli/trace/until-interrupted';
import { openEngine, type Engine } from '../../src/trace/engine/engine';
import type { TraceReport, Waterfall } from '../../src/trace/report-model';
import { thrownBy } from '../support/errors';
import { BATON, temporaryFolder } from '../support/example';
import { itOnPosix, startNode } from '../support/processes';
import { waitFor } from '../support/wait';

let folder: string;
let logs: string;
let said: string[];

beforeEach(() => {
  folder = temporaryFolder();
  logs = path.join(folder, 'logs');
  said = [];
  jest.spyOn(console, 'log').mockImplementation((text: string) => void said.push(...text.split('\n')));
  process.exitCode = undefined;
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

const at = (...names: string[]): string => path.join(folder, ...names);
function write(name: string, lines: readonly string[]): void {
  mkdirSync(path.dirname(path.join(logs, name)), { recursive: true });
  writeFileSync(path.join(logs, name), lines.map((line) => `${line}\n`).join(''));
}

const START = Date.UTC(2026, 2, 12, 9);
/** What the app gave the request that came without one. */
const OWN_ID = '7f2d0f2c-6f0e-4f4c-9a9e-0c6f7f1f2b11';
const idOf = (index: number): string => `Uj${String(index).padStart(3, '0')}k9FIAMEVrw=`;

/** Twenty requests through gateway, IIS and app, and one that came to IIS alone, with a path that a terminal would obey. */
function writeLogs(): void {
  const all = Array.from({ length: 20 }, (_, index) => index);
  const timeOf = (index: number): string => new Date(START + index * 60_000).toISOString();
  write(
    'gateway.jsonl',
    all.map((index) =>
      JSON.stringify({
        ...{
          requestId: idOf(index),
          requestTimeEpoch: String(START + index * 60_000),
          httpMethod: 'GET',
          path: `/invoices/${index}`,
        },
        ...{
          routeKey: 'GET /invoices/{id}',
          stage: '$default',
          status: '200',
          responseLatency: `${40 + index}`,
          integrationStatus: '200',
        },
        ...{
          integrationLatency: `${30 + index}`,
          integrationError: '-',
          errorResponseType: '-',
          sourceIp: '203.0.113.7',
        },
      }),
    ),
  );
  const iisLine = (index: number, uri: string, id: string): string =>
    `${timeOf(index).slice(0, 10)} ${timeOf(index).slice(11, 19)} 10.0.0.4 GET ${uri} - 443 - 10.0.9.1 AmazonAPIGateway_a1 200 0 0 ${25 + index} ${id} ${id}`;
  write('W3SVC1/u_ex260312_x.log', [
    '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken cs-correlation-id sc-correlation-id',
    ...all.map((index) => iisLine(index, `/invoices/${index}`, idOf(index))),
    iisLine(21, '/invoices/\u001b[2J<script>', '-').replace('AmazonAPIGateway_a1', 'curl').replace(/-$/, OWN_ID),
    'torn line',
  ]);
  write(
    'app.jsonl',
    [...all, 21].map((index) =>
      JSON.stringify({
        ...{ timestamp: timeOf(index), level: 'info', message: 'request', type: 'request' },
        correlationId: index === 21 ? OWN_ID : idOf(index),
        ...{ method: 'GET', path: `/invoices/${index}`, status: 200, durationMs: 20, subject: 'entra:ada' },
      }),
    ),
  );
}

it('reads logs, keeps them, shows what they say, and writes the page', async () => {
  writeLogs();
  await trace([logs, '--parquet', at('kept'), '--html', at('report.html'), '--margin', '0', '--memory', '512MB']);
  const text = said.join('\n');
  expect(process.exitCode).toBe(1);
  expect(text).toMatch(/^iis {7}1 file .* 23 lines {2}1 rejected \(width 1\)$/m);
  expect(text).toMatch(/^Requests {2}Gateway 20 → IIS 21 → App 21$/m);
  expect(text).toMatch(/^ERROR .* bypass-without-id$/m);
  expect(text).toMatch(/report\.html written\.$/);
  expect(readFileSync(at('report.html'), 'utf8')).toMatch(/^<!doctype html>[^]*bypass-without-id/);
  said = [];

  await trace([idOf(19), '--parquet', at('kept')]);
  expect(said[0]).toBe(`Request ${idOf(19)}`);
  expect(said.join('\n')).toMatch(/^gateway .* 59 ms[^]*^iis .* 44 ms[^]*^app .* 20 ms/m);
  said = [];

  await trace(['--parquet', at('kept'), '--margin', '0', '--rule', 'bypass-without-id']);
  expect(said.join('\n')).toContain('/invoices/\\u001b[2J<script>');
  said = [];

  await trace(['--parquet', at('kept'), '--json', '--from', '2026-03-12T09:10', '--to', '2026-03-12']);
  const report = JSON.parse(said.join('\n')) as TraceReport;
  expect([report.version, report.totals.gatewayRequests]).toEqual([1, 10]);
  expect(said.join('')).not.toContain('\u001b');
});

it('prints one request as JSON, and says what no log has', async () => {
  writeLogs();
  await trace(['--id', idOf(3), logs, '--json']);
  expect(JSON.parse(said.join('\n')) as Waterfall).toMatchObject({ correlationId: idOf(3), totalMs: 43, status: 200 });
  expect(await thrownBy(() => trace(['Nope=', logs]))).toMatchObject({
    code: 'option_invalid',
    message: 'No log here has the ID Nope=, and no file or folder is called so.',
  });
});

it('prints SQL for Athena', async () => {
  await trace(['--athena', '--location', 's3://logs/trace', '--database', 'ops']);
  expect(said.join('\n')).toContain("LOCATION 's3://logs/trace/gateway/'");
});

it('removes Parquet that could not be written whole', async () => {
  writeLogs();
  mkdirSync(at('kept'));
  writeFileSync(at('blocked'), '');
  // A file where a folder has to be made.
  const error = await thrownBy(() => trace([logs, '--parquet', at('blocked', 'kept')]));
  expect(error).toMatchObject({
    code: 'option_invalid',
    message: expect.stringContaining('cannot be written (ENOTDIR)'),
  });
  expect(readdirSync(folder).sort()).toEqual(['blocked', 'kept', 'logs']);
});

it('takes nothing away that was there before it', async () => {
  writeLogs();
  mkdirSync(at('kept', 'app'), { recursive: true });
  writeFileSync(at('kept', 'app', 'mine.js'), '');
  // A file where the folder of a table has to be made.
  writeFileSync(at('kept', 'rejects'), '');
  const error = await thrownBy(() => trace([logs, '--parquet', at('kept'), '--part', '3']));
  expect(error).toMatchObject({ message: expect.stringContaining('cannot be written (EEXIST)') });
  expect([readdirSync(at('kept')).sort(), readdirSync(at('kept', 'app'))]).toEqual([['app', 'rejects'], ['mine.js']]);
});

describe('Parquet that cannot be written', () => {
  let engine: Engine;
  beforeEach(async () => {
    writeLogs();
    engine = await openEngine();
  });
  afterEach(() => engine.close());

  const load = (): Promise<void> => {
    const read = readTraceArguments([logs, '--parquet', at('kept')])!;
    return loadLogs(engine, read, new ProgressBar(process.stderr), new AbortController().signal);
  };
  const beforeCopy = (act: (file: string) => void): void => {
    const run = engine.run.bind(engine);
    jest.spyOn(engine, 'run').mockImplementation(async (sql, parameters) => {
      const [, file] = /^COPY .* TO '(.*)' \(FORMAT parquet/.exec(sql) ?? [];
      if (file !== undefined) act(file);
      return run(sql, parameters);
    });
  };
  const full = (): never => {
    throw new Error('IO Error: the disk is full');
  };

  it('is left alone where another run has written it since', async () => {
    const run = engine.run.bind(engine);
    const others = at('kept', 'app', 'part-0.parquet');
    // The logs are being read: their tables are made.
    jest.spyOn(engine, 'run').mockImplementationOnce((sql, parameters) => {
      mkdirSync(path.dirname(others), { recursive: true });
      writeFileSync(others, 'of another run');
      return run(sql, parameters);
    });
    expect(await thrownBy(load)).toMatchObject({ message: expect.stringContaining('holds Parquet files already') });
    expect(readFileSync(others, 'utf8')).toBe('of another run');
  });

  it('is removed; a folder into which another run has written stays, and the error is the first one', async () => {
    beforeCopy((file) => {
      writeFileSync(file, 'half');
      writeFileSync(path.join(path.dirname(file), 'part-7.parquet'), 'of another run');
      full();
    });
    await expect(load()).rejects.toThrow(/^IO Error: the disk is full$/);
    const [table, ...more] = readdirSync(at('kept'));
    expect([more, readdirSync(at('kept', table!))]).toEqual([[], ['part-7.parquet']]);
  });

  it('is named where it cannot be removed, and the first error is said', async () => {
    // As a folder it cannot: elsewhere a virus scanner has it open.
    beforeCopy((file) => void (mkdirSync(file), full()));
    const error = await thrownBy(load);
    expect(error).toBeInstanceOf(LeftHalfWritten);
    expect(error.message).toMatch(/^IO Error: the disk is full\nDelete what .*:\n.*part-0\.parquet \(\w+\)$/);
  });
});

it.each([
  ['its reason alone is thrown', undefined, 'baton: interrupted; nothing half written was left behind.'],
  ['something could not be removed', new LeftHalfWritten('option_invalid', 'Delete it.'), undefined],
])('says on Ctrl-C what is left, where %s', async (_what, error, message) => {
  const told: unknown[] = [];
  jest.spyOn(console, 'error').mockImplementation((text: unknown) => void told.push(text));
  const listening = jest.spyOn(process, 'on');
  const work = untilInterrupted((signal) => {
    listening.mock.calls.find(([name]) => name === 'SIGINT')?.[1]();
    expect(signal.aborted).toBe(true);
    throw error ?? signal.reason;
  });
  await expect(
    work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  ).resolves.toBe(error);
  expect(told).toEqual(message === undefined ? [] : [message]);
});

it('writes logs in parts, and reads all of them as one', async () => {
  writeLogs();
  const parts = ['gateway.jsonl', 'W3SVC1', 'app.jsonl'];
  for (const [part, name] of parts.entries()) {
    await trace([path.join(logs, name), '--parquet', at('kept'), '--part', String(part + 1)]);
  }
  const read = async (...args: string[]): Promise<TraceReport> => {
    said = [];
    await trace([...args, '--margin', '0', '--json']);
    return JSON.parse(said.join('\n')) as TraceReport;
  };
  const [inParts, atOnce] = [await read('--parquet', at('kept')), await read(logs)];
  expect(inParts.totals).toEqual(atOnce.totals);
  const filesOf = ({ findings }: TraceReport): unknown =>
    findings.map(({ rule, count, evidence }) => [rule, count, evidence.total]);
  expect(filesOf(inParts)).toEqual(filesOf(atOnce));
  expect(inParts.inputs.map(({ path: file, rejects }) => [path.basename(file), rejects.length])).toEqual([
    ['app.jsonl', 0],
    ['gateway.jsonl', 0],
    ['u_ex260312_x.log', 1],
  ]);
  expect(readdirSync(at('kept', 'iis')).sort()).toEqual(['part-1.parquet', 'part-2.parquet', 'part-3.parquet']);
  expect(await thrownBy(() => trace([logs, '--parquet', at('kept'), '--part', '2']))).toMatchObject({
    message: expect.stringContaining('has a part 2 already'),
  });
});

it.each([
  ['an empty folder', [], 'No logs were read: there are no files'],
  ['a folder of other things', ['a photo', 'a letter'], 'No logs were read: none of the files is one'],
])('says that %s is no logs, and fails', async (_, texts, verdict) => {
  mkdirSync(logs);
  for (const [index, text] of texts.entries()) writeFileSync(path.join(logs, `${index}.txt`), text);
  await trace([logs]);
  expect([said[0], process.exitCode]).toEqual([verdict, 1]);
  if (texts.length > 0) expect(said.join('\n')).toMatch(/^unread {4}2 files +15 B {2}format not known \(2\)$/m);
});

describe('its arguments', () => {
  beforeEach(() => {
    writeLogs();
    mkdirSync(at('full'));
    writeFileSync(at('full', 'file'), '');
  });
  const inFolder = (text: string): string => text.replaceAll('@', `${folder}${path.sep}`);

  it.each<[string, string]>([
    ['', 'Say which logs'],
    ['Uj1=', 'There is no file or folder Uj1='],
    ['@logs --colour', 'The option "--colour" is not known here'],
    ['@logs --from yesterday', '--from must be a time such as 2026-03-12T09:30, not "yesterday".'],
    ['@logs --from 2026-03-13 --to 2026-03-12', '--from is after --to.'],
    ['@logs --slowest many', '--slowest must be a whole number from 0 to 1000, not "many".'],
    ['@logs --threads 0', '--threads must be a whole number from 1 to 256'],
    ['-Kq7= --id x @logs', 'There are two IDs'],
    ['@logs --margin -1', '--margin needs a value; one with a dash in front is written --margin=-value.'],
    ['@logs --html @full', '--html: '],
    ['@logs --html @nowhere/report.html', '--html: there is no folder'],
    ['@logs --parquet @full', 'is not empty'],
    ['@logs --parquet @full/file', 'is no folder'],
    ['Uj1= @logs --html @report.html', '--html is for the report of all requests'],
    ['@logs --json --rule x', '--rule prints a finding for people'],
    ['Uj1= @logs --from 2026-03-12', '--from is for the report of all requests: leave out either it or the ID.'],
    ['Uj1= @logs --to 2026-03-12', '--to is for the report of all requests'],
    ['Uj1= @logs --margin 0', '--margin is for the report of all requests'],
    ['Uj1= @logs --rule x', '--rule is for the report of all requests'],
    ['Uj1= @logs --slowest 5', '--slowest is for the report of all requests'],
    ['@logs --location s3://logs', '--location and --database are for --athena.'],
    ['@logs --athena --location s3://logs', '--athena reads no logs'],
    ['@logs --parquet=', '--parquet is empty: it needs a name.'],
    ['@logs --html=', '--html is empty: it needs a name.'],
    ['@logs --spill=', '--spill is empty: it needs a name.'],
    ['@logs --spill @nowhere', '--spill: there is no folder'],
    ['@logs --memory 5', '--memory: "5" is no amount of memory. Write it as 512MB or 4GB.'],
    ['@logs --memory 1KB', '--memory must be 128MB or more, not 1KB.'],
    ['@logs --part 1', '--part is for writing'],
    ['--parquet @full --part 1', '--part is for writing'],
    ['@logs --parquet @full --part 10000', '--part must be a whole number from 0 to 9999, not "10000".'],
    ['--athena', 'Say where the files are'],
  ])('refuse "%s"', async (line, message) => {
    const error = await thrownBy(() =>
      readTraceArguments(
        inFolder(line)
          .split(' ')
          .filter((word) => word !== ''),
      ),
    );
    expect(error).toMatchObject({ reason: 'usage', message: expect.stringContaining(message) });
    expect((error as Error).message).toContain('Usage: baton trace');
  });

  it.each<[string, string | undefined, number]>([
    ['@logs', undefined, 1],
    ['@logs/gateway.jsonl @logs/*.log', undefined, 2],
    ['Uj1= @logs', 'Uj1=', 1],
    ['1-5759e988-bd862e3fe1be46a994272793 @logs', '1-5759e988-bd862e3fe1be46a994272793', 1],
    ['--id logs @logs', 'logs', 1],
    ['-Kqf7l1H66ATis0= @logs', '-Kqf7l1H66ATis0=', 1],
    ['--id=--qf7l1H66ATis0= @logs', '--qf7l1H66ATis0=', 1],
    ['no/such/path @logs', undefined, 2],
    ['*.log', undefined, 1],
  ])('take "%s" for the ID %s and %i paths', (line, id, paths) => {
    const read = readTraceArguments(inFolder(line).split(' '))!;
    expect([read.id, read.paths.length]).toEqual([id, paths]);
  });

  it('are explained', () => {
    expect(readTraceArguments(['--help'])).toBeUndefined();
    expect(said.join('\n')).toMatch(/^Usage: baton trace <log>[^]*--parquet[^]*--html[^]*--memory[^]*--athena/);
  });

  it.each<[string, boolean, string | undefined]>([
    ['2026-03-12', false, '2026-03-12T00:00:00.000Z'],
    ['2026-03-12', true, '2026-03-12T23:59:59.999Z'],
    ['2026-03-12T09:30', true, '2026-03-12T09:30:00.000Z'],
    ['2026-03-12 09:30:01.5', false, '2026-03-12T09:30:01.500Z'],
    ['2026-03-12T09:30+01:00', false, '2026-03-12T08:30:00.000Z'],
    ['2026-03-12T09:30-0500', false, '2026-03-12T14:30:00.000Z'],
    ['2026-02-31', false, undefined],
    ['2026-03-12T25:00', false, undefined],
    ['12.03.2026', false, undefined],
    ['', false, undefined],
  ])('read the time "%s"', (text, isEnd, expected) => {
    const time = readTime(text, isEnd);
    expect(time === undefined ? undefined : new Date(time).toISOString()).toBe(expected);
  });
});

describe('its progress', () => {
  const reading = { bytesDone: 812e6, bytesTotal: 1.5e9, step: 'iis logs: u_\u001b[2J.log' };

  it.each<[string, number, number, string]>([
    ['at first', 200, 200, '██████████▉           54 %  812 MB of 1.5 GB  iis logs: u_\\u001b[2J.log'],
    ['then', 5000, 200, '██████████▉           54 %  812 MB of 1.5 GB  162 MB/s  5 s left  iis logs: u_\\u001b[2J.log'],
    ['where it is narrow', 5000, 60, '██████████▉           54 %  812 MB of 1.5 GB  162 MB/s  5 …'],
  ])('%s is one line', (_when, elapsedMs, columns, line) => {
    expect(readingLine(reading, elapsedMs, columns)).toBe(line);
  });

  it('is taken away again, and is on terminals only', () => {
    const draw = (isTTY: boolean): string => {
      let written = '';
      const bar = new ProgressBar({ isTTY, columns: 100, write: (text: string) => ((written += text), true) }, () => 0);
      bar.reading(reading);
      bar.step('drift', 3, 40);
      bar.clear();
      bar.clear();
      return written;
    };
    expect(draw(false)).toBe('');
    expect(draw(true)).toMatch(/^\r██[^\r]*\u001b\[K\r4 of 40 {2}drift\u001b\[K\r\u001b\[K$/);
  });
});

itOnPosix('leaves nothing behind when Ctrl-C ends it', async () => {
  const line = '2026-03-12 09:00:00 10.0.0.4 GET /invoices/7 - 443 - 10.0.9.1 curl 200 0 0 25 - -\n';
  writeLogs();
  const more =
    '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken cs-correlation-id sc-correlation-id\n';
  writeFileSync(path.join(logs, 'W3SVC1', 'u_ex260313_x.log'), Buffer.alloc(120e6, line).fill(more, 0, more.length));
  mkdirSync(at('spill'));
  const run = startNode([
    BATON,
    'trace',
    logs,
    '--spill',
    at('spill'),
    '--parquet',
    at('kept'),
    '--html',
    at('report.html'),
  ]);
  try {
    await waitFor('its temporary folder', () => readdirSync(at('spill')).length > 0);
    run.signal('SIGINT');
    expect(await run.ended).toBe(130);
  } finally {
    await run.end();
  }
  expect(run.stderr).toBe('baton: interrupted; nothing half written was left behind.\n');
  expect([readdirSync(at('spill')), existsSync(at('kept')), existsSync(at('report.html'))]).toEqual([[], false, false]);
});
