import { BatonError } from '../../core/errors';
import { checkOptionNames, type OptionNames } from '../../core/options';
import { derivedStatements, questionStatements, tableStatements, type Statement } from './statements';

/** Options of {@link athenaText}. */
export interface AthenaOptions {
  /** Where the folder that `--parquet` wrote was copied to: `s3://bucket/prefix`. */
  readonly location: string;
  /** The database of the tables. Default `baton`. */
  readonly database?: string | undefined;
}

const OPTION_NAMES: OptionNames<AthenaOptions> = { location: true, database: true };

/** Bucket and keys that need no quoting in a literal. */
const LOCATION = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9!_.*()=/-]*)?$/;

/** What Athena takes as a name without quotes: letters, digits and underscores. */
const DATABASE = /^[a-z_][a-z0-9_]{0,127}$/;

const HEADER = `-- baton trace for Amazon Athena (engine version 3).
--
-- Athena runs one statement at a time. Run part 1 and 2 once, in this order, and part 3 as you like. When logs were added,
-- drop the tables of part 2 (DROP TABLE name) and make them again; their files lie where query results go, and stay there.
-- Columns whose names end in _at, and t_ms, hold milliseconds since the epoch: from_unixtime(t_ms / 1000.0) shows a time.
-- These statements were checked against grammars, and never run on Athena.`;

/**
 * The tables and questions of `baton trace` for Amazon Athena, where the logs outgrow one machine: external tables over the
 * Parquet that `--parquet` wrote, and the same questions that DuckDB answers here, word for word.
 *
 * @throws BatonError `option_unknown`, `option_invalid`
 * @example
 * ```ts
 * console.log(athenaText({ location: 's3://my-logs/baton' }));
 * ```
 * @see https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html
 */
export function athenaText(options: AthenaOptions): string {
  const place = checkedPlace(options);
  return [
    HEADER,
    part('1. Tables over the logs', tableStatements(place)),
    part(
      `2. Tables that the questions read; choose the database ${place.database} from here on`,
      derivedStatements(place),
    ),
    part('3. Questions', questionStatements()),
  ].join('\n\n');
}

function checkedPlace(options: AthenaOptions): { readonly location: string; readonly database: string } {
  checkOptionNames('athenaText', options, OPTION_NAMES);
  const { location, database = 'baton' } = options;
  if (typeof location !== 'string' || !LOCATION.test(location)) {
    throw new BatonError(
      'option_invalid',
      `athenaText: the location must be s3://bucket/prefix, not ${JSON.stringify(location)}.`,
    );
  }
  if (!DATABASE.test(database)) {
    throw new BatonError(
      'option_invalid',
      `athenaText: the database must be a plain name, not ${JSON.stringify(database)}.`,
    );
  }
  return { location: location.replace(/\/+$/, ''), database };
}

function part(title: string, statements: readonly Statement[]): string {
  const texts = statements.map(({ about, sql }) => `-- ${about}\n${sql};`);
  return [`-- ---- ${title} ----`, ...texts].join('\n\n');
}
