import { literal, selectColumns } from '../engine/sql-text';
import { IS_BLANK, linesOf, problemOrCut } from './line-reader';
import type { Source } from './source';

/** Columns that a copy puts before those of the log: which list of fields in the file, and the day of `#Date`. */
export const COPY_FIELDS = ['~run', '~date'] as const;

/** Expressions for the fields of a W3C row, whatever their order. */
class Fields {
  readonly #places: ReadonlyMap<string, number>;

  constructor(names: readonly string[]) {
    this.#places = new Map(names.map((name, index) => [name.toLowerCase(), index + 1] as const).reverse());
  }

  has(...names: readonly string[]): boolean {
    return names.some((name) => this.#places.has(name));
  }

  /** The value as it stands there; null where there is no such field. */
  raw(...names: readonly string[]): string {
    const name = names.find((one) => this.#places.has(one));
    return name === undefined ? 'CAST(NULL AS varchar)' : `v[${String(this.#places.get(name))}]`;
  }

  /** The value; null where nothing (`-`) was logged. */
  text(...names: readonly string[]): string {
    const value = this.raw(...names);
    return this.has(...names) ? `CASE WHEN ${value} NOT IN ('-', '') THEN ${value} END` : value;
  }

  number(type: string, name: string): string {
    return `TRY_CAST(${this.raw(name)} AS ${type})`;
  }

  /** An address without its zone, which numbers interfaces of that server. */
  address(name: string): string {
    const value = this.text(name);
    return `CASE WHEN contains(${value}, '%') THEN split_part(${value}, '%', 1) ELSE ${value} END`;
  }

  /** Milliseconds since the epoch; null for what is no time. */
  time(): string {
    const date = this.has('date') ? this.raw('date') : this.raw('~date');
    const time = this.raw('time');
    // DuckDB takes words such as `infinity` and `epoch` for times; no digit comes after the colon in ASCII, all letters do.
    const isTime = `strlen(${date}) = 10 AND strlen(${time}) = 8 AND ${date} < ':'`;
    return `CASE WHEN ${isTime} THEN epoch_ms(TRY_CAST(${date} || ' ' || ${time} AS timestamp)) END`;
  }
}

function iisColumns(fields: Fields): Record<string, string> {
  const sent = fields.text('cs-correlation-id', 'x-correlation-id');
  const answered = fields.text('sc-correlation-id');
  const server = `coalesce(${fields.text('s-computername')}, server, ${fields.address('s-ip')})`;
  return {
    file_id: 'file_id',
    server,
    t_ms: 't_ms',
    method: fields.text('cs-method'),
    path: fields.text('cs-uri-stem'),
    status: fields.number('integer', 'sc-status'),
    substatus: fields.number('integer', 'sc-substatus'),
    win32_status: fields.number('bigint', 'sc-win32-status'),
    time_taken_ms: fields.number('integer', 'time-taken'),
    client_ip: fields.address('c-ip'),
    server_ip: fields.address('s-ip'),
    server_port: fields.number('integer', 's-port'),
    user_agent: `replace(${fields.text('cs(user-agent)')}, '+', ' ')`,
    username: fields.text('cs-username'),
    sent_id: sent,
    answered_id: answered,
    correlation_id: `coalesce(${answered}, ${sent})`,
    user_hash: fields.text('sc-user-hash'),
    sent_logged: String(fields.has('cs-correlation-id', 'x-correlation-id')),
    answered_logged: String(fields.has('sc-correlation-id')),
  };
}

function httperrColumns(fields: Fields): Record<string, string> {
  return {
    file_id: 'file_id',
    server: `coalesce(server, ${fields.address('s-ip')})`,
    t_ms: 't_ms',
    client_ip: fields.address('c-ip'),
    server_ip: fields.address('s-ip'),
    method: fields.text('cs-method'),
    path: `split_part(${fields.text('cs-uri')}, '?', 1)`,
    status: fields.number('integer', 'sc-status'),
    site: fields.text('s-siteid'),
    reason: fields.text('s-reason'),
    app_pool: fields.text('s-queuename'),
  };
}

/** Columns that the tables of W3C logs have while they are filled. */
export const W3C_HELPERS = ['problem varchar', 'excerpt varchar', 'run integer'] as const;

/**
 * The statement that reads the rows of W3C logs with one list of fields. All lines become rows: those that are none say so
 * in `problem`, so that each line of a file is counted by the reading that gave its rows.
 */
export function insertW3c(table: 'iis' | 'httperr', sources: readonly Source[], names: readonly string[]): string {
  const fields = new Fields(names);
  const width = names.length;
  const columns = table === 'iis' ? iisColumns(fields) : httperrColumns(fields);
  const status = fields.raw('sc-status');
  const problem = [
    `CASE WHEN ${IS_BLANK} THEN 'blank'`,
    `WHEN starts_with(line, '#') THEN 'directive'`,
    // A line that its writer has not finished misses values; one that has all of them is taken for whole.
    `WHEN len(v) <> ${width} THEN ${problemOrCut('width')}`,
    `WHEN t_ms IS NULL THEN 'time'`,
    `WHEN ${status} NOT IN ('-', '') AND TRY_CAST(${status} AS integer) IS NULL THEN 'status'`,
    'END',
  ].join(' ');
  // IIS writes a dash for what is empty, and so never two blanks; a tool that lost the dash did.
  const squeezed = `string_split(regexp_replace(trim(line), ' +', ' ', 'g'), ' ')`;
  const shown = fields.has('~run') ? `regexp_replace(line, '^\\S+ \\S+ ', '')` : 'line';
  return [
    `INSERT INTO ${table}`,
    `SELECT ${selectColumns(table, columns)}, problem,`,
    `CASE WHEN problem = 'directive' THEN line WHEN problem IS NOT NULL THEN left(${shown}, 400) END, run`,
    `FROM (SELECT *, ${problem} AS problem FROM (SELECT *, ${fields.time()} AS t_ms,`,
    `${fields.has('~run') ? `TRY_CAST(${fields.raw('~run')} AS integer)` : '1'} AS run`,
    `FROM (SELECT file_id, server, unfinished, line,`,
    `CASE WHEN len(s) = ${width} THEN s ELSE ${squeezed} END AS v`,
    `FROM (SELECT *, string_split(line, ' ') AS s FROM ${linesOf(sources)}))))`,
  ].join('\n');
}

/** The query for files whose lists of fields are not all the one that was taken for them. */
export function filesOfOtherFields(
  table: 'iis' | 'httperr',
  fileIds: readonly number[],
  names: readonly string[],
): string {
  const list = `regexp_replace(trim(substr(excerpt, ${'#Fields:'.length + 1})), '\\s+', ' ', 'g')`;
  return [
    `SELECT DISTINCT file_id FROM ${table}`,
    `WHERE file_id IN (${fileIds.join(', ')}) AND problem = 'directive'`,
    `AND starts_with(excerpt, '#Fields:') AND ${list} <> ${literal(names.join(' '))}`,
  ].join(' ');
}
