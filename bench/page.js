'use strict';
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { BARE_MICROS, goalsMeasured, latencyGoals } = require('./goals');
const { handWritten, table } = require('./markdown');

const short = (ratio) => (ratio < 0.1 ? ratio.toFixed(3) : ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2));
const spread = ([least, most]) => `${short(least)}–${short(most)}`;
const ms = (micros) => (micros / 1000).toFixed(1);
const micros = (value) =>
  value >= 10_000 ? `${ms(value)} ms` : `${value >= 100 ? value.toFixed(0) : value.toPrecision(2)} µs`;

const titleOf = ({ major, algorithm }) => `Node ${major}${algorithm === undefined ? '' : `, ${algorithm}`}`;

/** Names of all rows of a block, in their order; not each is in each case. */
const namesOf = ({ cases }) => [...new Set(cases.flatMap(({ rows }) => rows.map(({ name }) => name)))];

function blockTable(block, cellOf, corner) {
  const head = [corner, ...block.cases.map((one) => one.case)];
  const rows = namesOf(block).map((name) => [
    name,
    ...block.cases.map(({ rows: all }) => {
      const row = all.find((one) => one.name === name);
      return row === undefined ? '' : cellOf(row);
    }),
  ]);
  return table(head, rows);
}

const ratioCell = ({ ratio, spread: both, micros: value }) => `**${short(ratio)}** (${spread(both)}) ${micros(value)}`;
const latencyCell = ({ p50, p99 }) => `${ms(p50)} / ${ms(p99)}`;

const BEYOND_BARE = `The goals of a request are ratios, set on a machine where bare Express cost ${BARE_MICROS[20]} µs on Node 20 and ${BARE_MICROS[24]} on Node 24. Where
it costs less the same work is a larger ratio: the last column has what the goal was there in µs, and what was measured here.`;

function goalTables(results, titles) {
  const ratios = goalsMeasured(results).map(({ part, block, case: name, row, goal, met, isOpen, micros }) => {
    const verdict = `${met ? 'met' : 'missed'}${isOpen ? ', within the spread' : ''}`;
    const what = `${titles.get(part)}: ${row.name.replace('Baton: ', '')}, ${name}`;
    const beyond = micros === undefined ? '' : `${micros.goal.toFixed(0)} / ${micros.measured.toFixed(0)}`;
    return [what, titleOf(block), goal.toFixed(2), `${short(row.ratio)} (${spread(row.spread)})`, verdict, beyond];
  });
  const latencies = latencyGoals(results).map(({ block, case: name, own, best, met }) => [
    `${titleOf(block)}, ${name}`,
    `${ms(best.p99)} (${best.name})`,
    ms(own.p99),
    met ? 'met' : 'missed',
  ]);
  return [
    table(['at most', '', 'goal', 'measured (least–most)', '', 'µs beyond bare: goal / measured'], ratios),
    BEYOND_BARE,
    ...(latencies.length === 0
      ? []
      : [table(['p99 of identity alone, ms', 'the best peer', 'measured', ''], latencies)]),
  ].join('\n\n');
}

/** How a part was measured, and whether the machine had other work. */
function provenance({ on, seconds, rounds, load, quick, cores, commit }) {
  const isBusy = load[0] > cores + 1;
  const busy = isBusy ? ' **The machine was busy with other work: an order of magnitude.**' : '';
  const how = quick ? ' with `--quick`' : '';
  const loads = load.map((value) => value.toFixed(1)).join(' and ');
  return `Measured on ${on} at ${commit}${how}: ${rounds} rounds, ${seconds} s, ${cores} cores, load average before and after ${loads}.${busy}`;
}

function partSection(name, result, { title, about, base }) {
  const blocks = result.blocks.map((block) => {
    const tables = [blockTable(block, ratioCell, `÷ ${base}`)];
    if (block.cases[0].rows[0].p99 !== undefined) tables.push(blockTable(block, latencyCell, 'p50 / p99, ms'));
    return `### ${title}: ${titleOf(block)}\n\n${tables.join('\n\n')}`;
  });
  const sizes = result.blocks[0].subpaths;
  const sizeTable =
    sizes &&
    table(
      ['subpath, bundled and minified', 'KB'],
      sizes.map((one) => [one.name, (one.bytes / 1000).toFixed(1)]),
    );
  return [`## ${title}`, about, provenance(result), ...blocks, ...(sizeTable ? [sizeTable] : [])].join('\n\n');
}

/** The goals of `baton trace`, out of the page that its own benchmark wrote last. */
function traceSection(folder) {
  const file = path.join(folder, 'trace', 'README.md');
  const command =
    '`npm run bench:trace` (a quarter of an hour) measures reading logs, beside a join in Node, lnav and goaccess';
  if (!existsSync(file)) return `## Reading logs\n\n${command}.`;
  const page = readFileSync(file, 'utf8');
  const goals = page.split(/^## /m).find((section) => section.startsWith('Goals\n')) ?? '';
  const written = /^Written by [^]*?\n\n/m.exec(page)?.[0].trim() ?? '';
  return `## Reading logs\n\n${command}; [its page](trace/README.md) has all of it.\n\n${written}\n\n${goals.slice('Goals\n'.length).trim()}`;
}

const INTRODUCTION = `\`npm run bench\` measures all of this anew and writes this page and its picture; it takes an estimated half an hour.

| | |
| --- | --- |
| \`npm run bench -- --quick\` | all of it in five to ten minutes, into \`bench/quick/\`; coarser |
| \`npm run bench -- --only context,logging\` | some parts; the figures of the others stay |
| \`npm run bench -- --compare HEAD~1 --only request\` | a commit and the working tree, by turns: what a change gains or costs |
| \`npm run bench -- --help\` | the rest |

The subjects of a comparison take turns, and each is divided by what stands first in its table, in the same round: in processes of their
own, the first measured before and after all others; once a round and in one process where it is calling a function or leaving work
behind; once a round and in a new process each time where it is starting a function. Cells hold the median of all rounds, the least and the most, and what one costs; what is counted is CPU
(\`process.cpuUsage()\`), but for leaving work behind and starting a function, where it is time. Only ratios within one run mean anything:
the same request costs twice as much on a machine that does something else.

![Ratios with their spread, and the goals](plot.svg)`;

/** The page of all results: what was measured, how, and whether the goals are met. */
function page(results, parts, folder, earlier) {
  const titles = new Map(parts.map(({ name, title }) => [name, title]));
  const sections = parts
    .filter(({ name }) => results[name] !== undefined)
    .map((part) => partSection(part.name, results[part.name], part));
  return [
    '# What Baton costs',
    INTRODUCTION,
    '## Goals',
    goalTables(results, titles),
    ...sections,
    traceSection(folder),
    handWritten(earlier),
  ].join('\n\n');
}

module.exports = { page, short };
