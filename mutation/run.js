'use strict';
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { availableParallelism, tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { rooms, wide } = require('./rooms.js');
const { isAlive, isCaught, mutantsOf, rangeOf, scoreOf, survivorsOf, tableOf } = require('./results.js');

// npm run mutation [-- <room>...] [-- --again]: changes the code of the rooms, one spot at a time, and looks whether a test
// notices. First with the room's own tests, which are quick; what survives these meets the tests of the rooms above, which
// are many and slow. Ends with 1 below the goal.
const OPTIONS = {
  /** Only the second part, with the reports that are there: after tests have come that should catch what survived. */
  again: { type: 'boolean', default: false },
};
/** Mutation score of all rooms together, in per cent. */
const GOAL = 85;

const root = path.join(__dirname, '..');
const stryker = path.join(__dirname, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const reports = path.join(__dirname, 'reports');
const work = mkdtempSync(path.join(tmpdir(), 'baton-mutation-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const reportOf = (name) => path.join(reports, `${name}.json`);
const readReport = (name) =>
  existsSync(reportOf(name)) ? mutantsOf(JSON.parse(readFileSync(reportOf(name), 'utf8'))) : [];

/** Runs Stryker over `mutate` with the tests of `tests`; it writes its report. */
async function runStryker(name, mutate, tests) {
  const config = path.join(work, `${name}.json`);
  const options = {
    packageManager: 'npm',
    testRunner: 'jest',
    plugins: ['@stryker-mutator/jest-runner'],
    mutate,
    coverageAnalysis: 'perTest',
    // What runs only while modules are loaded would need all tests for each mutant.
    ignoreStatic: true,
    concurrency: Math.min(availableParallelism(), 4),
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

/** What a room's own tests left, with what the tests of the rooms above found of it. */
function outcomeOf(room) {
  const caught = new Map(
    readReport(`${room}-wide`)
      .filter(isCaught)
      .map((mutant) => [mutant.key, mutant]),
  );
  return readReport(room).map((mutant) => (isAlive(mutant) ? (caught.get(mutant.key) ?? mutant) : mutant));
}

async function mutateRoom(room, { again }) {
  if (!again) {
    rmSync(reportOf(`${room}-wide`), { force: true });
    await runStryker(room, [`src/${room}/**/*.ts`], rooms[room]);
  }
  const alive = readReport(room).filter(isAlive);
  if (alive.length > 0) await runStryker(`${room}-wide`, alive.map(rangeOf), wide);
}

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  for (const room of positionals.length > 0 ? positionals : Object.keys(rooms)) await mutateRoom(room, values);
  const results = Object.fromEntries(Object.keys(rooms).map((room) => [room, outcomeOf(room)]));
  const mutants = Object.values(results).flat();
  writeFileSync(path.join(__dirname, 'survivors.md'), survivorsOf(mutants));
  console.log(tableOf(results));
  process.exitCode = scoreOf(mutants) >= GOAL ? 0 : 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
