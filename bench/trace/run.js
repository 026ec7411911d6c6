'use strict';
/*
 * How fast, and in how much memory, `baton trace` is, beside a join in plain Node and what lnav and goaccess can do; each
 * answer is held against what the generator knows to be true.
 *
 *   npm run bench:trace                        3 M requests, 1.8 GB: about 15 minutes
 *   npm run bench:trace -- --requests 300000
 *   npm run bench:trace -- --patience 300      waits so many seconds for an idle machine before each run
 */
const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { loadavg, tmpdir } = require('node:os');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { wrongFiles, wrongJoin, wrongReport } = require('./check');
const { measure, untilIdle } = require('./measure');
const { page } = require('./page');
const { peerJobs, versionOf } = require('./peers');

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '3000000' },
    rounds: { type: 'string', default: '3' },
    patience: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
    keep: { type: 'boolean', default: false },
    'no-peers': { type: 'boolean', default: false },
    output: { type: 'string', default: join(__dirname, 'README.md') },
  },
});
const REQUESTS = Number(options.requests);
const ROUNDS = Number(options.rounds);
const BATON = join(__dirname, '..', '..', 'dist', 'cli', 'baton.js');
const MEGABYTE = 1e6;

const say = (text) => console.log(text);
const bytesOf = (files) => files.reduce((sum, file) => sum + statSync(file).size, 0);

/** Makes the logs, or takes those that are there already. */
function logsOf(folder, requests) {
  const place = join(folder, String(requests));
  if (!existsSync(join(place, 'truth.json'))) {
    const generator = join(__dirname, 'generate.js');
    execFileSync(
      process.execPath,
      [generator, '--folder', place, '--requests', String(requests), '--seed', options.seed],
      {
        stdio: 'inherit',
      },
    );
  }
  const truth = JSON.parse(readFileSync(join(place, 'truth.json'), 'utf8'));
  return { requests, logs: join(place, 'logs'), truth, megabytes: truth.bytes / MEGABYTE };
}

/** `baton trace` over some paths; 1 is its exit code where it found something that is an error. */
const baton = (paths, ...more) => ({
  command: process.execPath,
  args: [BATON, 'trace', ...paths, '--json', ...more],
  exitCodes: [0, 1],
});

const nodeJoin = (...more) => ({
  command: process.execPath,
  args: ['--max-old-space-size=8192', join(__dirname, 'node-join.js'), ...more],
});

/** What is run over all logs of a size. */
function candidates({ logs, truth }) {
  const checkJoin = (output) => wrongJoin(JSON.parse(output), truth);
  const checkReport = (output) => wrongReport(JSON.parse(output), truth);
  return [
    { name: 'baton trace', run: baton([logs]), check: checkReport },
    { name: 'baton trace --memory 512MB', run: baton([logs], '--memory', '512MB'), check: checkReport },
    { name: 'Node: blocks, JSON.parse, Map', run: nodeJoin(logs), check: checkJoin },
    { name: 'Node: readline, JSON.parse, Map', run: nodeJoin(logs, 'readline'), check: checkJoin },
  ];
}

async function runOne({ name, run, check }, megabytes) {
  const isQuiet = await untilIdle(Number(options.patience));
  const result = await measure(run);
  const wrong = check === undefined ? [] : check(result.output);
  const { seconds, peakMb, cpuSeconds } = result;
  const verdict = wrong.length === 0 ? '' : `  WRONG: ${wrong.slice(0, 5).join('; ')}`;
  say(
    `  ${isQuiet ? '' : '(busy) '}${name}: ${seconds.toFixed(2)} s, ${(megabytes / seconds).toFixed(0)} MB/s, ${peakMb?.toFixed(0)} MB${verdict}`,
  );
  return { name, seconds, peakMb, cpuSeconds, megabytes, wrong, isQuiet, output: result.output };
}

/** Rounds in which each candidate has its turn: what else the machine does hits all of them. */
async function rounds(all, megabytes, count) {
  const results = [];
  for (let round = 1; round <= count; round++) {
    say(`round ${round}`);
    for (const candidate of all) {
      const { output: _, ...result } = await runOne(candidate, megabytes);
      results.push(result);
    }
  }
  return results;
}

/** What lnav and goaccess do, and Baton on the same files, in turn. */
async function withPeers({ logs, truth }, work) {
  const versions = { lnav: versionOf('lnav'), goaccess: versionOf('goaccess') };
  const results = [];
  for (const { job, peer, isGoal, files, run, rows } of await peerJobs(logs, work)) {
    if (versions[peer] === undefined) {
      say(`${peer} is not there: apt-get install ${peer}`);
      results.push({ job, peer, isGoal });
      continue;
    }
    say(`${job}, ${(bytesOf(files) / MEGABYTE).toFixed(0)} MB`);
    const megabytes = bytesOf(files) / MEGABYTE;
    const check = (output) => {
      const { inputs } = JSON.parse(output);
      return wrongFiles(inputs, { files: truth.files.filter(({ path }) => files.includes(join(logs, path))) });
    };
    for (let round = 0; round < ROUNDS; round++) {
      const theirs = await runOne({ name: `${peer} ${versions[peer]}`, run }, megabytes);
      const ours = await runOne({ name: 'baton trace', run: baton(files), check }, megabytes);
      results.push({ job, peer: theirs.name, isGoal, theirs, ours, rows: rows?.(theirs.output) });
    }
  }
  return results;
}

async function main() {
  const started = performance.now();
  const load = [loadavg()[0]];
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'baton-bench-trace-'));
  mkdirSync(folder, { recursive: true });
  const isOurs = !options.keep && options.folder === undefined;
  if (isOurs) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  await measureAll(folder, started, load);
  if (!isOurs) say(`The logs are in ${folder}.`);
}

async function measureAll(folder, started, load) {
  const large = logsOf(folder, REQUESTS);
  const small = logsOf(folder, Math.ceil(REQUESTS / 10));
  say(`\n${small.requests} requests, ${small.megabytes.toFixed(0)} MB`);
  const ofSmall = await rounds(candidates(small).slice(0, 1), small.megabytes, ROUNDS);
  say(`\n${large.requests} requests, ${large.megabytes.toFixed(0)} MB`);
  const ofLarge = await rounds(candidates(large), large.megabytes, ROUNDS);
  const peers = options['no-peers'] ? [] : await withPeers(large, join(folder, 'peers'));
  load.push(loadavg()[0]);
  const seconds = Math.round((performance.now() - started) / 1000);
  const measured = { small, large, ofSmall, ofLarge, peers, seconds, load, argv: process.argv.slice(2) };
  const earlier = existsSync(options.output) ? readFileSync(options.output, 'utf8') : '';
  const { text, met } = page(measured, earlier);
  writeFileSync(options.output, text);
  say(`\n${text}`);
  process.exitCode = met ? 0 : 1;
}

void main();
