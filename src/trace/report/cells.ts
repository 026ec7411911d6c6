import type { Cell, Span } from '../report-model';
import { count, exactTime, time } from './units';

/** In milliseconds: nothing takes three years, and no log is from before 1973. */
const EARLIEST_TIME = 1e11;

/** Numbers that name something and count nothing. */
const NAMES = /(?:^|_)(?:id|port|status|substatus|code|line)$/;

/** A cell of a table of rows, with its unit: a column `…_ms` holds times of the calendar, or how long something took. */
export function cellText(cell: Cell, column: string): string {
  if (cell === null || cell === '') return '–';
  if (typeof cell === 'string' && column.endsWith('_at')) return timeText(cell);
  if (typeof cell !== 'number') return String(cell);
  if (column.endsWith('_ms')) return cell >= EARLIEST_TIME ? time(cell) : `${numberText(cell)} ms`;
  return NAMES.test(column) ? String(cell) : numberText(cell);
}

/** `2026-03-12T09:30:00.000Z` as `2026-03-12 09:30:00`. */
function timeText(text: string): string {
  return /^\d{4}-\d{2}-\d{2}T.*Z$/.test(text) ? exactTime(Date.parse(text)).replace(/\.000$/, '') : text;
}

const numberText = (value: number): string =>
  Number.isInteger(value) ? count(value) : String(Number(value.toFixed(2)));

/** What the column is called: the unit is in its cells. */
export const columnName = (column: string): string =>
  column === 't_ms' ? 'time' : column.replace(/_ms$/, '').replaceAll('_', ' ');

/** What else the line of a span's log says, in words: nothing that stands beside it already. */
export function spanFacts({ details, label, status }: Span, correlationId: string): string {
  const said = new Set<Cell>([null, '', label, status, correlationId]);
  const rest = Object.entries(details).filter(([, value]) => !said.has(value) && String(value) !== status);
  return rest.map(([name, value]) => `${columnName(name)} ${cellText(value, name)}`).join(' · ');
}
