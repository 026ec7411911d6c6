'use strict';
const os = require('node:os');

/** What issue and design ask of Baton with ES256, on Node 20 and 24. */
const GOALS = [
  { name: 'Baton: correlation + identity', cases: ['1 token', '100 tokens'], at: { 20: 1.1, 24: 1.15 } },
  { name: 'Baton: baton(), one winston line', cases: ['1 token', '100 tokens'], at: { 20: 1.35, 24: 1.4 } },
  { name: 'Baton: baton(), one winston line', cases: ['every token new'], at: { 20: 2.4, 24: 4.1 } },
];

/** Whose p99 Baton's identity alone is held against: those that do as much or less. */
const IDENTITY = 'Baton: correlation + identity';
/** What follows this line in the page is written by hand, and is kept when the figures are written anew. */
const BY_HAND = '<!-- by hand from here on -->';

const table = (head, rows) =>
  [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

const spread = ([least, most]) => `${least.toFixed(2)}–${most.toFixed(2)}`;
const ms = (micros) => (micros / 1000).toFixed(1);

function blockTable(cases) {
  const head = ['CPU a request ÷ bare Express', ...cases.map((one) => `${one.case} (least–most)`)];
  const rows = cases[0].rows.map(({ name }, index) => [
    name,
    ...cases.map(({ rows: all }) => `**${all[index].ratio.toFixed(2)}** (${spread(all[index].spread)})`),
  ]);
  return table(head, rows);
}

function latencyTable(cases) {
  const head = ['p50 / p99, ms', ...cases.map((one) => one.case)];
  const names = cases[0].rows.map(({ name }) => name);
  const rows = names.map((name, index) => [
    name,
    ...cases.map(({ rows: all }) => `${ms(all[index].p50)} / ${ms(all[index].p99)}`),
  ]);
  return table(head, rows);
}

function goalRows(results) {
  return results
    .filter(({ algorithm }) => algorithm === 'ES256')
    .flatMap((result) =>
      GOALS.filter(({ cases }) => cases.includes(result.case)).flatMap(({ name, at }) => {
        const row = result.rows.find((one) => one.name === name);
        const goal = at[result.major];
        if (row === undefined || goal === undefined) return [];
        const verdict = row.ratio <= goal ? 'met' : 'missed';
        return [[name, result.major, result.case, goal.toFixed(2), row.ratio.toFixed(2), verdict]];
      }),
    );
}

/** The p99 of identity alone against the least of the peers', case by case. */
function latencyRows(results) {
  return results.flatMap(({ major, algorithm, case: tokens, rows }) => {
    const own = rows.find(({ name }) => name === IDENTITY);
    const [best] = rows
      .filter(({ name, group }) => group === 'identity' && name !== IDENTITY)
      .sort((a, b) => a.p99 - b.p99);
    if (own === undefined || best === undefined) return [];
    const verdict = own.p99 <= best.p99 ? 'met' : 'missed';
    return [[`Node ${major}, ${algorithm}`, tokens, `${ms(best.p99)} (${best.name})`, ms(own.p99), verdict]];
  });
}

/** The part of an earlier page that somebody wrote; with its mark, so that it is found again. */
function handWritten(earlier) {
  const at = earlier.indexOf(BY_HAND);
  return at < 0 ? `${BY_HAND}\n` : earlier.slice(at);
}

const METHOD = `Each candidate runs behind Express 5 in a process of its own, with the same route and the same tokens; its key
is in place, and issuer, audience and algorithm are checked. One load generator, in the process of the run, keeps 64 keep-alive
connections of plain sockets busy. A round measures bare Express, then each candidate in turn, then bare Express again; a candidate's
CPU (\`process.cpuUsage()\` over the answers of the slice) is divided by the bare Express of its own round. The tables hold the
median of all rounds, with the least and the most: where these lie far apart the machine was busy with something else. "Every token new" is
12,000 tokens in rotation, more than any of the caches holds. Only ratios within one run mean anything.

"One winston line" is \`baton()\` with an audit sink of its own; the row below it writes each decision to the log as well, as \`baton()\` does
by default. Identity alone includes Baton's correlation, which the peers do not do.`;

/** The page that a run leaves: what was measured, how, and whether the goals are met. */
function report(results, { seconds, argv, connections, load }, earlier = '') {
  const blocks = new Map();
  for (const result of results) {
    const key = `Node ${result.major}, ${result.algorithm}`;
    blocks.set(key, [...(blocks.get(key) ?? []), result]);
  }
  const goals = goalRows(results);
  const sections = [...blocks].map(([title, cases]) => `## ${title}\n\n${blockTable(cases)}\n\n${latencyTable(cases)}`);
  const command = ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ');
  const busy = load[0] > os.availableParallelism() + 1;
  return `# What Baton costs

Written by \`${command}\` in ${seconds} s, with ${connections} connections, on ${os.availableParallelism()} cores (${os.arch()}). Load average
before and after: ${load.map((value) => value.toFixed(1)).join(' and ')}.${busy ? ' **The machine was busy with other work: take these figures as an order of magnitude.**' : ''}

${METHOD}

## Goals

${table(['ES256', 'Node', 'tokens', 'goal', 'measured', ''], goals)}

${table(['p99 of identity alone, ms', 'tokens', 'the best peer', 'measured', ''], latencyRows(results))}

${sections.join('\n\n')}

${handWritten(earlier)}`;
}

module.exports = { latencyRows, report };
