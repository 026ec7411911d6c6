'use strict';

/** What issue and design ask of Baton: the most that a row's ratio may be, by Node where that matters. */
const GOALS = [
  {
    part: 'request',
    name: 'Baton: correlation + identity',
    cases: ['1 token', '100 tokens'],
    at: { 20: 1.1, 24: 1.15 },
  },
  {
    part: 'request',
    name: 'Baton: baton(), one winston line',
    cases: ['1 token', '100 tokens'],
    at: { 20: 1.35, 24: 1.4 },
  },
  { part: 'request', name: 'Baton: baton(), one winston line', cases: ['every token new'], at: { 20: 2.4, 24: 4.1 } },
  { part: 'offload', name: 'Baton: invoke(), a caller again', at: 1.1 },
  { part: 'offload', name: 'Baton: invoke(), a new caller', at: 1.1 },
  { part: 'outbox', name: 'Baton: enqueue(), 16 at a time', at: 3 },
  { part: 'outbox', name: 'Baton: enqueue(), 64 at a time', at: 3 },
];

/**
 * What bare Express cost, in microseconds, where the goals of a request were set. Where it costs less the same work is a
 * larger ratio.
 */
const BARE_MICROS = { 20: 118, 24: 40 };

/** Whose p99 Baton's identity alone is held against: those that do as much or less. */
const IDENTITY = 'Baton: correlation + identity';

/** The goal of a row; undefined where it has none. The request's hold for ES256. */
function goalOf(part, block, caseName, rowName) {
  if ((block.algorithm ?? 'ES256') !== 'ES256') return undefined;
  const goal = GOALS.find(
    (one) => one.part === part && one.name === rowName && (one.cases ?? [caseName]).includes(caseName),
  );
  return typeof goal?.at === 'object' ? goal.at[block.major] : goal?.at;
}

const rowsOf = (results) =>
  Object.entries(results).flatMap(([part, { blocks }]) =>
    blocks.flatMap((block) =>
      block.cases.flatMap(({ case: name, rows }) =>
        rows.map((row) => ({ part, block, case: name, row, base: rows[0] })),
      ),
    ),
  );

/** What a goal of a request meant in microseconds beyond bare Express, and what was measured; undefined for the others. */
function microsBeyondBare({ part, block, row, base, goal }) {
  if (part !== 'request') return undefined;
  return { goal: (goal - 1) * BARE_MICROS[block.major], measured: row.micros - base.micros };
}

/** All goals that something was measured for. */
function goalsMeasured(results) {
  return rowsOf(results).flatMap(({ part, block, case: name, row, base }) => {
    const goal = goalOf(part, block, name, row.name);
    if (goal === undefined) return [];
    // With the goal between least and most, this run has not decided it.
    const isOpen = row.spread[0] <= goal && goal <= row.spread[1];
    const micros = microsBeyondBare({ part, block, row, base, goal });
    return [{ part, block, case: name, row, goal, met: row.ratio <= goal, isOpen, micros }];
  });
}

/** The p99 of identity alone against the least of the peers', case by case. */
function latencyGoals(results) {
  const blocks = results.request?.blocks ?? [];
  return blocks.flatMap((block) =>
    block.cases.flatMap(({ case: name, rows }) => {
      const own = rows.find((row) => row.name === IDENTITY);
      const peers = rows.filter((row) => row.group === 'identity' && row.name !== IDENTITY);
      const [best] = peers.sort((a, b) => a.p99 - b.p99);
      return own === undefined || best === undefined
        ? []
        : [{ block, case: name, own, best, met: own.p99 <= best.p99 }];
    }),
  );
}

module.exports = { BARE_MICROS, goalOf, goalsMeasured, latencyGoals };
