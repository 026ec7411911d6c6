import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asBatonError } from '../../core/errors';
import type { AthenaOptions } from '../../trace/athena/athena';
import { memoryBytes } from '../../trace/engine/engine';
import { MAX_PART, parquetFile } from '../../trace/engine/parquet';
import { readArguments, usageErrorOf } from '../arguments';
import { readTime } from './time';

const USAGE = `Usage: baton trace <log>... [options]
       baton trace <ID> <log>... [options]

Joins the logs of API Gateway, IIS, the app and its functions by the correlation ID, and says where the time goes, which
requests came round the gateway or got lost, and what drifted. With an ID: everything known of that one request. The exit
code is 1 if there is a finding of severity error, or if no log has the ID.

  <log>          folders, files and patterns ("logs/**/*.log"); plain or .gz; what each is, is found out
  <ID>           the first argument, where no file is called so: a correlation ID, or the ID of a request of the
                 gateway, an invocation, an execution, a transaction or a trace; --id=ID says the same

What is read
  --parquet      a folder: with logs, writes what was read into it, for next time; without, reads it in place of logs
  --part         with --parquet and logs: which part of all logs these are, 0 to 9999, where all at once are too many; all
                 parts may stand in one folder
  --from, --to   leaves out what is earlier or later: 2026-03-12, 2026-03-12T09:30, 2026-03-12T09:30:00+01:00; UTC
                 where it has no zone, and --to with a day alone is its end
  --margin       seconds that are not judged at both ends of the time that gateway's and IIS's logs share: what came
                 before one log begins is not lost; 89 where it is left out

What is shown
  --html         writes the report as one page into this file
  --json         prints the report, or the request, as JSON
  --rule         prints one finding with all rows behind it that the report has
  --slowest      how many of the slowest requests are shown one by one; 20 where it is left out
  --no-color     without colours; so does the environment variable NO_COLOR

How
  --memory       most memory for the data, such as 512MB; what is more goes to disk
  --threads      how many work at the same time; all cores where it is left out
  --spill        folder for temporary files; the system's where it is left out
  --athena       prints tables and queries that do the same in Amazon Athena, over files of --parquet in S3
  --location     with --athena: where these files are, such as s3://logs/trace
  --database     with --athena: the database of the tables; baton where it is left out

It needs the package @duckdb/node-api.`;

const OPTIONS = {
  parquet: { type: 'string' },
  part: { type: 'string' },
  id: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  margin: { type: 'string' },
  html: { type: 'string' },
  json: { type: 'boolean', default: false },
  rule: { type: 'string' },
  slowest: { type: 'string' },
  'no-color': { type: 'boolean', default: false },
  memory: { type: 'string' },
  threads: { type: 'string' },
  spill: { type: 'string' },
  athena: { type: 'boolean', default: false },
  location: { type: 'string' },
  database: { type: 'string' },
} as const;

/** What `baton trace` was asked for, checked. */
export interface TraceArguments {
  readonly paths: readonly string[];
  /** The one request that is asked for. */
  readonly id: string | undefined;
  readonly parquet: string | undefined;
  /** Number of the Parquet that is written. */
  readonly part: number;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly marginMs: number | undefined;
  readonly html: string | undefined;
  readonly json: boolean;
  readonly rule: string | undefined;
  readonly slowest: number | undefined;
  readonly color: boolean;
  readonly memory: string | undefined;
  readonly threads: number | undefined;
  readonly spillFolder: string | undefined;
  /** Where files and tables are, where SQL for Athena is asked for. */
  readonly athena: AthenaOptions | undefined;
}

const usageError = usageErrorOf(USAGE);

/**
 * Reads and checks the arguments, before hours of logs are read for a report that nobody can write.
 * @returns undefined where `--help` was asked for, and was given
 */
export function readTraceArguments(args: readonly string[]): TraceArguments | undefined {
  const [dashed, rest] = splitDashedId(args);
  const parsed = readArguments(rest, { usage: USAGE, options: OPTIONS, positionals: [] as const, repeats: true });
  if (parsed === undefined) return undefined;
  const { values, repeated } = parsed;
  if (dashed !== undefined && values.id !== undefined)
    throw usageError(`There are two IDs: ${dashed} and ${values.id}.`);
  const { id, paths } = splitId(repeated, dashed ?? values.id);
  const { parquet, html, json, rule, memory, spill } = values;
  checkNames({ log: paths.includes('') ? '' : undefined, parquet, html, spill });
  const part = partOf(values, paths);
  checkRoom(values);
  const athena = athenaOf(values, repeated);
  if (athena === undefined) checkSources({ id, paths, parquet });
  if (id !== undefined) checkOneRequest(values);
  if (html !== undefined) checkPage(html);
  if (rule !== undefined && json) throw usageError('--rule prints a finding for people; --json has all of them.');
  if (paths.length > 0 && parquet !== undefined) checkEmpty(parquet, part);
  const [fromMs, toMs] = [timeOf('from', values.from), timeOf('to', values.to)];
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) throw usageError('--from is after --to.');
  const marginSeconds = wholeOf('margin', values.margin, 0, 86_400);
  return {
    ...{ paths, id, parquet, part: part ?? 0, fromMs, toMs, html, json, rule, memory },
    marginMs: marginSeconds === undefined ? undefined : marginSeconds * 1000,
    slowest: wholeOf('slowest', values.slowest, 0, 1000),
    color: !values['no-color'],
    threads: wholeOf('threads', values.threads, 1, 256),
    spillFolder: spill,
    athena,
  };
}

