import { literal } from '../engine/sql-text';
import { DELIMITER, MAX_LINE_BYTES, type Source } from './source';

/** What a thread reads at once, in bytes; DuckDB's default is four times that, and memory that no limit counts. */
const BUFFER_BYTES = 4 * MAX_LINE_BYTES;

/**
 * A table of the lines of files: `file_id`, `server`, `unfinished` and `line`, which is null for an empty one.
 *
 * It is DuckDB's CSV reader with one column and a delimiter that no log holds, in strict mode: 3 GB/s on two cores, and it
 * either gives each line as it is or fails as a whole: on bytes that are no UTF-8, on mixed line ends, on a line that is too
 * long. Then a clean copy is read. It is never told to ignore errors: it would leave lines out.
 */
export function linesOf(sources: readonly Source[]): string {
  const files = sources.map(({ path }) => literal(path)).join(', ');
  const reader = [
    `read_csv([${files}]`,
    `columns = {'line': 'VARCHAR'}`,
    `delim = ${literal(DELIMITER)}`,
    `quote = '', escape = '', header = false, auto_detect = false`,
    `max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${BUFFER_BYTES}`,
    // By the file's name otherwise; what is packed is unpacked before.
    `compression = 'none'`,
    `filename = 'from_file')`,
  ].join(', ');
  const [only] = sources;
  if (sources.length === 1 && only !== undefined) {
    return `(SELECT ${columnsOf(only).join(', ')}, line FROM ${reader})`;
  }
  const rows = sources.map((source) => `(${[literal(source.path), ...valuesOf(source)].join(', ')})`);
  const sourcesTable = `(VALUES ${rows.join(', ')}) AS sources(path, id, server, unfinished)`;
  const isSame = `${comparable('from_file')} = ${comparable('path')}`;
  // Lines of a file that is called otherwise than asked for must not be lost: then each file is read by itself.
  const id = `coalesce(id, error('a file that was not asked for: ' || from_file)) AS file_id`;
  return `(SELECT ${id}, server, unfinished, line FROM ${reader} LEFT JOIN ${sourcesTable} ON ${isSame})`;
}

/** Windows has two characters that part the names of a path. */
const comparable = (path: string): string => (process.platform === 'win32' ? `replace(${path}, '\\', '/')` : path);

function valuesOf({ input, unfinished }: Source): string[] {
  return [String(input.id), `CAST(${literal(input.server)} AS varchar)`, literal(unfinished)];
}

function columnsOf(source: Source): string[] {
  const names = ['file_id', 'server', 'unfinished'];
  return valuesOf(source).map((value, index) => `${value} AS ${names[index] ?? ''}`);
}

/** A test for lines of nothing but blanks and tabs; only those that begin so are gone through. */
export const IS_BLANK = [
  `(line IS NULL OR (starts_with(line, ' ') OR starts_with(line, chr(9)))`,
  `AND regexp_full_match(line, '[ \\t]*'))`,
].join(' ');

/** The word for a line that cannot be read: the end of a file that is still being written is nobody's fault. */
export function problemOrCut(problem: string): string {
  return `CASE WHEN line = unfinished THEN 'truncated' ELSE ${literal(problem)} END`;
}
