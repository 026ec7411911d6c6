import fc from 'fast-check';
import { unifiedDiff } from '../../src/core/unified-diff';

/** Applies a unified diff as `patch` does, strictly: every context and removed line must be where the header says. */
function patched(before: string, diff: string): string {
  const source = before.split('\n');
  const result: string[] = [];
  let at = 0;
  for (const hunk of diff.split(/^(?=@@)/m).slice(1)) {
    const [header = '', ...lines] = hunk.split('\n');
    const [, start = '', count = '1'] = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(header) ?? [];
    const from = Number(count) === 0 ? Number(start) : Number(start) - 1;
    while (at < from) result.push(source[at++]!);
    for (const line of lines.slice(0, -1)) {
      if (line.startsWith('\\')) continue;
      if (line.startsWith('+')) result.push(line.slice(1));
      else {
        expect(source[at]).toBe(line.slice(1));
        if (line.startsWith(' ')) result.push(source[at]!);
        at++;
      }
    }
  }
  return [...result, ...source.slice(at)].join('\n');
}

it('shows what changes with three lines round it, in the form that git apply takes', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', ''].join('\n');
  const after = before.replace('e\n', 'E\nE2\n');
  expect(unifiedDiff('src/app.js', before, after)).toBe(
    [
      '--- a/src/app.js',
      '+++ b/src/app.js',
      '@@ -2,6 +2,7 @@',
      ' b',
      ' c',
      ' d',
      '-e',
      '+E',
      '+E2',
      ' f',
      ' g',
      '',
    ].join('\n'),
  );
});

it.each([
  ['nothing', 'a\n', 'a\n', ''],
  ['a new text', '', 'a\n', '--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n'],
  ['an emptied text', 'a\n', '', '--- a/f\n+++ b/f\n@@ -1 +0,0 @@\n-a\n'],
  ['the end of the last line', 'a', 'a\n', '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n'],
])('%s', (_what, before, after, diff) => {
  expect(unifiedDiff('f', before, after)).toBe(diff);
});

it('two changes far apart are two hunks, two near ones are one', () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const change = (...at: number[]): string => lines.map((line, i) => (at.includes(i) ? `${line}!` : line)).join('\n');
  const hunks = (...at: number[]): number => unifiedDiff('f', change(), change(...at)).match(/^@@/gm)!.length;
  expect([hunks(2, 20), hunks(2, 6), hunks(0, 29)]).toEqual([2, 1, 2]);
});

it('leads from any text to any other', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 25 })
    .map((lines) => lines.map((l) => `${l}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patched(before, unifiedDiff('f', before, after))).toBe(after);
    }),
    { numRuns: 500, seed: 4 },
  );
});