/** Correlation IDs as Baton takes them, and nothing that could be a path with folders or a pattern. */
const ID = /^[A-Za-z0-9._:=-]{1,128}$/;

/** IDs of HTTP APIs may begin with a dash. No option of one letter has anything behind it, so that is no option. */
function splitDashedId(args: readonly string[]): [id: string | undefined, rest: readonly string[]] {
  const [first = '', ...rest] = args;
  return /^-[^-]/.test(first) && first.length > 2 && ID.test(first) ? [first, rest] : [undefined, args];
}

/** The first argument is an ID where it can be one and no file is called so. */
function splitId(given: readonly string[], id: string | undefined): Pick<TraceArguments, 'id' | 'paths'> {
  const [first, ...rest] = given;
  if (id !== undefined) return { id, paths: given };
  if (first === undefined || !ID.test(first) || existsSync(first)) return { id: undefined, paths: given };
  return { id: first, paths: rest };
}

function checkSources({ id, paths, parquet }: Pick<TraceArguments, 'id' | 'paths' | 'parquet'>): void {
  if (paths.length > 0 || parquet !== undefined) return;
  if (id === undefined) throw usageError('Say which logs: folders, files or patterns, or --parquet with a folder.');
  throw usageError(
    `There is no file or folder ${id}. If it is an ID, say where to look: logs, or --parquet with a folder.`,
  );
}

/** SQL is made of nothing but where the files are. */
function athenaOf(
  { athena, location, database }: { readonly athena: boolean; readonly location?: string; readonly database?: string },
  given: readonly string[],
): AthenaOptions | undefined {
  if (!athena) {
    if (location !== undefined || database !== undefined)
      throw usageError('--location and --database are for --athena.');
    return undefined;
  }
  if (given.length > 0) throw usageError('--athena reads no logs: it prints SQL over the files of --parquet.');
  if (location === undefined) throw usageError('Say where the files are: --athena --location s3://bucket/folder.');
  return { location, database };
}

/** Of one request everything is shown that is known of it; what narrows or shapes the report of all has no meaning there. */
const FOR_ALL_REQUESTS = ['from', 'to', 'margin', 'html', 'rule', 'slowest'] as const;

function checkOneRequest(values: Partial<Record<(typeof FOR_ALL_REQUESTS)[number], string>>): void {
  const surplus = FOR_ALL_REQUESTS.find((name) => values[name] !== undefined);
  if (surplus !== undefined)
    throw usageError(`--${surplus} is for the report of all requests: leave out either it or the ID.`);
}

function checkPage(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw usageError(`--html: ${file} is a folder.`);
  if (!existsSync(dirname(file))) throw usageError(`--html: there is no folder ${dirname(file)}.`);
}

/** What a shell makes of a variable that is not set: it would be the current folder. */
function checkNames(names: Readonly<Record<'log' | 'parquet' | 'html' | 'spill', string | undefined>>): void {
  const empty = Object.entries(names).find(([, name]) => name === '')?.[0];
  if (empty === 'log') throw usageError('The name of a log is empty.');
  if (empty !== undefined) throw usageError(`--${empty} is empty: it needs a name.`);
}

/** Which part is written; undefined where all logs are read at once. */
function partOf(
  { part, parquet }: { readonly part?: string; readonly parquet?: string },
  paths: readonly string[],
): number | undefined {
  const number = wholeOf('part', part, 0, MAX_PART);
  if (number === undefined || (parquet !== undefined && paths.length > 0)) return number;
  throw usageError('--part is for writing: it goes with logs and --parquet.');
}

/** With less, DuckDB cannot hold what it reads at once. */
const LEAST_MEMORY_BYTES = 128e6;

function checkRoom({ memory, spill }: { readonly memory?: string; readonly spill?: string }): void {
  if (spill !== undefined && statSync(spill, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usageError(`--spill: there is no folder ${spill}.`);
  if (memory === undefined) return;
  let bytes: number;
  try {
    bytes = memoryBytes(memory);
  } catch (error) {
    throw usageError(`--memory: ${asBatonError(error).message}`);
  }
  if (bytes < LEAST_MEMORY_BYTES)
    throw usageError(`--memory must be ${LEAST_MEMORY_BYTES / 1e6}MB or more, not ${memory}.`);
}

/** Other parts may be there, and nothing of this one. */
function checkEmpty(folder: string, part: number | undefined): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw usageError(`--parquet: ${folder} is no folder.`);
  if (part !== undefined) {
    if (!existsSync(parquetFile(folder, 'files', part))) return;
    throw usageError(`--parquet: ${join(folder, 'files')} has a part ${part} already.`);
  }
  if (readdirSync(folder).length === 0) return;
  throw usageError(`--parquet: ${folder} is not empty. To read it, leave out the logs; to write, name another.`);
}

function timeOf(name: 'from' | 'to', text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = readTime(text, name === 'to');
  if (time === undefined) throw usageError(`--${name} must be a time such as 2026-03-12T09:30, not "${text}".`);
  return time;
}

function wholeOf(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw usageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}".`);
}
