'use strict';
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { availableParallelism, tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { rooms, wide } = require('./rooms.js');
const { isAlive, isLeftOut, merged, mutantsOf, rangeOf, scoreOf, survivorsOf, tableOf } = require('./results.js');

// npm run mutation [-- <room>...] [-- --again]: changes the code of the rooms, one spot at a time, and looks whether a test
// notices. Ends with 1 below the goal.
const OPTIONS = {
  /** Only what the reports that are there have alive: after tests have come that should catch it. */
  again: { type: 'boolean', default: false },
  /** Only some of the passes. */
  pass: { type: 'string', multiple: true },
};
/**
 * A mutant meets the tests of its room that reach it; where it is code that runs while modules are loaded, all of its
 * room, since no test can be told to reach it; then those of the rooms above that reach it, which are many and slow.
 */
const PASSES = ['own', 'loaded', 'above'];
/** Mutation score of all rooms together, in per cent. */
const GOAL = 85;

const root = path.join(__dirname, '..');
const stryker = path.join(__dirname, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const reports = path.join(__dirname, 'reports');
const work = mkdtempSync(path.join(tmpdir(), 'baton-mutation-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const reportOf = (name) => path.join(reports, `${name}.json`);
const readJson = (name) => JSON.parse(readFileSync(reportOf(name), 'utf8'));
/** A room's mutants with what all passes, and all runs with `--again`, found of them: a report holds those of its own run alone. */
const outcomeOf = (room) => (existsSync(reportOf(room)) ? readJson(room) : []);

/** Runs Stryker over `mutate` with the tests of `tests`; it writes its report. */
async function runStryker(name, mutate, tests, ignoreStatic) {
  const config = path.join(work, `${name}.json`);
  const options = {
    packageManager: 'npm',
    testRunner: 'jest',
    plugins: ['@stryker-mutator/jest-runner'],
    mutate,
    coverageAnalysis: 'perTest',
    ignoreStatic,
    warnings: { slow: false },
    concurrency: Math.min(availableParallelism(), 4),
    // A process keeps some megabytes of each run.
    maxTestRunnerReuse: 200,
    jest: { configFile: 'mutation/jest.config.js', enableFindRelatedTests: false },
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: reportOf(name) },
    tempDirName: path.join(work, 'sandbox'),
    ignorePatterns: ['/site', '/bench', '/soak', '/dist', '/mutation/node_modules', '/mutation/reports'],
  };
  writeFileSync(config, JSON.stringify(options));
  const child = spawn(process.execPath, [stryker, 'run', config], {
    cwd: root,
    env: { ...process.env, BATON_MUTATION_TESTS: JSON.stringify(tests) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`Stryker ended with ${status} in ${name}.`);
}

async function mutateRoom(room, passes, isAgain) {
  const tests = rooms[room];
  // Its own first: the first that fails ends it.
  const all = { ...wide, folders: [room, ...wide.folders.filter((folder) => folder !== room)] };
  const run = async (pass, mutate, against, ignoreStatic) => {
    if (!passes.includes(pass) || mutate.length === 0) return;
    await runStryker(`${room}-${pass}`, mutate, against, ignoreStatic);
    writeFileSync(reportOf(room), JSON.stringify(merged(outcomeOf(room), mutantsOf(readJson(`${room}-${pass}`)))));
  };
  const rest = () => outcomeOf(room).filter((mutant) => isAlive(mutant) || isLeftOut(mutant));
  if (!isAgain) {
    if (passes.includes('own')) rmSync(reportOf(room), { force: true });
    await run('own', [`src/${room}/**/*.ts`], tests, true);
  }
  const loaded = rest().filter(({ isStatic }) => isStatic);
  await run('loaded', loaded.map(rangeOf), tests, false);
  await run('above', rest().map(rangeOf), all, true);
}

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const names = positionals.length > 0 ? positionals : Object.keys(rooms);
  for (const room of names) await mutateRoom(room, values.pass ?? PASSES, values.again);
  const results = Object.fromEntries(Object.keys(rooms).map((room) => [room, outcomeOf(room)]));
  const mutants = Object.values(results).flat();
  writeFileSync(path.join(__dirname, 'survivors.txt'), survivorsOf(mutants));
  console.log(tableOf(results));
  process.exitCode = scoreOf(mutants) >= GOAL ? 0 : 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
