import type { Cell, Finding, Rows } from '../../report-model';
import type { SqlEngine } from '../sql-engine';
import type { Rule } from './rule';

/** Rows of evidence in a report. */
const EVIDENCE_ROWS = 50;

/** How many there are, and the rule's figures: one row. */
export function figuresSql({ rows, figures = {} }: Rule): string {
  const columns = Object.entries(figures).map(([name, aggregate]) => `${aggregate} AS ${name}`);
  return `WITH found AS (${rows}\n)\nSELECT ${['count(*) AS found', ...columns].join(', ')} FROM found`;
}

/** The first rows behind it. */
export function evidenceSql({ rows, order }: Rule): string {
  return `WITH found AS (${rows}\n)\nSELECT * FROM found ORDER BY ${order} LIMIT ${EVIDENCE_ROWS}`;
}

/** What a rule has to say of these logs. */
export async function runRule(engine: SqlEngine, rule: Rule): Promise<Finding | undefined> {
  const [figures] = await engine.rows(figuresSql(rule));
  const found = Number(figures?.['found'] ?? 0);
  if (figures === undefined || found === 0) return undefined;
  const said = rule.say(figures);
  if (said === undefined) return undefined;
  const { id, group, severity, certainty } = rule;
  const evidence = asRows(await engine.rows(evidenceSql(rule)), found);
  return { rule: id, group, severity, certainty, count: found, ...said, evidence };
}

function asRows(rows: readonly Record<string, Cell>[], total: number): Rows {
  const columns = Object.keys(rows[0] ?? {});
  return { columns, rows: rows.map((row) => columns.map((column) => shown(column, row[column] ?? null))), total };
}

const isTime = (column: string): boolean => column.endsWith('_at');

function shown(column: string, value: Cell): Cell {
  return isTime(column) && typeof value === 'number' ? timeText(value) : value;
}

/** What a damaged log calls a time may be none. */
function timeText(epochMs: number): string {
  const time = new Date(epochMs);
  return Number.isNaN(time.getTime()) ? String(epochMs) : time.toISOString();
}
