'use strict';
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { environmentOf, nodePath } = require('./nodes');
const { median, spreadOf } = require('./statistics');

/** How long, and how often, a comparison is measured. */
function effortOf({ quick, rounds }, { sliceMs = 150, warmUpMs = 1000 } = {}) {
  return quick
    ? { rounds: Number(rounds ?? 5), sliceMs: sliceMs * 0.4, warmUpMs: warmUpMs * 0.3 }
    : { rounds: Number(rounds ?? 11), sliceMs, warmUpMs };
}

/** Asks a process, and gives its answer; a process that ends, or fails, ends the run. */
function conversation(child, name) {
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`"${name}" ended with code ${code}.`);
  });
  died.catch(() => {});
  return async (question) => {
    const answer = once(child, 'message');
    if (question !== undefined) child.send(question);
    const [said] = await Promise.race([answer, died]);
    if (said.error !== undefined) throw new Error(`"${name}": ${said.error}`);
    return said;
  };
}

/** Starts a subject of a part; see subject.js. */
async function startSubject({ part, subject, caseName, setupFile, major, dist }) {
  const args = [path.basename(part.file), subject.name, caseName, setupFile];
  const child = fork(path.join(__dirname, 'subject.js'), args, {
    ...{ execPath: nodePath(major), execArgv: part.execArgv ?? [], env: environmentOf(dist) },
  });
  const ask = conversation(child, `${part.name}: ${subject.name}`);
  await ask();
  const microsOf = async (durationMs) => {
    const { operations, cpuMicros } = await ask({ durationMs });
    return cpuMicros / operations;
  };
  /** Compiling takes operations, not time: on a busy machine as many take longer. */
  const warmUp = async (durationMs) => {
    const endsAt = performance.now() + 8 * durationMs;
    let { operations: done } = await ask({ durationMs });
    while (done < (part.warmUpOperations ?? 0) && performance.now() < endsAt) {
      done += (await ask({ durationMs })).operations;
    }
  };
  const end = async () => {
    await ask({ end: true });
    child.kill();
  };
  return { name: subject.name, microsOf, warmUp, end, stop: () => child.kill() };
}

/**
 * One round: the base before and after, everything else between, in turning order.
 * @returns microseconds of CPU an operation, the base's first
 */
async function round([base, ...others], sliceMs, turn) {
  const first = await base.microsOf(sliceMs);
  const micros = new Map();
  for (const one of turn % 2 === 0 ? others : others.toReversed()) micros.set(one, await one.microsOf(sliceMs));
  const last = await base.microsOf(sliceMs);
  return [(first + last) / 2, ...others.map((one) => micros.get(one))];
}

/** All subjects of one case, by turns; the first of the part is what they are divided by. */
async function measureCase(part, caseName, { setupFile, major, rounds, sliceMs, warmUpMs }) {
  const able = part.subjects.filter(({ cases = part.cases }) => cases.includes(caseName));
  const running = [];
  try {
    for (const subject of able) running.push(await startSubject({ part, subject, caseName, setupFile, major }));
    for (const one of running) await one.warmUp(warmUpMs);
    const measured = [];
    for (let turn = 0; turn < rounds; turn++) measured.push(await round(running, sliceMs, turn));
    for (const one of running) await one.end();
    return able.map(({ name, baton = false }, index) => {
      const ratios = measured.map((micros) => micros[index] / micros[0]);
      const micros = median(measured.map((all) => all[index]));
      return { name, baton, ratio: median(ratios), spread: spreadOf(ratios), micros };
    });
  } finally {
    for (const one of running) one.stop();
  }
}

/** A comparison on all Nodes that were asked for: a block each, a list of rows for each case. */
async function measurePart(part, options) {
  const effort = effortOf(options, part);
  const { setup, close = () => {} } = await (part.prepare?.() ?? { setup: {} });
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-bench-'));
  const setupFile = path.join(folder, 'setup.json');
  writeFileSync(setupFile, JSON.stringify(setup));
  const blocks = [];
  try {
    for (const major of options.node) {
      const cases = [];
      for (const caseName of part.cases) {
        const rows = await measureCase(part, caseName, { ...effort, setupFile, major });
        cases.push({ case: caseName, rows });
        print(part, major, caseName, rows);
      }
      blocks.push({ major, cases });
    }
  } finally {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { blocks, rounds: effort.rounds };
}

const digits = (ratio) => (ratio < 0.1 ? ratio.toFixed(3) : ratio.toFixed(2));

function print(part, major, caseName, rows) {
  console.log(`\n${part.title}, Node ${major}, ${caseName}`);
  for (const { name, ratio, spread, micros } of rows) {
    console.log(`  ${digits(ratio)}  (${spread.map(digits).join('–')})  ${micros.toFixed(2)} µs  ${name}`);
  }
}

module.exports = { conversation, effortOf, measurePart, round, startSubject };
