/** A line of a comparison: kept, removed from the old text, or added by the new one. */
type Change = readonly [mark: ' ' | '-' | '+', line: string];

/** How many unchanged lines are shown round a change. */
const CONTEXT_LINES = 3;

/** `length[i][j]`: the longest common subsequence of `a` from `i` on and `b` from `j` on. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    const row = table[i] ?? [];
    for (let j = b.length - 1; j >= 0; j--) {
      const next = a[i] === b[j] ? valueAt(table, i + 1, j + 1) + 1 : undefined;
      row[j] = next ?? Math.max(valueAt(table, i + 1, j), valueAt(table, i, j + 1));
    }
  }
  return table;
}

const valueAt = (table: readonly (readonly number[])[], i: number, j: number): number => table[i]?.[j] ?? 0;

function compare(a: readonly string[], b: readonly string[]): Change[] {
  const lengths = commonLengths(a, b);
  const changes: Change[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      changes.push([' ', a[i] ?? '']);
      i++;
      j++;
    } else if (i < a.length && (j === b.length || valueAt(lengths, i + 1, j) >= valueAt(lengths, i, j + 1))) {
      changes.push(['-', a[i++] ?? '']);
    } else {
      changes.push(['+', b[j++] ?? '']);
    }
  }
  return changes;
}

/** The stretches that are shown: changes with their context, joined where they touch. */
function stretches(changes: readonly Change[]): (readonly [from: number, to: number])[] {
  const found: [number, number][] = [];
  changes.forEach(([mark], at) => {
    if (mark === ' ') return;
    const from = Math.max(0, at - CONTEXT_LINES);
    const to = Math.min(changes.length, at + CONTEXT_LINES + 1);
    const last = found.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else found.push([from, to]);
  });
  return found;
}

const countOf = (changes: readonly Change[], without: '-' | '+'): number =>
  changes.filter(([mark]) => mark !== without).length;

/** A range as the header of a hunk has it: an empty one names the line before it. */
function range(before: number, count: number): string {
  return count === 1 ? `${before + 1}` : `${count === 0 ? before : before + 1},${count}`;
}

const NO_NEWLINE = '\\ No newline at end of file';

/** A text as lines; the mark that its last line has no end goes with that line, so that it counts as another one. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n${NO_NEWLINE}`];
}

/**
 * What changes between two texts, as `diff -u` and `git diff` show it; `patch -p1` and `git apply` take it.
 *
 * For files that people wrote: time and memory grow with the product of the numbers of lines.
 *
 * @param name the file's path, `/` between folders; shown as `a/name` and `b/name`
 * @returns an empty text where nothing changes
 * @example
 * ```ts
 * unifiedDiff('server.js', 'one\n', 'one\ntwo\n');
 * // '--- a/server.js\n+++ b/server.js\n@@ -1 +1,2 @@\n one\n+two\n'
 * ```
 * @see https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html
 */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return '';
  const changes = compare(linesOf(before), linesOf(after));
  const hunks = stretches(changes).map(([from, to]) => {
    const [earlier, shown] = [changes.slice(0, from), changes.slice(from, to)];
    const old = range(countOf(earlier, '+'), countOf(shown, '+'));
    const next = range(countOf(earlier, '-'), countOf(shown, '-'));
    return [`@@ -${old} +${next} @@`, ...shown.map(([mark, line]) => `${mark}${line}`)].join('\n');
  });
  return [`--- a/${name}`, `+++ b/${name}`, ...hunks, ''].join('\n');
}
