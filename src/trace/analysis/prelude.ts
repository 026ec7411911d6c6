/**
 * What makes DuckDB run the analysis as it is written for Trino: functions that only Trino has, or that mean something else
 * there. All other functions of the analysis are the same in both; a test holds them against Trino's list.
 */
export const PRELUDE: readonly string[] = [
  // Trino's is approximate; this one is exact: the smallest value with at least that share of all at or below it.
  'CREATE OR REPLACE TEMP MACRO approx_percentile(x, p) AS quantile_disc(x, p)',
  // DuckDB replaces the first match unless told otherwise, Trino all of them.
  "CREATE OR REPLACE TEMP MACRO regexp_replace(s, pattern, r) AS system.main.regexp_replace(s, pattern, r, 'g')",
  'CREATE OR REPLACE TEMP MACRO regexp_like(s, pattern) AS regexp_matches(s, pattern)',
  // Trino's counts none where there is nothing but nulls, DuckDB's is null.
  'CREATE OR REPLACE TEMP MACRO count_if(x) AS coalesce(system.main.count_if(x), 0)',
  'CREATE OR REPLACE TEMP MACRO element_at(list, n) AS list[n]',
  // Trino's gives null where nothing matches, DuckDB's the empty text.
  "CREATE OR REPLACE TEMP MACRO regexp_extract(s, pattern, n) AS nullif(system.main.regexp_extract(s, pattern, n), '')",
];
