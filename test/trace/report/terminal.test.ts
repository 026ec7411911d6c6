import { stripVTControlCharacters } from 'node:util';
import { terminalFinding } from '../../../src/trace/report/terminal/finding';
import { terminalSummary } from '../../../src/trace/report/terminal/summary';
import { bar, cell, widthOf, wrapped } from '../../../src/trace/report/terminal/text';
import { terminalWaterfall } from '../../../src/trace/report/terminal/waterfall';
import { hostileReport } from '../../support/hostile-report';
import { emptyReport, traceReport } from '../../support/trace-report';

const report = traceReport();
const plain = (columns: number) => ({ columns, color: false });
const everything = (of: typeof report, columns: number): string[] => [
  terminalSummary(of, plain(columns)),
  ...of.slowest.map((waterfall) => terminalWaterfall(waterfall, plain(columns))),
  ...of.findings.map((finding) => terminalFinding(finding, plain(columns))),
];
const linesOf = (texts: readonly string[]): string[] => texts.flatMap((text) => text.split('\n'));

it.each([80, 120])('fits into %i columns, the summary into 40 lines', (columns) => {
  expect(linesOf(everything(report, columns)).filter((line) => widthOf(line) > columns)).toEqual([]);
  expect(terminalSummary(report, plain(columns)).split('\n').length).toBeLessThanOrEqual(40);
});

it('says what was read, how it went, what is slow and what is wrong', () => {
  const text = terminalSummary(report, plain(80));
  for (const line of [
    /^2 errors and 2 warnings in these logs$/m,
    /^2026-03-12 00:00:00 – 2026-03-13 00:00:00 UTC$/m,
    /^iis {7}2 files +478 MB +2,984,931 lines {2}4 rejected \(width 4\)$/m,
    /^Requests {2}Gateway 2,964,353 → IIS 2,984,911 → App 2,955,142$/m,
    /^ +35,647 came round the gateway$/m,
    /^Total +2\.95 M +160 ms +128 ms +512 ms +1\.18 s +9\.6 s {2}█+$/m,
    /^POST \/invoices\/\{id\}\/render +265 k +720 ms +2\.88 s +6\.66 s$/m,
    /^ERROR {4}Requests reached IIS without the gateway {2}bypass-without-id$/m,
    /^--rule bypass-without-id +the rows behind a finding$/m,
    /^baton trace \S+ +the slowest request$/m,
  ]) {
    expect(text).toMatch(line);
  }
});

it('draws the bars of the hops so that they add up to no more than the whole', () => {
  const hops = report.hops.map((row) => (row.hop === 'function' ? { ...row, requests: 10, meanMs: 5000 } : row));
  const text = terminalSummary({ ...report, hops }, plain(120));
  // 10 of 2.9 million requests called one: five seconds each are next to nothing for all.
  expect(text).toMatch(/^Function +10 +5 s .* {2}▏$/m);
});

it('says of files that were not read to their end why, whether or not lines were rejected', () => {
  const gone = { reason: 'gzip: unexpected end of file', rows: 0, sample: '' };
  const [first, ...others] = report.inputs;
  const text = (file: object): string =>
    terminalSummary({ ...report, inputs: [{ ...first!, ...file }, ...others] }, plain(120));
  expect(text({ kind: 'function', rowsRejected: 0, rejects: [gone] })).toMatch(
    /^function .* lines {2}1 file incomplete \(gzip: unexpected end of file\)$/m,
  );
  const width = { reason: 'width', rows: 3, sample: '' };
  expect(text({ kind: 'function', rowsRejected: 3, rejects: [gone, width] })).toMatch(
    / lines {2}1 file incomplete \(gzip: unexpected end of file\), 3 rejected \(wid…$/m,
  );
});

it('says of no logs that there were none', () => {
  expect(terminalSummary(emptyReport(), plain(80))).toBe('No logs were read: there are no files');
});

it('draws a request as a waterfall', () => {
  const [slowest] = report.slowest;
  const text = terminalWaterfall(slowest!, plain(80));
  expect(text).toContain(`Request ${slowest!.correlationId}\nPOST /invoices/{id}/render  200, 41.4 s\n`);
  expect(text).toMatch(/^gateway {2}gateway +█+ +41\.4 s {2}200$/m);
  expect(text).toMatch(/^audit {4}authenticate +◆ +allowed$/m);
  expect(text).toMatch(/^ {9}billed 600 ms · memory mb 512 · max memory mb 341$/m);
});

it('shows the rows behind a finding, times and numbers whole', () => {
  const text = terminalFinding(report.findings[0]!, plain(80));
  expect(text).toMatch(/^2026-03-12 00:00:00 {2}WEB01 .* 12 ms$/m);
  expect(text).toMatch(/\nand 29,749 more$/);
});

it('colours only where it may', () => {
  const color = { columns: 80, color: true };
  expect(terminalSummary(report, color)).toContain('\u001b[1;31m2 errors and 2 warnings');
  expect(stripVTControlCharacters(terminalSummary(report, color))).toBe(terminalSummary(report, plain(80)));
});

it('shows nothing of logs that a terminal would obey, however long it is', () => {
  const lines = linesOf(everything(hostileReport(), 80));
  expect(lines.filter((line) => /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/.test(line))).toEqual([]);
  expect(lines.filter((line) => widthOf(line) > 80)).toEqual([]);
  expect(lines.join('\n')).toContain('\\u001b[2J');
});

it.each<[string, string]>([
  [cell('abc', 5), 'abc  '],
  [cell('abc', 5, 'right'), '  abc'],
  [cell('abcdef', 4), 'abc…'],
  [cell('請求書一覧', 6), '請求… '],
  [cell('e\u0301te\u0301', 4), 'e\u0301te\u0301 '],
  [bar(0, 10), ''],
  [bar(1e-9, 10), '▏'],
  [bar(0.5, 10), '█████'],
  [bar(7, 3), '███'],
  [wrapped('one two three', 8, '  ').join('|'), 'one two|  three'],
])('text: %s', (shown, expected) => {
  expect(shown).toBe(expected);
});
