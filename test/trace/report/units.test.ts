import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import * as units from '../../../src/trace/report/units';

const { bytes, compact, count, duration, percent, plural, shortDuration, time, timeRange } = units;

it.each<[string, string]>([
  [count(0), '0'],
  [count(999), '999'],
  [count(2_949_264), '2,949,264'],
  [count(-1234), '-1,234'],
  [compact(9999), '9,999'],
  [compact(15_089), '15.1 k'],
  [compact(2_949_264), '2.95 M'],
  [compact(1.2e9), '1.2 G'],
  [duration(0), '0 ms'],
  [duration(0.44), '0.4 ms'],
  [duration(9.96), '10 ms'],
  [duration(999.6), '1 s'],
  [duration(1843), '1.84 s'],
  [duration(59_996), '1 min'],
  [duration(124_000), '2 min 4 s'],
  [duration(12_000_000), '3 h 20 min'],
  [duration(187_200_000), '2 d 4 h'],
  [duration(-40), '-40 ms'],
  [shortDuration(1843), '1.84 s'],
  [shortDuration(883_000), '14.7 min'],
  [shortDuration(3_599_900), '1 h'],
  [shortDuration(12_000_000), '3.33 h'],
  [shortDuration(187_200_000), '2.17 d'],
  [shortDuration(-883_000), '-14.7 min'],
  [bytes(512), '512 B'],
  [bytes(999_600), '1 MB'],
  [bytes(1_210_000_000), '1.21 GB'],
  [percent(0, 0), '–'],
  [percent(0, 10), '0 %'],
  [percent(1, 1_000_000), '< 0.01 %'],
  [percent(999_999, 1_000_000), '> 99.99 %'],
  [percent(12, 10_000), '0.12 %'],
  [percent(1, 3), '33.3 %'],
  [plural(1, 'file'), '1 file'],
  [plural(0, 'file'), '0 files'],
  [time(0), '1970-01-01 00:00:00'],
  [time(1e30), '–'],
  [timeRange(0, 60_000), '1970-01-01 00:00:00 – 00:01:00 UTC'],
  [timeRange(0, 86_400_000), '1970-01-01 00:00:00 – 1970-01-02 00:00:00 UTC'],
])('%s is %s', (shown, expected) => {
  expect(shown).toBe(expected);
});

it('the page counts in the same units', () => {
  const script = readFileSync(path.join(__dirname, '../../../src/trace/report/page/units.js'), 'utf8');
  const page = runInNewContext(`${script}; ({ count, compact, duration, percent })`) as typeof units;
  const values = [
    0, 0.04, 0.96, 9.94, 9.96, 42, 999.4, 999.6, 9999, 10_000, 59_994, 59_996, 3_599_600, 12_345_678, 9e9,
  ];
  for (const value of values) {
    for (const name of ['count', 'compact', 'duration'] as const) {
      expect([name, value, page[name](value)]).toEqual([name, value, units[name](value)]);
    }
    expect(page.percent(value, 1e6)).toBe(percent(value, 1e6));
  }
});
