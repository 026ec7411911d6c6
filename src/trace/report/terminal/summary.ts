import { HOPS, type Finding, type HopLatency, type InputFile, type TraceReport } from '../../report-model';
import { bytes, compact, count, plural, shortDuration, timeRange } from '../units';
import {
  addedMs,
  bypasses,
  byHop,
  countSeverities,
  hasLogs,
  HOP_WORDS,
  rankFindings,
  spanOf,
  traceCommand,
  verdict,
  wholeOf,
} from '../words';
import { printable } from '../../../core/printable';
import { bar, cell, cut, painter, widthOf, type Paint, type Screen } from './text';

/** The first screen has 40 lines; these many of each are what fits. */
const MAX_ROUTES = 6;
const MAX_FINDINGS = 10;

/**
 * What an operator wants to know first: what was read, how the requests went, where the time goes, what is wrong, and which
 * command says more. Text of logs is made harmless for the terminal.
 */
export function terminalSummary(report: TraceReport, screen: Screen): string {
  const parts = [headLines(report, screen), inputLines(report.inputs, screen), wayLines(report, screen)];
  parts.push(hopLines(report.hops, screen), routeLines(report.hops, screen), findingLines(report, screen));
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function headLines(report: TraceReport, screen: Screen): string[] {
  const paint = painter(screen);
  const { error, warning } = countSeverities(report.findings);
  const color: Paint = error > 0 ? 'red' : warning > 0 ? 'yellow' : 'green';
  const span = spanOf(report);
  const said = !hasLogs(report.inputs) ? paint(verdict(report), 'bold') : paint(verdict(report), 'bold', color);
  return [said, ...(span === undefined ? [] : [paint(timeRange(span.fromMs, span.toMs), 'dim')])];
}

/** One line a kind of log: a folder may hold hundreds of files. */
function inputLines(inputs: readonly InputFile[], screen: Screen): string[] {
  const paint = painter(screen);
  const kinds = [...new Set(inputs.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const files = inputs.filter((input) => input.kind === kind);
    const sum = (member: 'lines' | 'bytes'): number => files.reduce((all, file) => all + file[member], 0);
    const size = `${cell(kind, 9)} ${cell(plural(files.length, 'file'), 10)} ${cell(bytes(sum('bytes')), 8, 'right')}`;
    const rejects = files.flatMap((file) => file.rejects);
    if (kind === 'unread') return `${size}  ${paint(cut(whyFiles(rejects), screen.columns - 32), 'yellow')}`;
    const text = `${size} ${cell(count(sum('lines')), 14, 'right')} lines`;
    return rejects.length === 0 ? text : `${text}  ${paint(cut(whatIsMissing(files), screen.columns - 54), 'yellow')}`;
  });
}

type Rejects = InputFile['rejects'];

/** What of these files is in no figure, and why. A reason without lines is one of the file as a whole. */
function whatIsMissing(files: readonly InputFile[]): string {
  const isOfFile = ({ rows }: Rejects[number]): boolean => rows === 0;
  const incomplete = files.filter(({ rejects }) => rejects.some(isOfFile));
  const lines = files.flatMap(({ rejects }) => rejects.filter((reject) => !isOfFile(reject)));
  const rejected = lines.reduce((sum, { rows }) => sum + rows, 0);
  const why = whyFiles(incomplete.flatMap(({ rejects }) => rejects.filter(isOfFile)));
  return [
    ...(incomplete.length === 0 ? [] : [`${plural(incomplete.length, 'file')} incomplete (${why})`]),
    ...(rejected === 0 ? [] : [`${count(rejected)} rejected (${whyLines(lines)})`]),
  ].join(', ');
}

/** Why files were not read, or not to their end; most of them first. */
function whyFiles(rejects: Rejects): string {
  const reasons = new Map<string, number>();
  for (const { reason } of rejects) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const sorted = [...reasons].toSorted(([, a], [, b]) => b - a);
  return sorted
    .map(([reason, number]) => `${printable(reason)}${number === 1 ? '' : ` (${count(number)})`}`)
    .join(', ');
}

/** Why lines were rejected, most of them first. */
function whyLines(rejects: Rejects): string {
  const rows = new Map<string, number>();
  for (const reject of rejects) rows.set(reject.reason, (rows.get(reject.reason) ?? 0) + reject.rows);
  const sorted = [...rows].toSorted(([, a], [, b]) => b - a);
  return sorted.map(([reason, number]) => cell(`${reason} ${count(number)}`, 24).trimEnd()).join(', ');
}

function wayLines(report: TraceReport, screen: Screen): string[] {
  const paint = painter(screen);
  const { totals } = report;
  if (!hasLogs(report.inputs)) return [];
  const stations = [
    ['Gateway', totals.gatewayRequests],
    ['IIS', totals.iisRequests],
    ['App', totals.appRequests],
  ] as const;
  const way = stations.map(([name, requests]) => `${name} ${requests === 0 ? '–' : paint(count(requests), 'bold')}`);
  const facts: (readonly [number, string, Paint])[] = [
    [totals.matched, 'joined by ID', 'green'],
    [totals.neverReachedIis, 'never reached IIS', 'yellow'],
    [bypasses(report), 'came round the gateway', 'red'],
    [totals.duplicateIds, 'IDs not unique', 'dim'],
  ];
  const shown = facts.filter(([requests]) => requests > 0);
  return [
    `Requests  ${way.join(' → ')}`,
    ...shown.map(([requests, what, color]) => `${cell(count(requests), 19, 'right')} ${paint(what, color)}`),
  ];
}

const FIGURES = ['mean', 'p50', 'p95', 'p99', 'max'] as const;
const figuresOf = ({ meanMs, p50Ms, p95Ms, p99Ms, maxMs }: HopLatency): readonly number[] => [
  meanMs,
  p50Ms,
  p95Ms,
  p99Ms,
  maxMs,
];

function hopLines(hops: readonly HopLatency[], screen: Screen): string[] {
  const paint = painter(screen);
  const rows = HOPS.flatMap((hop) => hops.find((row) => row.route === null && row.hop === hop) ?? []);
  const all = byHop(hops, null);
  const longest = Math.max(wholeOf(all)?.meanMs ?? 0, 1e-9);
  const width = Math.max(Math.min(screen.columns - 68, 40), 0);
  const head = `${cell('Hop', 9)}${cell('requests', 11, 'right')}${FIGURES.map((name) => cell(name, 9, 'right')).join('')}`;
  const lines = rows.map((row) => {
    const figures = figuresOf(row).map((ms) => cell(shortDuration(ms), 9, 'right'));
    const text = `${cell(HOP_WORDS[row.hop].name, 9)}${cell(compact(row.requests), 11, 'right')}${figures.join('')}`;
    return `${row.hop === 'total' ? paint(text, 'bold') : text}  ${paint(bar(row.hop === 'total' ? 1 : addedMs(all, row.hop) / longest, width), 'cyan')}`.trimEnd();
  });
  return rows.length === 0 ? [] : [paint(head, 'dim'), ...lines];
}

/** The routes that are slowest for one in twenty of their callers. */
function routeLines(hops: readonly HopLatency[], screen: Screen): string[] {
  const paint = painter(screen);
  const nearest = HOPS.find((hop) => hops.some((row) => row.route !== null && row.hop === hop));
  const all = hops.filter(({ route, hop }) => route !== null && hop === nearest);
  const rows = all.toSorted((a, b) => b.p95Ms - a.p95Ms).slice(0, MAX_ROUTES);
  const figures = ({ p50Ms, p95Ms, p99Ms }: HopLatency): string =>
    [p50Ms, p95Ms, p99Ms].map((ms) => cell(shortDuration(ms), 9, 'right')).join('');
  const width = Math.min(screen.columns - 39, 80);
  const left = all.length - rows.length;
  const title = left > 0 ? `Slowest routes (of ${count(all.length)})` : 'Routes, slowest first';
  const head = `${cell(title, width)}${['requests', 'p50', 'p95', 'p99'].map((name, i) => cell(name, i === 0 ? 11 : 9, 'right')).join('')}`;
  const lines = rows.map(
    (row) => `${cell(row.route ?? '', width)}${cell(compact(row.requests), 11, 'right')}${figures(row)}`,
  );
  return rows.length === 0 ? [] : [paint(head, 'dim'), ...lines];
}

const SEVERITIES = {
  error: ['ERROR', 'red'],
  warning: ['warning', 'yellow'],
  info: ['note', 'dim'],
} as const satisfies Record<Finding['severity'], readonly [string, Paint]>;

function findingLines(report: TraceReport, screen: Screen): string[] {
  const paint = painter(screen);
  const findings = rankFindings(report.findings);
  if (!hasLogs(report.inputs)) return [];
  if (findings.length === 0) return ['No findings.'];
  const shown = findings.slice(0, MAX_FINDINGS);
  const lines = shown.map(({ severity, title, rule }) => {
    const [word, color] = SEVERITIES[severity];
    const name = `  ${printable(rule)}`;
    const text = cell(title, Math.max(screen.columns - 9 - name.length, 24)).trimEnd();
    return `${paint(cell(word, 9), color)}${text}${paint(cut(name, Math.max(screen.columns - 9 - widthOf(text), 0)), 'dim')}`;
  });
  const left = findings.length - shown.length;
  const more = left === 0 ? [] : [paint(`${' '.repeat(9)}${plural(left, 'more finding')}`, 'dim')];
  return [paint('Findings', 'bold'), ...lines, ...more, ...adviceLines(report, shown[0], screen)];
}

/** Which commands say more. */
function adviceLines({ slowest }: TraceReport, first: Finding | undefined, screen: Screen): string[] {
  const paint = painter(screen);
  const commands = [
    ...(first === undefined ? [] : [[`--rule ${first.rule}`, 'the rows behind a finding'] as const]),
    ...(slowest[0] === undefined ? [] : [[traceCommand(slowest[0].correlationId), 'the slowest request'] as const]),
    ['--html report.html', 'all of it as a page'] as const,
  ];
  return ['', ...commands.map(([command, what]) => `${cell(command, 40)} ${paint(what, 'dim')}`)];
}
