import { ACCESS_LOG_FORMAT } from '../../src/correlation/access-log-format';
import { CORRELATION_LOG_FIELDS, USER_LOG_FIELD, W3C_DEFAULT_FIELDS } from '../../src/iis/w3c-log';
import { TABLES, type TableName } from '../../src/trace/schema';
import { codeIn, rowsOf, sectionsOf } from './markdown';

const sections = sectionsOf('docs/log-formats.md');

/** The tables of a section, each as its rows. */
const tablesOf = (heading: string): string[][][] =>
  (sections.get(heading) ?? '')
    .split(/\n\n+/)
    .filter((part) => part.startsWith('|'))
    .map(rowsOf);

const fieldsIn = (rows: readonly string[][], column: number): string[] => rows.flatMap((row) => codeIn(row[column]!));

it.each(['rest', 'http'] as const)("lists the keys of the %s API's access log, and no other", (api) => {
  const [rows] = tablesOf('Gateway');
  const own = rows!.filter(([, , of]) => of === 'both' || of === (api === 'rest' ? 'REST' : 'HTTP API'));
  const listed = own.map(([key, variable]) => [codeIn(key!)[0], codeIn(variable!)[0]]);
  expect(Object.fromEntries(listed)).toEqual(ACCESS_LOG_FORMAT[api]);
});

it("lists IIS's own fields and Baton's", () => {
  const fields = fieldsIn(tablesOf('IIS')[0]!, 0);
  const baton = [...CORRELATION_LOG_FIELDS, USER_LOG_FIELD].map(({ logFieldName }) => logFieldName);
  expect(fields.filter((field) => field !== 's-computername')).toEqual([...W3C_DEFAULT_FIELDS, ...baton]);
});

/** Which section and which of its tables says where a table's columns are from; the last column names them. */
const PLACES: [TableName, string, number][] = [
  ['gateway', 'Gateway', 0],
  ['iis', 'IIS', 0],
  ['httperr', 'HTTPERR', 0],
  ['app', 'App', 0],
  ['app_events', 'App', 1],
  ['audit', 'Audit', 0],
  ['functions', 'Function', 0],
  ['lambda_reports', 'Function', 1],
  ['workflow_events', 'Workflow', 0],
];

/** Columns that no field holds: what ingest knows by itself. */
const MADE: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  gateway: ['format'],
  httperr: ['server'],
};

it.each(PLACES)('says of each column of %s what it is read from, and names no other', (table, heading, index) => {
  const rows = tablesOf(heading)[index]!;
  const named = new Set(rows.flatMap((row) => codeIn(row.at(-1)!)));
  const columns = Object.keys(TABLES[table].columns).filter((name) => name !== 'file_id');
  expect([...named].sort()).toEqual(columns.filter((name) => MADE[table]?.includes(name) !== true).sort());
});
