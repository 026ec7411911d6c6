import { BatonError } from '../../core/errors';
import { printable } from '../../core/printable';
import { analyse } from '../../trace/analysis/analyse';
import { traceOne } from '../../trace/analysis/trace-one';
import type { Engine } from '../../trace/engine/engine';
import type { TraceReport } from '../../trace/report-model';
import { htmlPage } from '../../trace/report/html/page';
import { terminalFinding } from '../../trace/report/terminal/finding';
import { terminalSummary } from '../../trace/report/terminal/summary';
import type { Screen } from '../../trace/report/terminal/text';
import { terminalWaterfall } from '../../trace/report/terminal/waterfall';
import { hasLogs } from '../../trace/report/words';
import { writeTextFile } from '../write-file';
import type { TraceArguments } from './arguments';
import type { ProgressBar } from './progress';

/** Analyses what was read, and shows it as it was asked for. */
export async function showReport(
  engine: Engine,
  args: TraceArguments,
  progress: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  const { slowest, marginMs, fromMs, toMs } = args;
  const report = await analyse(engine, {
    ...{ slowest, marginMs, fromMs, toMs, signal },
    onProgress: ({ step, done, total }) => progress.step(step, done, total),
  });
  progress.clear();
  if (args.html !== undefined) writeTextFile(args.html, htmlPage(report));
  if (args.rule !== undefined) showFinding(report, args.rule, screenOf(args));
  else console.log(args.json ? jsonLines(report) : terminalSummary(report, screenOf(args)));
  if (args.html !== undefined && !args.json) console.log(`\n${printable(args.html)} written.`);
  if (!hasLogs(report.inputs) || report.findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;
}

/** Shows everything that is known of one request. */
export async function showRequest(
  engine: Engine,
  id: string,
  args: TraceArguments,
  progress: ProgressBar,
): Promise<void> {
  const found = await traceOne(engine, id);
  progress.clear();
  if (found === undefined)
    throw new BatonError('option_invalid', `No log here has the ID ${id}, and no file or folder is called so.`);
  console.log(args.json ? jsonLines(found) : terminalWaterfall(found, screenOf(args)));
}

function showFinding({ findings }: TraceReport, rule: string, screen: Screen): void {
  const finding = findings.find((one) => one.rule === rule);
  if (finding !== undefined) console.log(terminalFinding(finding, screen));
  else
    console.log(
      `The rule ${printable(rule)} found nothing. Found was: ${findings.map((one) => one.rule).join(', ') || 'nothing'}.`,
    );
}

/** JSON on one line, in which nothing is left that a terminal would obey: within its strings `\uXXXX` means the same. */
const jsonLines = (value: unknown): string => printable(JSON.stringify(value));

const [NARROWEST, WIDEST, UNKNOWN] = [60, 160, 100];

/** The terminal that is printed to; a file or a pipe has no width. */
function screenOf({ color }: TraceArguments): Screen {
  const { isTTY, columns } = process.stdout;
  const isPlain = !color || !isTTY || (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
  return { columns: isTTY ? Math.min(Math.max(columns, NARROWEST), WIDEST) : UNKNOWN, color: !isPlain };
}
