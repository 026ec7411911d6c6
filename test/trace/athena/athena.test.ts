import { buildSync } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runInThisContext } from 'node:vm';
import { PRELUDE } from '../../../src/trace/analysis/prelude';
import { athenaText } from '../../../src/trace/athena/athena';
import {
  derivedStatements,
  questionStatements,
  tableStatements,
  type Statement,
} from '../../../src/trace/athena/statements';
import { openEngine } from '../../../src/trace/engine/engine';
import { createTables } from '../../../src/trace/engine/tables';
import { TABLES } from '../../../src/trace/schema';
import { codeOf } from '../../support/errors';
import { temporaryFolder } from '../../support/example';
import { TRINO_FUNCTIONS, functionsOf } from '../../support/trino-functions';

interface Grammar {
  validate(sql: string): readonly { readonly message: string }[];
}

const place = { location: 's3://logs/baton', database: 'baton' };
const tables = tableStatements(place);
const statements: readonly Statement[] = [...tables, ...derivedStatements(place), ...questionStatements()];

/**
 * The grammars are ES modules whose imports name folders, which Node does not resolve: they are bundled first. They run
 * outside of Jest's sandbox, in which they take eight times as long.
 */
function loadGrammars(folder: string): { readonly trino: Grammar; readonly hive: Grammar } {
  const outfile = path.join(folder, 'grammars.js');
  const from = (name: string): string => `dt-sql-parser/dist/parser/${name}`;
  const contents = `export { TrinoSQL } from '${from('trino')}'; export { HiveSQL } from '${from('hive')}';`;
  const stdin = { contents, resolveDir: path.join(__dirname, '../../..') };
  buildSync({ stdin, bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' });
  const exported: { TrinoSQL?: new () => Grammar; HiveSQL?: new () => Grammar } = {};
  const loaded = { exports: exported };
  const code = `(function (module, exports, require) { ${readFileSync(outfile, 'utf8')}\n})`;
  (runInThisContext(code) as (...args: unknown[]) => void)(loaded, exported, require);
  const { TrinoSQL, HiveSQL } = loaded.exports;
  if (TrinoSQL === undefined || HiveSQL === undefined) throw new Error('dt-sql-parser has other names now');
  return { trino: new TrinoSQL(), hive: new HiveSQL() };
}

describe('the grammars', () => {
  const folder = temporaryFolder();
  const grammars = loadGrammars(folder);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const wrong = ({ dialect, sql, about }: Statement): string[] =>
    grammars[dialect].validate(sql).map(({ message }) => `${about}: ${message}`);

  it('take every statement', () => {
    expect(statements.length).toBeGreaterThan(120);
    expect(statements.flatMap(wrong)).toEqual([]);
  });

  it.each([
    'SELECT a FROM t QUALIFY row_number() OVER () = 1',
    'SELECT * EXCLUDE (a) FROM t',
    'SELECT a::int FROM t',
    'SELECT a, FROM t',
    'SELECT a FROM t GROUP BY ALL',
    'SELECT count(*) AS full FROM t',
    'SELECT a FROM t LIMIT 5 OFFSET 2',
  ])('would refuse what only DuckDB takes: %s', (sql) => {
    expect(wrong({ dialect: 'trino', sql, about: 'a mistake' })).not.toEqual([]);
  });
});

it('the questions call functions of Trino only', () => {
  const called = new Set(statements.flatMap(({ dialect, sql }) => (dialect === 'trino' ? functionsOf(sql) : [])));
  expect([...called].filter((name) => !TRINO_FUNCTIONS.has(name))).toEqual([]);
  expect(called.size).toBeGreaterThan(20);
  expect(functionsOf("SELECT quantile_disc(x, 0.5), 'f(x)' -- g(y)\nFROM t WHERE x IN (1)")).toEqual(['quantile_disc']);
});

it('the prelude defines functions of Trino only, under their names', () => {
  const names = PRELUDE.map((macro) => /MACRO (\w+)\(/.exec(macro)?.[1] ?? '');
  expect(names.filter((name) => !TRINO_FUNCTIONS.has(name))).toEqual([]);
});

it('DuckDB runs the same texts', async () => {
  const engine = await openEngine({ threads: 1 });
  try {
    await createTables(engine);
    for (const macro of PRELUDE) await engine.run(macro);
    const made = derivedStatements(place).map(({ sql }) =>
      sql.replace(/^CREATE TABLE baton\.(\w+) WITH .*$/m, 'CREATE TABLE $1 AS'),
    );
    for (const sql of made) await engine.run(sql);
    for (const { sql } of questionStatements()) await engine.rows(sql);
    expect(made).toHaveLength(derivedStatements(place).length);
  } finally {
    await engine.close();
  }
});

it('the tables have the columns of the schema, where --parquet writes them', () => {
  const text = athenaText({ location: 's3://logs/baton/' });
  for (const [name, { columns }] of Object.entries(TABLES)) {
    const sql = tables.find((one) => one.sql.includes(`\`baton\`.\`${name}\``))?.sql ?? '';
    expect([...sql.matchAll(/^ {2}`(\w+)`/gm)].map(([, column]) => column)).toEqual(Object.keys(columns));
    expect(sql).toContain(`LOCATION 's3://logs/baton/${name}/'`);
    expect(text).toContain(`${sql};`);
  }
  expect(text).toContain('never run on Athena');
});

it.each([
  ['no URL of S3', { location: '/tmp/logs' }, 'option_invalid'],
  ['a quote', { location: "s3://logs/it's" }, 'option_invalid'],
  ['a line break', { location: 's3://logs/a\nb' }, 'option_invalid'],
  ['a database that needs quotes', { location: 's3://logs/a', database: 'my-db' }, 'option_invalid'],
  ['an option that is none', { location: 's3://logs/a', bucket: 'x' }, 'option_unknown'],
])('refuses %s', async (_, options, code) => {
  expect(await codeOf(() => athenaText(options))).toBe(code);
});
