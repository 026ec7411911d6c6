import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Part {
  readonly name: string;
  readonly title: string;
}
type Results = Readonly<Record<string, { readonly blocks: readonly unknown[] }>>;

const bench = path.join(__dirname, '..', '..', 'bench');
const { medianBounds } = require('../../bench/statistics.js') as { medianBounds(values: number[]): [number, number] };
const { verdictOf } = require('../../bench/compare.js') as {
  verdictOf(measured: { changes: number[]; noise: number[] }): { change: number; verdict: string };
};
const { PARTS } = require('../../bench/parts.js') as { PARTS: readonly Part[] };
const { page } = require('../../bench/page.js') as {
  page(results: Results, parts: readonly Part[], folder: string, earlier: string): string;
};
const { plot } = require('../../bench/plot.js') as { plot(results: Results, parts: readonly Part[]): string };

const textOf = (name: string): string => readFileSync(path.join(bench, name), 'utf8');
const results = JSON.parse(textOf('results.json')) as Results;

describe('the benchmark page', () => {
  it('holds the figures of the last runs, and no others', () => {
    const written = textOf('README.md');
    const sections = page(results, PARTS, bench, written).split(/^(?=## )/m);
    // What `npm run bench:trace` writes is newer than this page, or older.
    const own = sections.filter((section) => !section.startsWith('## Reading logs'));
    expect(own.filter((section) => !written.includes(section))).toEqual([]);
    expect(Object.keys(results).sort()).toEqual(PARTS.map(({ name }) => name).sort());
  });

  it('shows the picture of the same figures', () => {
    expect(textOf('plot.svg')).toBe(plot(results, PARTS));
  });

  it('has a picture without scripts and references, for light and dark grounds', () => {
    const drawn = plot(results, PARTS);
    expect(drawn).not.toMatch(/<script|href|url\(|NaN|undefined|Infinity/);
    expect(drawn).toContain('prefers-color-scheme: dark');
    const width = Number(/viewBox="0 0 (\d+) /.exec(drawn)?.[1]);
    // Each whisker and each mark within the picture.
    for (const [, x] of drawn.matchAll(/ (?:x|x1|x2|cx)="([\d.-]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(width);
    }
  });
});

describe('a change beside a base', () => {
  // The ranks whose binomial tails are at most 2.5 % each.
  it.each([
    [5, [1, 5]],
    [6, [1, 6]],
    [9, [2, 8]],
    [15, [4, 12]],
    [21, [6, 16]],
  ])('bounds the median of %i rounds by their values %j', (count, bounds) => {
    expect(medianBounds(Array.from({ length: count }, (_, index) => count - index))).toEqual(bounds);
  });

  const nine = (value: number, spread: number): number[] =>
    Array.from({ length: 9 }, (_, index) => value + (spread * (index - 4)) / 4);

  it.each([
    ['less', nine(0.9, 0.02), nine(1.01, 0.02)],
    ['MORE', nine(1.1, 0.02), nine(0.99, 0.02)],
    ['no difference', nine(0.98, 0.1), nine(1, 0.01)],
    // All rounds agree, and so do those of two processes of the very same build.
    ['no difference', nine(0.97, 0.01), nine(1.05, 0.01)],
  ])('calls it "%s"', (verdict, changes, noise) => {
    expect(verdictOf({ changes, noise }).verdict).toBe(verdict);
  });
});
