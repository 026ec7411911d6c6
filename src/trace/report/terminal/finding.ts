import type { Finding } from '../../report-model';
import { cellText, columnName } from '../cells';
import { count, plural } from '../units';
import { cell, painter, widthOf, wrapped, type Screen } from './text';

/** One finding with what it means, what to do, and the rows behind it. */
export function terminalFinding(finding: Finding, screen: Screen): string {
  const { rule, severity, certainty, title, explanation, advice } = finding;
  const paint = painter(screen);
  const color = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'dim';
  return [
    ...wrapped(title, screen.columns).map((line) => paint(line, 'bold', color)),
    paint(cell(`${rule}, ${severity}, ${certainty}, ${plural(finding.count, 'row')}`, screen.columns).trimEnd(), 'dim'),
    '',
    ...wrapped(explanation, screen.columns),
    '',
    ...wrapped(`What to do: ${advice}`, screen.columns),
    ...evidenceLines(finding, screen),
  ].join('\n');
}

function evidenceLines({ evidence: { columns, rows, total } }: Finding, screen: Screen): string[] {
  if (rows.length === 0) return [];
  const paint = painter(screen);
  const texts = rows.map((row) => row.map((value, index) => cellText(value, columns[index] ?? '')));
  const names = columns.map(columnName);
  const isNumber = columns.map((_, index) => typeof rows[0]?.[index] === 'number');
  const needed = names.map((name, i) => Math.max(widthOf(name), ...texts.map((row) => widthOf(row[i] ?? ''))));
  const widths = shrunk(needed, isNumber, screen.columns);
  const left = total - rows.length;
  const more = left > 0 ? [paint(`and ${count(left)} more`, 'dim')] : [];
  // A table of nothing but beginnings says nothing: then each row is a paragraph.
  if (widths.some((width, index) => width < Math.min(needed[index] ?? 0, 9))) {
    return [...texts.flatMap((row) => ['', ...paragraph(row, names, screen)]), ...more];
  }
  const lineOf = (row: readonly string[]): string =>
    row
      .map((text, index) => cell(text, widths[index] ?? 0, isNumber[index] ? 'right' : 'left'))
      .join('  ')
      .trimEnd();
  return ['', paint(lineOf(names), 'dim'), ...texts.map(lineOf), ...more];
}

/** A row as its first value, and below it what the others are. */
function paragraph([first = '', ...rest]: readonly string[], names: readonly string[], screen: Screen): string[] {
  const facts = rest.flatMap((text, index) => (text === '–' ? [] : [`${names[index + 1] ?? ''} ${text}`]));
  const lines = wrapped(facts.join(' · '), screen.columns - 2).map((line) => `  ${line}`);
  return [cell(first, screen.columns).trimEnd(), ...lines];
}

/** Column widths that fit: of those that hold words the widest gives first, since half a number or time is none. */
function shrunk(widths: readonly number[], isNumber: readonly boolean[], columns: number): readonly number[] {
  const fitting = [...widths];
  const tooWide = (): boolean => fitting.reduce((all, width) => all + width + 2, -2) > columns;
  for (const [gives, least] of [[(index: number) => !isNumber[index], 8] as const, [() => true, 4] as const]) {
    while (tooWide()) {
      const widest = Math.max(0, ...fitting.filter((_, index) => gives(index)));
      if (widest <= least) break;
      fitting[fitting.findIndex((width, index) => width === widest && gives(index))] = widest - 1;
    }
  }
  return fitting;
}
