'use strict';
// What a change costs or gains: a base commit and the working tree, by turns in one run.
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { buildCommit } = require('./base-build');
const { CANDIDATES } = require('./candidates');
const { startSubject } = require('./harness');
const { DIST } = require('./nodes');
const { CASES, slice, start, warmUp, withTokens } = require('./request');
const { median, medianBounds } = require('./statistics');

/** As few as let the median be bounded well: 9 rounds leave out one outlier on either side. */
const ROUNDS = 9;
const CASES_OF_REQUEST = ['100 tokens', 'every token new'];
const effortOf = ({ quick, rounds }) => ({
  rounds: Number(rounds ?? (quick ? 6 : ROUNDS)),
  warmUpMs: quick ? 2000 : 8000,
  sliceMs: quick ? 250 : 500,
});

/**
 * Rounds of two processes of the base and two of the tree, in turning order. Two of each, because processes of the very
 * same code differ: how the compiler and the collector went about it is decided anew in each.
 *
 * @param builds of each build its two processes, as functions that give microseconds
 * @returns of each round tree ÷ base, and first base ÷ second base
 */
async function rounds({ base, tree }, count) {
  const changes = [];
  const noise = [];
  for (let turn = 0; turn < count; turn++) {
    const order = [base[0], tree[0], tree[1], base[1]];
    const micros = new Map();
    for (const one of turn % 2 === 0 ? order : order.toReversed()) micros.set(one, await one());
    const sum = (pair) => pair.reduce((total, one) => total + micros.get(one), 0);
    changes.push(sum(tree) / sum(base));
    noise.push(micros.get(base[1]) / micros.get(base[0]));
  }
  return { changes, noise };
}

const isMeant = (name, { candidate = '' }) => new RegExp(candidate, 'i').test(name);

const percent = (ratio) => `${ratio < 1 ? '−' : '+'}${(Math.abs(ratio - 1) * 100).toFixed(1)} %`;

/** The change with its bounds, what two processes of the same build differ by, and whether the one is beyond the other. */
function verdictOf({ changes, noise }) {
  const [change, [low, high]] = [median(changes), medianBounds(changes)];
  const sameBuild = median(noise);
  const isBounded = low > 1 || high < 1;
  const isBeyond = isBounded && Math.abs(Math.log(change)) > Math.abs(Math.log(sameBuild));
  return { change, low, high, sameBuild, verdict: isBeyond ? (change < 1 ? 'less' : 'MORE') : 'no difference' };
}

function print(what, measured) {
  const { change, low, high, sameBuild, verdict } = verdictOf(measured);
  const bounds = `${low.toFixed(3)}–${high.toFixed(3)}`;
  console.log(
    `  ${change.toFixed(3)} (${bounds})  ${percent(change).padStart(8)}  base ÷ base ${sameBuild.toFixed(3)}  ${verdict.padEnd(13)}  ${what}`,
  );
}

async function pairs(base, open) {
  const opened = [];
  try {
    for (const dist of [base, DIST, DIST, base]) opened.push(await open(dist));
    return opened;
  } catch (error) {
    for (const one of opened) one.stop();
    throw error;
  }
}

async function compareRequest(base, options) {
  const effort = effortOf(options);
  const candidates = CANDIDATES.filter(({ name }) => name.startsWith('Baton') && isMeant(name, options));
  await withTokens('ES256', async ({ signed, setupFile }) => {
    for (const major of options.node) {
      console.log(`\nA request, Node ${major}`);
      for (const candidate of candidates) {
        const servers = await pairs(base, (dist) => start(candidate, { major, setupFile, dist }));
        try {
          for (const server of servers) await warmUp(server, signed.tokens, effort.warmUpMs);
          for (const name of CASES_OF_REQUEST) {
            const tokens = signed.tokens.slice(0, CASES[name]);
            const [a, b, c, d] = servers.map(
              (server) => async () => (await slice(server, tokens, effort.sliceMs)).cpuMicros,
            );
            print(`${candidate.name}, ${name}`, await rounds({ base: [a, d], tree: [b, c] }, effort.rounds));
          }
        } finally {
          for (const server of servers) server.stop();
        }
      }
    }
  });
}

async function comparePart(part, base, options) {
  const effort = effortOf(options);
  const { setup, close = () => {} } = await (part.prepare?.() ?? { setup: {} });
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-bench-'));
  const setupFile = path.join(folder, 'setup.json');
  writeFileSync(setupFile, JSON.stringify(setup));
  try {
    for (const major of options.node) {
      console.log(`\n${part.title}, Node ${major}`);
      for (const subject of part.subjects.filter(({ name, baton }) => baton && isMeant(name, options))) {
        for (const caseName of subject.cases ?? part.cases) {
          const running = await pairs(base, (dist) =>
            startSubject({ part, subject, caseName, setupFile, major, dist }),
          );
          try {
            for (const one of running) await one.warmUp(Math.min(effort.warmUpMs, part.warmUpMs ?? 1000));
            const [a, b, c, d] = running.map((one) => () => one.microsOf(part.sliceMs ?? 150));
            print(`${subject.name}, ${caseName}`, await rounds({ base: [a, d], tree: [b, c] }, effort.rounds));
          } finally {
            for (const one of running) one.stop();
          }
        }
      }
    }
  } finally {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compares Baton's own rows of these parts; parts without such rows are left out by whoever calls. */
async function compare(parts, options) {
  const { name, dist, remove } = buildCommit(options.compare);
  try {
    console.log(
      `\nCPU of the working tree ÷ CPU of ${name}: the median of ${effortOf(options).rounds} rounds, with its bounds at 95 %. "less" and "MORE" are
beyond the bounds and beyond what two processes of the same build differ by.`,
    );
    for (const part of parts) {
      if (part.name === 'request') await compareRequest(dist, options);
      else await comparePart(part, dist, options);
    }
  } finally {
    remove();
  }
}

module.exports = { compare, verdictOf };
