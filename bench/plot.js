'use strict';
const { goalOf } = require('./goals');

/** One case of each part: a picture of all of them would show none. */
const SHOWN = [
  { part: 'request', case: '100 tokens' },
  { part: 'request', case: 'every token new' },
  { part: 'verification', case: 'ES256' },
  { part: 'verification', case: 'ES256, seen before' },
  { part: 'keys', case: 'a set of 12 keys' },
  { part: 'context', case: 'a request: opened, read behind 8 awaits' },
  { part: 'logging' },
  { part: 'offload' },
  { part: 'outbox' },
  { part: 'cold-start' },
];

const WIDTH = 1130;
const NAMES = 540;
const RIGHT = 70;
const ROW = 30;
const HEAD = 54;
const GAP = 26;
const TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 50, 100];

const escape = (text) => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const text = (x, y, kind, words) => `<text x="${x}" y="${y}" class="${kind}">${escape(words)}</text>`;
const line = (x1, y1, x2, y2, kind) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" class="${kind}"/>`;

/** A scale of ratios: logarithmic, because half is as far from one as twice is. */
function scaleFor(values) {
  const low = Math.min(0.9, ...values) / 1.08;
  const high = Math.max(1.6, ...values) * 1.08;
  const at = (ratio) => NAMES + ((Math.log(ratio) - Math.log(low)) / Math.log(high / low)) * (WIDTH - RIGHT - NAMES);
  const ticks = [];
  for (const tick of TICKS.filter((one) => one >= low && one <= high)) {
    // Only as many as can be read.
    if (ticks.length === 0 || at(tick) - at(ticks.at(-1)) > 34 || tick === 1) ticks.push(tick);
  }
  return { at, ticks: ticks.filter((tick, index) => tick === 1 || ticks[index + 1] !== 1 || at(1) - at(tick) > 34) };
}

/** The rows of one panel: each name with what was measured of it, a Node each. */
function panelOf(results, parts, { part, case: only }) {
  const { blocks } = results[part];
  const shown = blocks.filter(({ algorithm = 'ES256' }) => algorithm === 'ES256');
  const caseOf = (block) => block.cases.find((one) => only === undefined || one.case === only);
  const withCase = shown.filter((block) => caseOf(block) !== undefined);
  if (withCase.length === 0) return undefined;
  const names = [...new Set(withCase.flatMap((block) => caseOf(block).rows.map(({ name }) => name)))];
  const rows = names.map((name) => ({
    name,
    marks: withCase.flatMap((block) => {
      const row = caseOf(block).rows.find((one) => one.name === name);
      const goal = goalOf(part, block, caseOf(block).case, name);
      return row === undefined ? [] : [{ ...row, goal, major: block.major }];
    }),
  }));
  const { title, base } = parts.find(({ name }) => name === part);
  return { title: `${title}${only === undefined ? '' : `: ${only}`}`, base: base.replaceAll('`', ''), rows };
}

/** A mark with its whisker; its goal as a small bar above and below, in its colour. */
function markOf({ ratio, spread: [least, most], goal, major }, at, y) {
  const kind = `n${major}`;
  const drawn = [
    line(at(least), y, at(most), y, `whisker ${kind}`),
    ...[least, most].map((end) => line(at(end), y - 3, at(end), y + 3, `whisker ${kind}`)),
    `<circle cx="${at(ratio).toFixed(1)}" cy="${y}" r="4" class="${kind}"/>`,
  ];
  if (goal !== undefined) drawn.push(line(at(goal), y - 6, at(goal), y + 6, `goal ${kind}`));
  return drawn.join('');
}

function drawPanel({ title, base, rows }, top) {
  const marks = rows.flatMap((row) => row.marks);
  const { at, ticks } = scaleFor(
    marks.flatMap(({ spread, goal }) => [...spread, ...(goal === undefined ? [] : [goal])]),
  );
  const bottom = top + HEAD + rows.length * ROW;
  const drawn = [text(16, top + 18, 'title', title), text(16, top + 38, 'base', `÷ ${base}`)];
  for (const tick of ticks) {
    drawn.push(line(at(tick), top + HEAD - 8, at(tick), bottom, tick === 1 ? 'one' : 'grid'));
    drawn.push(text(at(tick), top + HEAD - 13, 'tick', String(tick)));
  }
  rows.forEach((row, index) => {
    const y = top + HEAD + index * ROW + ROW / 2;
    drawn.push(
      text(
        NAMES - 14,
        y + 4,
        row.name.startsWith('Baton') || row.name.startsWith('iis-baton') ? 'own' : 'name',
        row.name,
      ),
    );
    row.marks.forEach((mark, at2) => drawn.push(markOf(mark, at, y + (at2 - (row.marks.length - 1) / 2) * 11)));
  });
  return { svg: drawn.join('\n'), bottom };
}

/** Colours that can be told apart on both grounds, and by people who see no red. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .own { font-weight: 600 } .own, .name { text-anchor: end }
  .tick { font-size: 11px; text-anchor: middle } .base, .tick { fill: #59636e } .ground { fill: #ffffff }
  .grid { stroke: #e4e8ec } .one { stroke: #818b98; stroke-dasharray: 3 3 }
  .n20 { fill: #0969da; stroke: #0969da } .n24 { fill: #bc4c00; stroke: #bc4c00 }
  .whisker { stroke-width: 1.5; opacity: 0.7 } .goal { stroke-width: 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .base, .tick { fill: #9198a1 } .ground { fill: #0d1117 } .grid { stroke: #262c36 } .one { stroke: #7d8590 }
    .n20 { fill: #58a6ff; stroke: #58a6ff } .n24 { fill: #ffa657; stroke: #ffa657 }
  }
`;

function legend() {
  const entries = [20, 24].map((major, index) => {
    const x = 16 + index * 100;
    return `<circle cx="${x + 5}" cy="22" r="4" class="n${major}"/>${text(x + 15, 26, 'legend', `Node ${major}`)}`;
  });
  const x = 232;
  const spread = `${line(x, 22, x + 30, 22, 'whisker n20')}${text(x + 38, 26, 'legend', 'least to most of all rounds')}`;
  const goal = `${line(x + 232, 16, x + 232, 28, 'goal n20')}${text(x + 240, 26, 'legend', 'goal: at most this')}`;
  return `${entries.join('')}${spread}${goal}${text(WIDTH - RIGHT - 190, 26, 'base', 'to the left is less')}`;
}

/** The picture of all results, for light and dark grounds. */
function plot(results, parts) {
  const panels = SHOWN.filter(({ part }) => results[part] !== undefined)
    .map((shown) => panelOf(results, parts, shown))
    .filter((panel) => panel !== undefined);
  const drawn = [];
  let top = 50;
  for (const panel of panels) {
    const { svg, bottom } = drawPanel(panel, top);
    drawn.push(svg);
    top = bottom + GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-labelledby="what">
<title id="what">What Baton and its peers cost, as ratios with their spread; the tables of the page hold the same figures.</title>
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${top}"/>
${legend()}
${drawn.join('\n')}
</svg>
`;
}

module.exports = { plot };
