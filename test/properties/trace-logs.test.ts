import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import type { Cell } from '../../src/trace/report-model';
import { readLogs, type Reading } from '../trace/ingest/reading';
import { SEED, title } from './property';

/** Each has fields of its own, and so needs a statement of its own; `BATON_TRACE_FILES=5000` for a long night. */
const FILES = Number(process.env.BATON_TRACE_FILES ?? 150);

const KNOWN = [
  'cs-method',
  'cs-uri-stem',
  'time-taken',
  'c-ip',
  'cs-username',
  'cs(User-Agent)',
  'cs-correlation-id',
  'sc-correlation-id',
  's-port',
];
const OTHERS = ['cs(Cookie)', 'x-forwarded-for', 'cs-uri-query', 'time-taken', 'CS-USERNAME'];
const HOSTILE = [
  '"',
  "'",
  '#',
  '#Fields:',
  '{"a":1}',
  '\\',
  '%00',
  '<script>',
  '\u0000',
  '\u001b[2J',
  '\u2028',
  'ü',
  '∑',
  '-',
  '+',
  ',',
  ';',
  '\t',
  '\u0001',
  '\u0001\u0002\u0003\u0004',
  '`',
  '$(x)',
  'NULL',
  "');--",
  'x\ry',
];
const DATES = ['2026-03-01', '2026-12-31', '2026-02-30', '2026-13-01', '-', 'infinity++'];
const TIMES = ['00:00:00', '12:34:56', '23:59:59', '25:00:00', '12:61:00', '-', 'epoch+++'];

const often = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: unusual });
const someOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const word = fc.string({ unit: someOf([...'abcXYZ09._:=-/'.split('')]), minLength: 1, maxLength: 12 });

function valueOf(field: string): fc.Arbitrary<string> {
  const name = field.toLowerCase();
  if (name === 'date') return often(someOf(DATES.slice(0, 2)), someOf(DATES));
  if (name === 'time') return often(someOf(TIMES.slice(0, 3)), someOf(TIMES));
  if (name === 'sc-status')
    return often(fc.integer({ min: 200, max: 599 }).map(String), someOf(['-', 'OK', '2OO', '']));
  if (['time-taken', 's-port'].includes(name))
    return often(fc.nat(99_999).map(String), someOf(['-', 'x', '99999999999']));
  if (name === 'c-ip') return someOf(['10.0.0.1', '::1%0', 'fe80::1%17', '2001:db8::1', '-']);
  return often(word, someOf(HOSTILE), 3);
}

const fieldList = fc
  .tuple(
    fc.shuffledSubarray(KNOWN),
    fc.shuffledSubarray(OTHERS),
    often(fc.constant<string[]>(['date', 'time']), fc.shuffledSubarray(['date', 'time']), 4),
  )
  .chain(([known, others, when]) =>
    fc.shuffledSubarray([...known, ...others, ...when, 'sc-status'], {
      minLength: known.length + others.length + when.length + 1,
    }),
  );

/** What happens to a row on its way: mostly nothing. */
const broken = (values: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(values.join(' ')) },
    { weight: 1, arbitrary: fc.constant(values.slice(1).join(' ')) },
    { weight: 1, arbitrary: fc.constant([...values, 'more'].join(' ')) },
    { weight: 1, arbitrary: fc.constant(values.join('  ')) },
    { weight: 1, arbitrary: fc.constant(` ${values.join(' ')} `) },
    { weight: 1, arbitrary: someOf(['', ' ', '\t', '#', '#Date: 2026-05-05 00:00:00', '#Remark: x', 'x']) },
  );

const segment = fieldList.chain((fields) =>
  fc.record({
    header: someOf([' ', '  ']).map((blank) => `#Fields:${blank}${fields.join(blank)}${blank === ' ' ? '' : ' '}`),
    lines: fc.array(fc.tuple(...fields.map(valueOf)).chain(broken), { maxLength: 8 }),
  }),
);

/** Three segments at most, so that fields often stay and sometimes change, or come back. */
const file = fc
  .record({
    above: often(
      fc.constant<string[]>([]),
      fc.array(someOf(['2026-03-01 00:00:00 x', '', '#Version: 1.0']), { maxLength: 3 }),
      6,
    ),
    segments: fc.array(segment, { minLength: 1, maxLength: 3 }),
    order: often(fc.constant<number[]>([0]), fc.constantFrom<number[]>([0, 0], [0, 1], [0, 1, 0], [0, 1, 2]), 2),
    end: often(someOf(['\n', '\r\n']), fc.constant('mixed')),
    isFinished: often(fc.constant(true), fc.constant(false), 5),
    encoding: often(fc.constant('utf8' as const), fc.constant('latin1' as const)),
    mark: often(fc.constant(''), fc.constant('\ufeff')),
  })
  .map(({ above, segments, order, end, isFinished, encoding, mark }) => {
    const lines = [
      ...above,
      ...order.flatMap((index) =>
        [segments[index % segments.length]!].flatMap(({ header, lines: rows }) => [header, ...rows]),
      ),
    ];
    const text = lines
      .map((line, index) => line + (end === 'mixed' ? ['\n', '\r\n', '\r\r\n'][index % 3]! : end))
      .join('');
    return Buffer.from(mark + (isFinished ? text : text.replace(/[\r\n]+$/, '')), mark === '' ? encoding : 'utf8');
  });

