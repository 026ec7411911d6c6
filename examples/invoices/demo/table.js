'use strict';

const CORRELATION_WIDTH = 16;

const short = (text) => (text.length > CORRELATION_WIDTH ? `${text.slice(0, CORRELATION_WIDTH - 1)}…` : text);

/** Rows of text under headings, as wide as they need. */
function table(headings, rows) {
  const lines = [headings, ...rows].map((row) => row.map((cell) => String(cell ?? '')));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const write = (line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  return [write(lines[0]), widths.map((width) => '─'.repeat(width)).join('  '), ...lines.slice(1).map(write)].join(
    '\n',
  );
}

const who = (subject, actor) => (subject ? `${subject}${actor ? ` ← ${actor}` : ''}` : '–');

/** The demo's steps as a person reads them. */
function stepTable(rows, names) {
  const named = (subject) => names.get(subject) ?? subject;
  return table(
    ['', 'step', 'sent', 'came back', 'the app saw', 'the function saw', 'correlation ID'],
    rows.map((row) => [
      row.ok ? '✓' : '✗',
      row.name,
      `${row.via.padEnd(4)} ${row.request}`,
      row.status === row.expected ? row.status : `${row.status}, not ${row.expected}`,
      who(named(row.app), row.actor),
      who(named(row.function), row.function && row.actor),
      short(row.correlationId ?? '–'),
    ]),
  );
}

module.exports = { stepTable, table };
