import { derivedTables } from '../analysis/derived';
import { RULES } from '../analysis/rules';
import { evidenceSql, figuresSql } from '../analysis/rules/run';
import { DRIFT_SQL } from '../analysis/sql/drift';
import { hopLatencySql } from '../analysis/sql/hop-latency';
import { ONE_REQUEST_SQL } from '../analysis/sql/one-request';
import { DEFAULT_MARGIN_MS } from '../analysis/sql/settings';
import { HEAT_MAP_SQL, REQUESTS_OVER_TIME_SQL, hopOverTimeSql } from '../analysis/sql/time-series';
import { TOTALS_SQL, slowestSql } from '../analysis/sql/totals';
import { HOPS } from '../report-model';
import { TABLES, type ColumnType, type Table } from '../schema';

/** One statement for Athena. */
export interface Statement {
  /** What it does, for people: one line. */
  readonly about: string;
  /** DDL is Hive's, everything else Trino's. */
  readonly dialect: 'hive' | 'trino';
  readonly sql: string;
}

/** Where the Parquet lies and what the tables are called. */
export interface AthenaPlace {
  /** `s3://bucket/prefix`, without a slash at the end. */
  readonly location: string;
  readonly database: string;
}

const HIVE_TYPES: Readonly<Record<ColumnType, string>> = {
  varchar: 'string',
  bigint: 'bigint',
  integer: 'int',
  double: 'double',
  boolean: 'boolean',
};

/** The tables over the Parquet that `--parquet` wrote. */
export function tableStatements({ location, database }: AthenaPlace): Statement[] {
  const tables = Object.entries<Table>(TABLES).map(([name, { holds, columns }]): Statement => {
    const list = Object.entries(columns).map(([column, { type }]) => `  \`${column}\` ${HIVE_TYPES[type]}`);
    const sql = [
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`${database}\`.\`${name}\` (`,
      list.join(',\n'),
      `)\nSTORED AS PARQUET\nLOCATION '${location}/${name}/'`,
    ].join('\n');
    return { about: holds, dialect: 'hive', sql };
  });
  return [
    { about: 'a database for the tables', dialect: 'hive', sql: `CREATE DATABASE IF NOT EXISTS \`${database}\`` },
    ...tables,
  ];
}

/**
 * What the questions read, made once: each is a table of its own, so that no question computes it anew. Where their files go
 * is left to the workgroup: one that prescribes it refuses a statement that says otherwise.
 */
export function derivedStatements({ database }: Pick<AthenaPlace, 'database'>): Statement[] {
  return derivedTables({ marginMs: DEFAULT_MARGIN_MS }).map(({ name, holds, sql }) => ({
    about: holds,
    dialect: 'trino',
    sql: `CREATE TABLE ${database}.${name} WITH (format = 'PARQUET') AS\n${sql.trim()}`,
  }));
}

/** The questions: those of the report first, then of each rule how many, and which. */
export function questionStatements(): Statement[] {
  const question = (about: string, sql: string): Statement => ({ about, dialect: 'trino', sql: sql.trim() });
  return [
    question('totals', TOTALS_SQL),
    ...HOPS.map((hop) => question(`latency of the hop ${hop}: exact percentiles, by route`, hopLatencySql(hop))),
    question('requests over time', REQUESTS_OVER_TIME_SQL),
    ...HOPS.map((hop) => question(`p95 of the hop ${hop} over time`, hopOverTimeSql(hop))),
    question('how many requests took how long, over time', HEAT_MAP_SQL),
    question('the slowest requests', slowestSql(20)),
    question('everything about one request: write its correlation ID for THE-ID', ONE_REQUEST_SQL),
    question('what changed in the set-up', DRIFT_SQL),
    ...RULES.flatMap((rule) => [
      question(`${rule.id}: how many ${rule.about}`, figuresSql(rule)),
      question(`${rule.id}: the first rows`, evidenceSql(rule)),
    ]),
  ];
}