interface Parsed {
  readonly rows: readonly string[];
  readonly lines: number;
  readonly rejected: number;
  readonly skipped: number;
}

const number = (text: string | undefined, max: number): number | null =>
  text !== undefined && /^-?\d+$/.test(text) && Math.abs(Number(text)) <= max ? Number(text) : null;

function timeOf(date: string | undefined, time: string | undefined): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(date ?? '') || !/^\d\d:\d\d:\d\d$/.test(time ?? '')) return null;
  const parsed = new Date(`${date}T${time}Z`);
  return Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== date ? null : parsed.getTime();
}

/** A parser that nobody would want to wait for, and that shares nothing with the one it is held against. */
function parse(bytes: Buffer): Parsed {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const rows: string[] = [];
  let [rejected, skipped, fields, day]: [number, number, string[] | undefined, string | undefined] = [
    0,
    0,
    undefined,
    undefined,
  ];
  lines.forEach((raw, index) => {
    const line = readable(Buffer.from(raw.replace(/\r+$/, ''), 'latin1'), index === 0);
    if (/^[ \t]*$/.test(line)) {
      skipped++;
      return;
    }
    if (line.startsWith('#')) {
      skipped++;
      if (line.startsWith('#Fields:')) fields = line.slice(8).trim().toLowerCase().split(/\s+/);
      if (line.startsWith('#Date:')) day = line.slice(7, 17);
      return;
    }
    const row = fields && rowOf(line, fields, day);
    if (row === undefined) rejected++;
    else rows.push(row);
  });
  return { rows: rows.sort(), lines: lines.length, rejected, skipped };
}

function readable(bytes: Buffer, isFirst: boolean): string {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : new TextDecoder('windows-1252').decode(bytes);
  const line = (isFirst ? text.replace(/^\ufeff/, '') : text).replace(/\r/g, '+');
  return line.replace(/\u0001\u0002\u0003\u0004$/, '').replaceAll('\u0001\u0002\u0003\u0004', '+');
}

function rowOf(line: string, fields: readonly string[], day: string | undefined): string | undefined {
  let values = line.split(' ');
  if (values.length !== fields.length) values = line.split(' ').filter((value) => value !== '');
  if (values.length !== fields.length) return undefined;
  const raw = (name: string): string | undefined => (fields.includes(name) ? values[fields.indexOf(name)] : undefined);
  const text = (name: string): string | null => (['-', '', undefined].includes(raw(name)) ? null : raw(name)!);
  const t = timeOf(fields.includes('date') ? raw('date') : day, raw('time'));
  const status = raw('sc-status');
  if (t === null || (status !== '-' && status !== '' && number(status, 2147483647) === null)) return undefined;
  const [sent, answered] = [text('cs-correlation-id'), text('sc-correlation-id')];
  return JSON.stringify([
    t,
    text('cs-method'),
    text('cs-uri-stem'),
    number(status, 2147483647),
    number(raw('time-taken'), 2147483647),
    text('c-ip')?.split('%')[0] ?? null,
    text('cs(user-agent)')?.replaceAll('+', ' ') ?? null,
    text('cs-username'),
    answered ?? sent,
  ]);
}

let reading: Reading;
let found: ReadonlyMap<string, Readonly<Record<string, Cell>>>;
const inputs = fc.sample(file, { numRuns: FILES, seed: SEED });

beforeAll(async () => {
  reading = await readLogs(Object.fromEntries(inputs.map((bytes, index) => [`u_ex${index}.log`, bytes])));
  const columns = 't_ms, method, path, status, time_taken_ms, client_ip, user_agent, username, correlation_id';
  const rows = await reading.rows(`SELECT file_id, ${columns} FROM iis`);
  const byFile = new Map<Cell, string[]>();
  for (const { file_id: id, ...row } of rows) {
    byFile.set(id!, [...(byFile.get(id!) ?? []), JSON.stringify(Object.values(row))]);
  }
  const files = await reading.rows('SELECT file_id, path, kind, lines, rows_rejected, rows_skipped FROM files');
  found = new Map(
    files.map((one) => {
      const own = byFile.get(one['file_id']!) ?? [];
      return [/u_ex\d+/.exec(String(one['path']))![0], { ...one, rows: own.sort().join('\n') }];
    }),
  );
});
afterAll(() => reading?.close());

it(
  title('W3C logs with any fields, that change, and values of any kind are read as a slow parser reads them', FILES),
  () => {
    let [rows, rejected, changed] = [0, 0, 0];
    inputs.forEach((bytes, index) => {
      const expected = parse(bytes);
      const { kind, lines, rows_rejected, rows_skipped, rows: own } = found.get(`u_ex${index}`)!;
      const shown = { index, text: bytes.toString('latin1') };
      expect({ ...shown, kind, lines, rows_rejected, rows_skipped, rows: own }).toEqual({
        ...shown,
        kind: 'iis',
        lines: expected.lines,
        rows_rejected: expected.rejected,
        rows_skipped: expected.skipped,
        rows: expected.rows.join('\n'),
      });
      rows += expected.rows.length;
      rejected += expected.rejected;
      changed += new Set(bytes.toString('latin1').match(/^#Fields:.*$/gm)).size > 1 ? 1 : 0;
    });
    // Enough of each, or nothing was tested.
    expect([rows > 2 * FILES, rejected > FILES / 2, changed > FILES / 10]).toEqual([true, true, true]);
  },
);
