/**
 * The functions of Trino that an analysis could use, by its documentation ("List of functions and operators"), which
 * Athena's engine version 3 takes over. Without those of geometry, machine learning, digests, JSON and dates: the analysis
 * has no business with them, and dates are where the engines differ most.
 *
 * @see https://trino.io/docs/current/functions/list.html
 */
export const TRINO_FUNCTIONS: ReadonlySet<string> = new Set(
  `abs all_match any_match any_value approx_distinct approx_most_frequent approx_percentile arbitrary array_agg array_distinct
  array_except array_intersect array_join array_max array_min array_position array_remove array_sort array_union arrays_overlap
  avg bit_count bitwise_and bitwise_not bitwise_or bitwise_xor bool_and bool_or cardinality cast cbrt ceil ceiling checksum chr
  coalesce codepoint combinations concat concat_ws contains corr count count_if covar_pop covar_samp crc32 cume_dist degrees
  dense_rank element_at ends_with every exp filter first_value flatten floor format format_number from_base from_utf8
  geometric_mean greatest grouping hamming_distance histogram if infinity is_finite is_infinite is_nan kurtosis lag last_value lead
  least length levenshtein_distance ln log log10 log2 lower lpad ltrim map map_agg map_concat map_entries map_filter map_keys
  map_union map_values max max_by md5 min min_by mod nan ngrams none_match normalize nth_value ntile nullif numeric_histogram
  percent_rank position pow power rank reduce reduce_agg regexp_count regexp_extract regexp_extract_all regexp_like
  regexp_position regexp_replace regexp_split repeat replace reverse round row_number rpad rtrim sequence shuffle sign skewness
  slice soundex split split_part split_to_map sqrt starts_with stddev stddev_pop stddev_samp strpos substr substring sum to_base
  to_hex to_utf8 transform translate trim truncate try try_cast typeof upper url_decode url_encode url_extract_path var_pop
  var_samp variance width_bucket xxhash64 zip zip_with`.split(/\s+/),
);

/** What stands before a parenthesis and is no function. */
const KEYWORDS = new Set(
  'select from where and or not in on as over by sets values with when then else case between exists join unnest u using all'.split(
    ' ',
  ),
);

/** The functions that a statement calls; literals and comments left out. */
export function functionsOf(sql: string): string[] {
  const bare = sql.replace(/--[^\n]*/g, '').replace(/'(?:[^']|'')*'/g, "''");
  const names = [...bare.matchAll(/\b([A-Za-z_][A-Za-z0-9_]*)\s*\(/g)].map(([, name]) => (name ?? '').toLowerCase());
  return [...new Set(names)].filter((name) => !KEYWORDS.has(name));
}
