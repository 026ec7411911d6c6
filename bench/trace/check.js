'use strict';

const POINTS = ['requests', 'p50Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'maxMs'];
/** Durations are told in tenths of a millisecond; what two subtractions leave behind the tenths is no difference. */
const same = (one, other) => Math.abs(one - other) < 0.05;

/** How the percentiles differ from the true ones; empty where none does. Only routes that were given are looked at. */
function wrongHops(given, truth) {
  const wrong = [];
  const trueRows = new Map(truth.map((row) => [`${row.route}\t${row.hop}`, row]));
  for (const row of given) {
    const right = trueRows.get(`${row.route}\t${row.hop}`);
    const differing = POINTS.filter((point) => right === undefined || !same(row[point], right[point]));
    for (const point of differing) {
      wrong.push(`${row.route ?? 'all'} ${row.hop} ${point}: ${row[point]}, not ${right?.[point]}`);
    }
  }
  return wrong;
}

const sumOf = (counts) => Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);

/** What the totals of a report must be. */
function trueTotals({ counts, files }) {
  const rows = (kind) => files.filter((file) => file.kind === kind).reduce((sum, file) => sum + file.rows, 0);
  return {
    gatewayRequests: rows('gateway'),
    iisRequests: rows('iis'),
    appRequests: counts.appRequests,
    matched: counts.matched,
    duplicateIds: sumOf(counts.duplicates),
    bypassWithoutId: (counts.bypass.withoutId ?? 0) + (counts.bypass.healthCheck ?? 0),
    bypassUnknownId: counts.bypass.unknownId,
    neverReachedIis: sumOf(counts.neverReached),
  };
}

/** How the totals differ from the true ones. */
function wrongTotals(totals, truth) {
  return Object.entries(trueTotals(truth))
    .filter(([name, count]) => totals[name] !== count)
    .map(([name, count]) => `${name}: ${totals[name]}, not ${count}`);
}

/** How each file's lines were accounted for, where that is not as they were written. */
function wrongFiles(inputs, truth) {
  return truth.files.flatMap((file) => {
    const input = inputs.find(({ path }) => path.replaceAll('\\', '/').endsWith(file.path));
    if (input === undefined) return [`${file.path}: not read`];
    const wrong = [];
    if (input.rowsRead !== file.rows) wrong.push(`rows ${input.rowsRead}, not ${file.rows}`);
    const rejected = Object.fromEntries(input.rejects.map(({ reason, rows }) => [reason, rows]));
    for (const reason of new Set([...Object.keys(rejected), ...Object.keys(file.rejects)])) {
      const [given, right] = [rejected[reason] ?? 0, file.rejects[reason] ?? 0];
      if (given !== right) wrong.push(`rejected for ${reason} ${given}, not ${right}`);
    }
    return wrong.map((words) => `${file.path}: ${words}`);
  });
}

/** All that is wrong in a report of `baton trace`. */
function wrongReport(report, truth) {
  return [
    ...wrongTotals(report.totals, truth),
    ...wrongHops(report.hops, truth.hops),
    ...wrongFiles(report.inputs, truth),
    ...(report.hops.length === 0 ? ['no hops at all'] : []),
  ];
}

/** All that is wrong in what the Node join prints. */
function wrongJoin({ counts, hops }, truth) {
  const right = {
    matched: truth.counts.matched,
    // Without IDs in the log of a server the join cannot tell what never came from what cannot be joined.
    neverReached: sumOf(truth.counts.neverReached) + (truth.counts.rowsWithoutIdField ?? 0),
    bypassUnknownId: truth.counts.bypass.unknownId,
    bypassWithoutId: truth.counts.bypass.withoutId + truth.counts.bypass.healthCheck,
    duplicateIds: sumOf(truth.counts.duplicates),
  };
  const wrong = Object.entries(right).filter(([name, count]) => counts[name] !== count);
  return [
    ...wrong.map(([name, count]) => `${name}: ${counts[name]}, not ${count}`),
    ...wrongHops(hops, truth.hopsOfMatched),
  ];
}

module.exports = { trueTotals, wrongFiles, wrongHops, wrongJoin, wrongReport, wrongTotals };
